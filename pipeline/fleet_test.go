package pipeline

import (
	"slices"
	"testing"
	"time"
)

func sorted(s []string) []string { slices.Sort(s); return s }

// row makes a whole read of a table with one sample.
func row(table *Table, series *Series, values map[string]Value) TableRead {
	s := Sample{Series: series}
	for name, v := range values {
		s.Fields = append(s.Fields, Field{table.Field(name), v})
	}
	return TableRead{Table: table, ReadAt: start, Samples: []Sample{s}}
}

func TestFleetAddsUp(t *testing.T) {
	schema := NewSchema()
	f := NewFleet(schema)
	status, ifs, count := schema.Table("router_status"), schema.Table("interface"), schema.Table("session_count")
	port := func(device, name, typ string, rx float64) TableRead {
		return row(ifs, NewSeries(ifs, device, nil, name), map[string]Value{"type": TextValue(typ), "rx_bits_per_second": GaugeValue(rx)})
	}
	state := func(device string, code int64) TableRead {
		return row(status, NewSeries(status, device, nil), map[string]Value{"state": EnumValue(code)})
	}
	bridge := port("a", "bridge1", "bridge", 5000)
	ports := port("a", "ether1", "ether", 1000)
	ports.Samples = append(ports.Samples, bridge.Samples...)
	f.Tap(Batch{Device: "a", Tables: []TableRead{ports, state("a", StateOnline),
		row(count, NewSeries(count, "a", nil), map[string]Value{"ppp": GaugeValue(3), "hotspot": GaugeValue(4)})}})
	f.Tap(Batch{Device: "b", Tables: []TableRead{port("b", "ether1", "ether", 700), state("b", StateOnline)}})
	f.Tap(Batch{Device: "b", Tables: []TableRead{state("b", StateOffline)}})
	f.Tap(Batch{Device: "c", Tables: []TableRead{state("c", StateUnknown)}})
	f.Tap(Batch{Device: "d", Tables: []TableRead{state("d", StateOnline)}})
	f.Forget("d")

	b := f.Batch(start)
	want := map[string]float64{"routers": 3, "routers_online": 1, "routers_offline": 1, "routers_unknown": 1,
		"rx_bits_per_second": 1000, "ppp_sessions": 3, "hotspot_sessions": 4, "routers_stale": 0}
	for name, w := range want {
		if got := b.Tables[0].Samples[0].Value(name).Float(); got != w {
			t.Errorf("%s = %v, want %v", name, got, w)
		}
	}
	if b.Device != "" || !b.Time.Equal(start) {
		t.Errorf("batch of %q at %v", b.Device, b.Time)
	}
	if b.Tables[0].Samples[0].Series != f.Batch(start.Add(time.Second)).Tables[0].Samples[0].Series {
		t.Error("the fleet's row is another one each time")
	}
}

// A rate takes two polls: before the second, the traffic of the fleet is unknown, not none.
func TestFleetTrafficIsUnknownAtFirst(t *testing.T) {
	schema := NewSchema()
	f := NewFleet(schema)
	ifs := schema.Table("interface")
	port := func(values map[string]Value) Batch {
		return Batch{Device: "a", Tables: []TableRead{row(ifs, NewSeries(ifs, "a", nil, "ether1"), values)}}
	}
	sum := func() Value { return f.Batch(start).Tables[0].Samples[0].Value("rx_bits_per_second") }
	f.Tap(port(map[string]Value{"type": TextValue("ether")}))
	if v := sum(); !v.IsNone() {
		t.Errorf("after the first poll it is %v", v.Float())
	}
	f.Tap(port(map[string]Value{"type": TextValue("ether"), "rx_bits_per_second": GaugeValue(0)}))
	if v := sum(); v.IsNone() || v.Float() != 0 {
		t.Errorf("without traffic it is %v, none %t", v.Float(), v.IsNone())
	}
}
