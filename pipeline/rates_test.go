package pipeline

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRates(t *testing.T) {
	type read struct {
		after  time.Duration
		uptime time.Duration
		source string
		rx     Value
	}
	const day = 24 * time.Hour
	cases := map[string]struct {
		was, now read
		want     Value // of rx_bits_per_second
	}{
		"grows":                                 {read{rx: CounterValue(1000)}, read{after: 10 * time.Second, rx: CounterValue(2250)}, GaugeValue(1000)},
		"stands still":                          {read{rx: CounterValue(7)}, read{after: 10 * time.Second, rx: CounterValue(7)}, GaugeValue(0)},
		"rounded":                               {read{rx: CounterValue(0)}, read{after: 30 * time.Second, rx: CounterValue(100)}, GaugeValue(27)},
		"64 bits fall":                          {read{rx: CounterValue(1 << 40)}, read{after: 10 * time.Second, rx: CounterValue(100)}, Value{}},
		"crosses 2^63":                          {read{rx: CounterValue(1<<63 - 500)}, read{after: 10 * time.Second, rx: CounterValue(1<<63 + 750)}, GaugeValue(1000)},
		"crosses 2^64":                          {read{rx: CounterValue(1<<64 - 500)}, read{after: 10 * time.Second, rx: CounterValue(750)}, GaugeValue(1000)},
		"32 bits wrap":                          {read{rx: Counter32Value(1<<32 - 500)}, read{after: 10 * time.Second, rx: Counter32Value(750)}, GaugeValue(1000)},
		"32 bits, gap too long":                 {read{rx: Counter32Value(1<<32 - 500)}, read{after: time.Hour, rx: Counter32Value(750)}, Value{}},
		"faster than the link":                  {read{rx: CounterValue(0)}, read{after: 10 * time.Second, rx: CounterValue(2e9)}, Value{}},
		"other source":                          {read{rx: CounterValue(0)}, read{after: 10 * time.Second, rx: CounterValue(9), source: "routeros"}, Value{}},
		"other width":                           {read{rx: Counter32Value(0)}, read{after: 10 * time.Second, rx: CounterValue(9)}, Value{}},
		"rebooted":                              {read{rx: CounterValue(5), uptime: day}, read{after: 10 * time.Second, rx: CounterValue(9000), uptime: 8 * time.Second}, Value{}},
		"rebooted soon after boot":              {read{rx: CounterValue(5), uptime: 10 * time.Second}, read{after: time.Minute, rx: CounterValue(9000), uptime: 20 * time.Second}, Value{}},
		"uptime blurred":                        {read{rx: CounterValue(0), uptime: day}, read{after: 10 * time.Second, rx: CounterValue(1250), uptime: day + 7*time.Second}, GaugeValue(1000)},
		"uptime wraps at 497 days":              {read{rx: CounterValue(0), uptime: uptimeWrap - 4*time.Second}, read{after: 10 * time.Second, rx: CounterValue(1250), uptime: 6 * time.Second}, GaugeValue(1000)},
		"rebooted just before the wrap":         {read{rx: CounterValue(0), uptime: uptimeWrap - 40*time.Minute}, read{after: 10 * time.Second, rx: CounterValue(1250), uptime: 6 * time.Second}, Value{}},
		"rebooted after 600 days, says the API": {read{rx: CounterValue(0), uptime: 600 * day}, read{after: 10 * time.Second, rx: CounterValue(1250), uptime: 6 * time.Second}, Value{}},
		"600 days up, says the API":             {read{rx: CounterValue(0), uptime: 600 * day}, read{after: 10 * time.Second, rx: CounterValue(1250), uptime: 600*day + 10*time.Second}, GaugeValue(1000)},
		"same instant":                          {read{rx: CounterValue(0)}, read{rx: CounterValue(1250)}, Value{}},
		"clock of the reads goes back":          {read{rx: CounterValue(0)}, read{after: -time.Second, rx: CounterValue(1250)}, Value{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			rates, series := NewRates(), NewSeries(NewSchema().Table("interface"), "r1", nil, "ether1")
			var got Value
			for _, r := range []read{c.was, c.now} {
				table := iface(series, start.Add(r.after), map[string]Value{"rx_bytes": r.rx})
				table.Uptime = r.uptime
				if r.source != "" {
					table.Source = r.source
				}
				b := Batch{Device: "r1", Tables: []TableRead{table}}
				rates.Apply(&b)
				got = b.Tables[0].Samples[0].Value("rx_bits_per_second")
			}
			if got != c.want {
				t.Errorf("rate = %v (%s), want %v", got, got.Kind(), c.want)
			}
		})
	}
}

// Whatever a device answers, no rate is negative or above what the link carries.
func TestRatesNeverAbsurd(t *testing.T) {
	table := NewSchema().Table("interface")
	rapid.Check(t, func(t *rapid.T) {
		rates, series := NewRates(), NewSeries(table, "r1", nil, "ether1")
		at, uptime := start, time.Duration(0)
		for range rapid.IntRange(2, 12).Draw(t, "polls") {
			at = at.Add(time.Duration(rapid.Int64Range(-1e9, 1e12).Draw(t, "elapsed")))
			uptime += time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, "uptime"))
			values := map[string]Value{}
			for _, f := range []string{"rx_bytes", "tx_bytes", "rx_packets", "rx_errors"} {
				n := rapid.Uint64().Draw(t, f)
				values[f] = CounterValue(n)
				if rapid.Bool().Draw(t, "narrow") {
					values[f] = Counter32Value(uint32(n))
				}
			}
			read := iface(series, at, values)
			read.Uptime = max(0, uptime)
			b := Batch{Device: "r1", Tables: []TableRead{read}}
			rates.Apply(&b)
			for _, f := range b.Tables[0].Samples[0].Fields {
				if f.Def.Kind != Gauge || f.Def.Name == "speed_bits_per_second" {
					continue
				}
				limit := 1.1e9
				if f.Def.Unit != "bits/s" {
					limit /= minFrameBits
				}
				if v := f.Value.Float(); v < 0 || v > limit+1 {
					t.Fatalf("%s = %v", f.Def.Name, v)
				}
			}
		}
	})
}

func TestRatesForgetRowsThatAreGone(t *testing.T) {
	rates, series := NewRates(), NewSeries(NewSchema().Table("interface"), "r1", nil, "ether1")
	first := Batch{Device: "r1", Tables: []TableRead{iface(series, start, map[string]Value{"rx_bytes": CounterValue(1)})}}
	rates.Apply(&first)
	rates.Apply(&Batch{Device: "r1", Gone: []*Series{series}})
	if n := len(rates.devices["r1"].tables[0].rows); n != 0 {
		t.Errorf("%d rows are kept", n)
	}
	rates.Forget("r1")
	if n := len(rates.devices); n != 0 {
		t.Errorf("%d devices are kept", n)
	}
}
