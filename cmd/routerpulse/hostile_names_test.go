package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// hostileNames are what an interface is called, and what it is called in every store and on the stream.
func hostileNames() (raw, clean []string) {
	for _, n := range [...]struct{ raw, clean string }{
		{"line\nfeed", "line\uFFFDfeed"},
		{"carriage\rreturn", "carriage\uFFFDreturn"},
		{"x\n\nevent: forged\ndata: {\"evil\":1}\n\n", "x\uFFFD\uFFFDevent: forged\uFFFDdata: {\"evil\":1}\uFFFD\uFFFD"},
		{"x\r\revent: forged\rdata: {}\r\r", "x\uFFFD\uFFFDevent: forged\uFFFDdata: {}\uFFFD\uFFFD"},
		{"x rx_bytes=1i 1\nevil,device=other rx_bytes=1i 1", "x rx_bytes=1i 1\uFFFDevil,device=other rx_bytes=1i 1"},
		{"comma,tag=value", "comma,tag=value"},
		{"equals=sign", "equals=sign"},
		{" spaces around ", " spaces around "},
		{"quote\"'`", "quote\"'`"},
		{"nul\x00nul", "nul\uFFFDnul"},
		{`end\`, "end"},
		{`ends\\\`, "ends"},
		{`in\,the\=mid\ dle\n`, `in\,the\=mid\ dle\n`},
		{"caf\xe9 \xff", "caf\u00e9 \u00ff"},
		{"c1 \u0085\u009b2J", "c1 \uFFFD\uFFFD2J"},
		{"\u2028separator\u2029", "\uFFFDseparator\uFFFD"},
		{"\x1b[2Jescape\x7f", "\uFFFD[2Jescape\uFFFD"},
		{strings.Repeat("x", 300), strings.Repeat("x", 256)},
		{"a" + strings.Repeat("🚀", 75), "a" + strings.Repeat("🚀", 63)},
		{"time", "time"},
		{"🚀 up", "🚀 up"},
		{"{router}/../%00?a&b#c", "{router}/../%00?a&b#c"},
		{"<b>bold</b> <script", "<b>bold</b> <script"},
		{"null", "null"},
	} {
		raw, clean = append(raw, n.raw), append(clean, n.clean)
	}
	return raw, clean
}

// Fault 37: whatever an interface is called: it is one series in each store and one row on the stream, with
// the same text, and never another measurement, tag, field, event or dead letter. Two of one name stay two.
func TestFault37HostileNames(t *testing.T) {
	t.Parallel()
	raw, clean := hostileNames()
	twins := len(raw) // the places of two with the same name, of two that clean to the same, and of one without
	raw = append(raw, "twin", "twin", "same\x01", "same\x02", "")
	fleet := openFleet(t, simulator.Options{Routers: 2, Seed: 5, Interfaces: len(raw)})
	for _, r := range fleet.Routers() {
		for i, name := range raw {
			r.RenameInterface(i, name)
		}
		r.SetCounter(twins, 1<<50, 1)
		r.SetCounter(twins+1, 1<<52, 1)
	}
	b := startBench(t, fleet, []string{"over-snmp", "over-api"}, []string{"snmp", "api"})
	plain := tapStream(t, b.base+"/v1/stream?channel=everything", "")
	named := tapStream(t, b.base+"/v1/stream?channel=everything&names=app", "")

	for device, index := range map[string]string{"over-snmp": "~%d", "over-api": "~%d"} {
		t.Run(device, func(t *testing.T) {
			want := slices.Clone(clean)
			for i, name := range []string{"twin", "twin", "same\uFFFD", "same\uFFFD", ""} {
				want = append(want, name+fmt.Sprintf(index, twins+i+1))
			}
			b.sameEverywhere(t, plain, device, want)
			b.twinsApart(t, device, want[twins], want[twins+1])
		})
	}

	fault := sinktest.Fault{Row: "37", Trials: len(raw)}
	measurements, events := 0, 0
	t.Run("InfluxDB has what the schema has", func(t *testing.T) {
		schema := pipeline.NewSchema()
		for _, name := range b.values(t, "SHOW MEASUREMENTS", 0) {
			if measurements++; schema.Table(name) == nil {
				t.Errorf("measurement %q", name)
				fault.Wrong++
			}
		}
		if got := b.values(t, `SHOW TAG KEYS FROM "interface"`, 0); !slices.Equal(got, []string{"device", "interface"}) {
			t.Errorf("tags of interface: %q", got)
		}
		if got := b.values(t, `SHOW TAG VALUES WITH KEY = "device"`, 1); !slices.Equal(distinctSorted(got), []string{"over-api", "over-snmp"}) {
			t.Errorf("devices: %q", got)
		}
		for _, name := range b.values(t, `SHOW FIELD KEYS FROM "interface"`, 0) {
			if schema.Table("interface").Field(name) == nil {
				t.Errorf("field %q of interface", name)
			}
		}
	})
	t.Run("the stream has the protocol's events alone", func(t *testing.T) {
		frames, err := parseStream(plain.String(), protocolEvents())
		if err != nil {
			t.Error(err)
			fault.Wrong++
		}
		events = len(frames)
		topics := []string{"router.live", "router.interfaces", "router.status", "router.connected", "dashboard.stats", "pipeline.health"}
		if _, err := parseStream(named.String(), slices.Concat(protocolEvents(), topics)); err != nil {
			t.Error(err)
			fault.Wrong++
		}
	})
	b.sound(t)
	dead := int(metric(t, b.base, "routerpulse_spool_dead_samples_total"))
	fault.Wrong += dead
	fault.Figures = fmt.Sprintf("%d names over SNMP and over the API: %d measurements, all of the schema; %d events on the stream, all of the protocol; %d dead letters",
		len(raw), measurements, events, dead)
	fault.Report(t)
}

func distinctSorted(list []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

// sameEverywhere waits until both stores and the stream have all interfaces of a device, and compares
// their names and the points.
func (b *bench) sameEverywhere(t *testing.T, stream *output, device string, want []string) {
	t.Helper()
	want = slices.Sorted(slices.Values(want))
	kept := map[string][]point{}
	await(t, "two polls in the embedded store", func() bool {
		kept = b.query(t, "interface", fmt.Sprintf(`interface_rx_bytes{device=%q}[1m]`, device))
		return len(kept) > 0 && len(slices.MinFunc(slices.Collect(maps.Values(kept)), func(a, b []point) int { return len(a) - len(b) })) >= 2
	})
	if diff := gocmp.Diff(want, slices.Sorted(maps.Keys(kept))); diff != "" {
		t.Errorf("embedded store: %s", diff)
	}
	sent := map[string][]point{}
	await(t, "the same points in InfluxDB", func() bool {
		sent = map[string][]point{}
		for _, s := range sinktest.QueryInfluxQL(t, b.db, "pulse", fmt.Sprintf(`SELECT "rx_bytes" FROM "interface" WHERE "device" = '%s' GROUP BY "interface"`, device)) {
			for _, v := range s.Values {
				at, _ := v[0].(json.Number).Int64()
				value, _ := v[1].(json.Number).Float64()
				sent[s.Tags["interface"]] = append(sent[s.Tags["interface"]], point{at, value})
			}
		}
		for name, points := range kept {
			if len(common(points, sent[name])) < 2 {
				return len(sent) > len(kept)
			}
		}
		return true
	})
	if diff := gocmp.Diff(want, slices.Sorted(maps.Keys(sent))); diff != "" {
		t.Errorf("InfluxDB: %s", diff)
	}
	if n := len(b.values(t, fmt.Sprintf(`SHOW SERIES FROM "interface" WHERE "device" = '%s'`, device), 0)); n != len(want) {
		t.Errorf("InfluxDB has %d series, want %d", n, len(want))
	}
	var shown []string
	await(t, "all rows on the stream", func() bool {
		frames, err := parseStream(stream.String(), protocolEvents())
		if err != nil {
			t.Fatal(err)
		}
		shown = nil
		for key := range applied(t, frames) {
			if name, ok := strings.CutPrefix(key, "interface/"+device+"/"); ok {
				shown = append(shown, name)
			}
		}
		return len(shown) >= len(want)
	})
	slices.Sort(shown)
	if diff := gocmp.Diff(want, shown); diff != "" {
		t.Errorf("stream: %s", diff)
	}
}

// twinsApart checks that two interfaces of one name keep their own counters.
func (b *bench) twinsApart(t *testing.T, device, first, second string) {
	t.Helper()
	for name, least := range map[string]float64{first: 1 << 50, second: 1 << 52} {
		selector := fmt.Sprintf(`interface_rx_bytes{device=%q,interface=%q}`, device, name)
		where := fmt.Sprintf(`"device" = '%s' AND "interface" = '%s'`, device, name)
		for _, p := range slices.Concat(stored(t, b.base, selector), influx(t, b.db, "rx_bytes", "interface", where)) {
			if p.value < least || p.value > least*1.5 {
				t.Errorf("%s of %s: rx_bytes %v, want %v and a little", name, device, p.value, least)
			}
		}
	}
}
