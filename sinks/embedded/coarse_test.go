package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// years is a config with both stores.
func years(dir string) Config {
	return Config{Path: dir, Coarse: CoarseConfig{Retention: configs.Duration(10 * 365 * 24 * time.Hour)}}
}

func openYears(t *testing.T, dir string) *Store {
	t.Helper()
	s := New(years(dir), pipeline.NewSchema(), prometheus.NewRegistry(), discard())
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	return s
}

func closeStore(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// monday is the beginning of a day.
var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// minutely writes polls a minute apart, from minute first to before minute end of monday and after.
func minutely(t *testing.T, s *Store, first, end int) {
	t.Helper()
	for n := first; n < end; n++ {
		if err := s.Write(t.Context(), minuteBatch(s.schema.Table("interface"), n)); err != nil {
			t.Fatal(err)
		}
	}
}

func minuteBatch(tab *pipeline.Table, n int) pipeline.Batch {
	sample, readings := pipeline.Sample{Series: pipeline.NewSeries(tab, "core-1", nil, "ether1")}, minute(n)
	for _, def := range tab.Fields {
		if v, ok := readings[def.Name]; ok {
			sample.Fields = append(sample.Fields, pipeline.Field{Def: def, Value: v})
		}
	}
	return pipeline.Batch{
		Device: "core-1", Lane: pipeline.LaneLive, Time: monday.Add(time.Duration(n) * time.Minute),
		Tables: []pipeline.TableRead{{Table: tab, Status: pipeline.Whole, Samples: []pipeline.Sample{sample}}},
	}
}

// minute is what was read in a minute.
func minute(n int) fields {
	return fields{
		"rx_bytes":           pipeline.CounterValue(1<<50 + uint64(n)*1000),
		"rx_bits_per_second": pipeline.GaugeValue(float64(n % 7 * 100)),
		"oper_status":        pipeline.EnumValue(int64(1 + n%2)),
		"comment":            pipeline.TextValue("uplink"),
	}
}

// wantWindow is the value of the window that ends at a minute.
func wantWindow(end int, d digest) float64 {
	w := window{}
	for n := max(0, end-4); n <= end; n++ {
		w.add(float64(n % 7 * 100))
	}
	return w.value(d)
}

// coarseUntil waits until the coarse store has blocks until a time.
func coarseUntil(t *testing.T, s *Store, until time.Time) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, newest, _ := s.coarse.extent()
		if newest >= until.UnixMilli() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the coarse store ends at %s", time.UnixMilli(newest).UTC())
		}
	}
}

// queryRange runs PromQL over minutes of monday and after; it returns the points by minute.
func queryRange(t *testing.T, s *Store, promQL string, from, to int, step time.Duration) map[int]float64 {
	t.Helper()
	at := func(n int) string { return monday.Add(time.Duration(n) * time.Minute).Format(time.RFC3339) }
	r := post(t, s, "/api/v1/query_range", url.Values{"query": {promQL}, "start": {at(from)}, "end": {at(to)}, "step": {fmt.Sprint(step.Seconds())}})
	if r.code != 200 {
		t.Fatalf("%s: %d %s", promQL, r.code, r.Error)
	}
	var m matrix
	if err := json.Unmarshal(r.Data, &m); err != nil {
		t.Fatal(err)
	}
	out := map[int]float64{}
	for _, series := range m.Result {
		for name := range series.Metric {
			if name == digestLabel {
				t.Errorf("%s: the answer has the label of a digest: %v", promQL, series.Metric)
			}
		}
		for _, v := range series.Values {
			minute := int(v[0].(float64)-float64(monday.Unix())) / 60
			if _, double := out[minute]; double {
				t.Fatalf("%s: two series: %v", promQL, m.Result)
			}
			f, err := strconv.ParseFloat(v[1].(string), 64)
			if err != nil {
				t.Fatal(err)
			}
			out[minute] = f
		}
	}
	return out
}

const day = 24 * 60 // minutes

// checkWindows asks for up to ten days in windows of five minutes, and compares all that should be there.
func checkWindows(t *testing.T, s *Store, to int) {
	t.Helper()
	before := testutil.ToFloat64(s.own.coarseSelectors.WithLabelValues("coarse"))
	from := max(5, to-10*day)
	asked := map[string]func(int) float64{
		"interface_rx_bits_per_second":                                    func(n int) float64 { return wantWindow(n, average) },
		"max_over_time(interface_rx_bits_per_second[5m:5m])":              func(n int) float64 { return wantWindow(n, maximum) },
		"min_over_time(interface_rx_bits_per_second[5m:5m])":              func(n int) float64 { return wantWindow(n, minimum) },
		"interface_rx_bytes":                                              func(n int) float64 { return float64(1<<50 + n*1000) },
		"max_over_time(interface_rx_bytes[5m:5m])":                        func(n int) float64 { return float64(1<<50 + n*1000) },
		"interface_oper_status":                                           func(n int) float64 { return float64(1 + n%2) },
		`interface_info{comment="uplink"}`:                                func(int) float64 { return 1 },
		"interface_rx_bits_per_second * on(interface) interface_info - 1": func(n int) float64 { return wantWindow(n, average) - 1 },
	}
	steps := []time.Duration{coarseStep, time.Hour, 6 * time.Hour} // beyond the lookback values are skipped, not walked
	for promQL, want := range asked {
		for _, step := range steps {
			got := queryRange(t, s, promQL, from, to, step)
			for n := from; n <= to; n += int(step / time.Minute) {
				if v, ok := got[n]; !ok || v != want(n) {
					t.Fatalf("%s at minute %d, step %s: %v (%v), want %v", promQL, n, step, v, ok, want(n))
				}
			}
		}
	}
	want := float64(len(steps) * (len(asked) + 1))
	if n := testutil.ToFloat64(s.own.coarseSelectors.WithLabelValues("coarse")) - before; n != want {
		t.Errorf("%v selectors were answered by the coarse store, want %v", n, want)
	}
}

// TestCoarse: what the coarse store answers is the same before and after its blocks are written, after
// a restart, and when the fine store has lost everything.
func TestCoarse(t *testing.T) {
	dir := t.TempDir()
	s := openYears(t, dir)
	minutely(t, s, 0, 2*day+10*60)
	coarseUntil(t, s, monday.AddDate(0, 0, 2))
	checkWindows(t, s, 2*day+10*60-5)
	if n := testutil.ToFloat64(s.own.coarseValues); n == 0 {
		t.Error("no values were counted")
	}
	closeStore(t, s)

	s = openYears(t, dir)
	minutely(t, s, 2*day+10*60, 4*day)
	coarseUntil(t, s, monday.AddDate(0, 0, 3))
	checkWindows(t, s, 4*day-5)
	closeStore(t, s)

	if err := os.RemoveAll(s.Dir()); err != nil {
		t.Fatal(err)
	}
	s = openYears(t, dir)
	defer closeStore(t, s)
	checkWindows(t, s, 3*day-5)
	// Short steps get what there is, too, and so does a look at one point in time.
	got := queryRange(t, s, "interface_rx_bits_per_second", 600, 700, time.Minute)
	if got[650] != wantWindow(650, average) || got[654] != got[650] {
		t.Errorf("by the minute: %v", got)
	}
	if n := count(t, s, `increase(interface_rx_bytes[1h]) > 59000 < 61000`, monday.Add(20*time.Hour)); n != 1 {
		t.Error("no increase over an hour")
	}
	for path, want := range map[string]string{
		"/api/v1/label/interface/values": `["ether1"]`,
		"/api/v1/labels":                 `["__name__","comment","device","interface"]`,
	} {
		if r := get(t, s, path, nil); string(r.Data) != want {
			t.Errorf("%s: %s", path, r.Data)
		}
	}
	r := get(t, s, "/api/v1/series", url.Values{"match[]": {`{device="core-1"}`}})
	if n := strings.Count(string(r.Data), "__name__"); n != 4 || strings.Contains(string(r.Data), digestLabel) {
		t.Errorf("series: %s", r.Data)
	}
}

// TestCoarseAndFine: what the fine store no longer has comes from the coarse one, the rest from the fine one.
func TestCoarseAndFine(t *testing.T) {
	dir := t.TempDir()
	s := openYears(t, dir)
	minutely(t, s, 0, day+2*60)
	coarseUntil(t, s, monday.AddDate(0, 0, 1))
	closeStore(t, s)
	if err := os.RemoveAll(s.Dir()); err != nil {
		t.Fatal(err)
	}
	s = openYears(t, dir)
	defer closeStore(t, s)
	minutely(t, s, day, day+2*60)
	got := queryRange(t, s, "interface_rx_bits_per_second", day-60, day+60, time.Minute)
	for n := day - 60; n <= day+60; n++ {
		want := float64(n % 7 * 100)
		if n < day {
			want = wantWindow(n-n%5, average)
		}
		if got[n] != want {
			t.Fatalf("minute %d: %v, want %v", n-day, got[n], want)
		}
	}
	if n := testutil.ToFloat64(s.own.coarseSelectors.WithLabelValues("both")); n != 1 {
		t.Errorf("%v selectors were answered by both", n)
	}
	// Counting samples is the fine store's, as long as it has them.
	got = queryRange(t, s, "count_over_time(interface_rx_bytes[30m])", day+40, day+60, 10*time.Minute)
	if got[day+50] != 30 {
		t.Errorf("30 minutes have %v samples", got[day+50])
	}
}

// TestCoarseEnd: a row that went away ends in the coarse store, too, at the edge of a block as well.
func TestCoarseEnd(t *testing.T) {
	s := openYears(t, t.TempDir())
	defer closeStore(t, s)
	d := newDevice(t, s, "interface")
	both := map[string]fields{"ether1": up(1), "ether2": up(2)}
	one := map[string]fields{"ether1": up(1)}
	const end = day - 7 // minute: its window is the last one of the day
	for n := range 2*day + 60 {
		d.now = monday.Add(time.Duration(n)*time.Minute - 30*time.Second)
		switch {
		case n < end:
			d.must(both)
		case n == end:
			d.must(one, d.row("ether2"))
		default:
			d.must(one)
		}
	}
	coarseUntil(t, s, monday.AddDate(0, 0, 2))
	got := queryRange(t, s, `interface_rx_bytes{interface="ether2"}`, 0, 2*day+55, coarseStep)
	if _, there := got[day-5]; !there {
		t.Error("the row is not there when it was")
	}
	for n := range got {
		if n >= day {
			t.Errorf("the row is there %d minutes after its end", n-end)
		}
	}
}

// TestCoarseBlockIsWrittenAgain: a block that was damaged is moved aside, and made anew from the fine store.
func TestCoarseBlockIsWrittenAgain(t *testing.T) {
	dir := t.TempDir()
	s := openYears(t, dir)
	minutely(t, s, 0, 2*day+60)
	coarseUntil(t, s, monday.AddDate(0, 0, 2))
	block := s.coarse.db.Blocks()[0].Dir()
	closeStore(t, s)
	if err := os.Truncate(filepath.Join(block, "index"), 100); err != nil {
		t.Fatal(err)
	}
	s = openYears(t, dir)
	defer closeStore(t, s)
	if _, err := os.Stat(block); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the damaged block is where it was: %v", err)
	}
	for deadline := time.Now().Add(20 * time.Second); !s.coarse.has(span{monday.UnixMilli(), monday.UnixMilli() + 1}); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the block was not written again")
		}
	}
	checkWindows(t, s, 2*day+55)
}

// TestCoarseOff: without a longer retention than the fine store's there is none.
func TestCoarseOff(t *testing.T) {
	s := openStore(t, t.TempDir())
	minutely(t, s, 0, 10)
	if _, err := os.Stat(coarseDir(s.cfg.Path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a folder of the coarse store: %v", err)
	}
	if got := queryRange(t, s, "interface_rx_bits_per_second", 0, 9, time.Minute); len(got) != 10 {
		t.Errorf("%d points", len(got))
	}
}
