package embedded

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/prometheus/model/value"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// device makes batches of one table by hand.
type device struct {
	t    *testing.T
	s    *Store
	tab  *pipeline.Table
	lane pipeline.Lane
	now  time.Time
}

// fields are the readings of one row: name to value.
type fields map[string]pipeline.Value

func newDevice(t *testing.T, s *Store, table string) *device {
	return &device{t: t, s: s, tab: pipeline.NewSchema().Table(table), lane: pipeline.LaneLive, now: sinktest.Start}
}

// poll writes one batch, 30 s after the last; rows are named by their key.
func (d *device) poll(status pipeline.TableStatus, rows map[string]fields, gone ...*pipeline.Series) error {
	d.t.Helper()
	d.now = d.now.Add(30 * time.Second)
	b := pipeline.Batch{Device: "core-1", Lane: d.lane, Time: d.now, Gone: gone}
	read := pipeline.TableRead{Table: d.tab, Status: status}
	for name, fields := range rows {
		sample := pipeline.Sample{Series: d.row(name)}
		for _, def := range d.tab.Fields {
			if v, ok := fields[def.Name]; ok {
				sample.Fields = append(sample.Fields, pipeline.Field{Def: def, Value: v})
			}
		}
		read.Samples = append(read.Samples, sample)
	}
	b.Tables = append(b.Tables, read)
	return d.s.Write(d.t.Context(), b)
}

func (d *device) must(rows map[string]fields, gone ...*pipeline.Series) {
	d.t.Helper()
	if err := d.poll(pipeline.Whole, rows, gone...); err != nil {
		d.t.Fatal(err)
	}
}

// row is a new pointer for the same row each time, as after a change of the config.
func (d *device) row(name string) *pipeline.Series {
	if len(d.tab.Keys) == 0 {
		return pipeline.NewSeries(d.tab, "core-1", nil)
	}
	return pipeline.NewSeries(d.tab, "core-1", nil, name)
}

// live is which series of a table a query sees now, with their values.
func (d *device) live() map[string]string {
	d.t.Helper()
	out := map[string]string{}
	for _, r := range query(d.t, d.s, `{__name__=~"`+d.tab.Name+`_.+"}`, d.now).Result {
		name := r.Metric["__name__"] + "{"
		delete(r.Metric, "__name__")
		delete(r.Metric, "device")
		var labels []string
		for _, k := range []string{"interface", "type", "comment", "model", "version"} {
			if r.Metric[k] != "" {
				labels = append(labels, k+"="+r.Metric[k])
			}
		}
		out[name+strings.Join(labels, ",")+"}"] = r.Value[1].(string)
	}
	return out
}

func (d *device) expect(want map[string]string) {
	d.t.Helper()
	if diff := cmp.Diff(want, d.live()); diff != "" {
		d.t.Errorf("(-want +live):\n%s", diff)
	}
}

func up(rx uint64) fields {
	return fields{"rx_bytes": pipeline.CounterValue(rx), "oper_status": pipeline.EnumValue(1)}
}

func TestGoneRowEndsAtOnce(t *testing.T) {
	d := newDevice(t, openStore(t, t.TempDir()), "interface")
	d.must(map[string]fields{"ether1": up(1), "ether2": up(2)})
	d.must(map[string]fields{"ether1": up(3)}, d.row("ether2"))
	d.expect(map[string]string{"interface_rx_bytes{interface=ether1}": "3", "interface_oper_status{interface=ether1}": "1"})
	d.must(map[string]fields{"ether1": up(4), "ether2": up(5)})
	d.expect(map[string]string{
		"interface_rx_bytes{interface=ether1}": "4", "interface_oper_status{interface=ether1}": "1",
		"interface_rx_bytes{interface=ether2}": "5", "interface_oper_status{interface=ether2}": "1",
	})
	if n := testutil.ToFloat64(d.s.own.stale); n != 2 {
		t.Errorf("%v stale markers counted", n)
	}
	// The gap is in the history.
	if n := count(t, d.s, `interface_rx_bytes{interface="ether2"}`, d.now.Add(-30*time.Second)); n != 0 {
		t.Error("the row is there at a time when it was gone")
	}
}

func TestGoneRowIsForgotten(t *testing.T) {
	d := newDevice(t, openStore(t, t.TempDir()), "interface")
	d.must(map[string]fields{"ether1": up(1), "ether2": up(2)})
	d.must(map[string]fields{"ether1": up(1)}, d.row("ether2"))
	if n := len(d.s.rows.byKey); n != 1 {
		t.Errorf("%d rows are remembered", n)
	}
	d.must(nil, d.row("never seen"))
}

func TestFieldThatStopsComing(t *testing.T) {
	d := newDevice(t, openStore(t, t.TempDir()), "interface")
	d.must(map[string]fields{"ether1": up(1)})
	d.must(map[string]fields{"ether1": {"rx_bytes": pipeline.CounterValue(2)}})
	d.expect(map[string]string{"interface_rx_bytes{interface=ether1}": "2"})
	d.must(map[string]fields{"ether1": {"rx_bytes": pipeline.CounterValue(2), "oper_status": pipeline.Value{}}})
	d.expect(map[string]string{"interface_rx_bytes{interface=ether1}": "2"})
	d.must(map[string]fields{"ether1": up(3)})
	d.expect(map[string]string{"interface_rx_bytes{interface=ether1}": "3", "interface_oper_status{interface=ether1}": "1"})
}

// TestFailedTableEndsNothing: rows and fields of a table that was not read whole stay as they were.
func TestFailedTableEndsNothing(t *testing.T) {
	for _, status := range []pipeline.TableStatus{pipeline.Failed, pipeline.Skipped} {
		d := newDevice(t, openStore(t, t.TempDir()), "interface")
		d.must(map[string]fields{"ether1": up(1), "ether2": up(2)})
		if err := d.poll(status, map[string]fields{"ether1": {"rx_bytes": pipeline.CounterValue(5)}}); err != nil {
			t.Fatal(err)
		}
		d.expect(map[string]string{
			"interface_rx_bytes{interface=ether1}": "5", "interface_oper_status{interface=ether1}": "1",
			"interface_rx_bytes{interface=ether2}": "2", "interface_oper_status{interface=ether2}": "1",
		})
	}
}

// TestLanesShareATable: what one lane does not bring may be another's.
func TestLanesShareATable(t *testing.T) {
	d := newDevice(t, openStore(t, t.TempDir()), "router")
	live := map[string]fields{"": {"cpu_percent": pipeline.GaugeValue(7), "version": pipeline.TextValue("7.20")}}
	slow := map[string]fields{"": {"cpu_count": pipeline.GaugeValue(4), "model": pipeline.TextValue("RB5009")}}
	want := map[string]string{"router_cpu_percent{}": "7", "router_cpu_count{}": "4", "router_info{model=RB5009,version=7.20}": "1"}
	for range 2 {
		d.lane = pipeline.LaneLive
		d.must(live)
		d.lane = pipeline.LaneSlow
		d.must(slow)
		d.expect(want)
	}
	d.must(map[string]fields{"": {"cpu_count": pipeline.GaugeValue(4)}})
	d.expect(map[string]string{"router_cpu_percent{}": "7", "router_cpu_count{}": "4", "router_info{version=7.20}": "1"})
}

func TestTextChanges(t *testing.T) {
	d := newDevice(t, openStore(t, t.TempDir()), "interface")
	say := func(comment string) map[string]fields {
		return map[string]fields{"ether1": {"comment": pipeline.TextValue(comment), "type": pipeline.TextValue("ether")}}
	}
	for _, comment := range []string{"uplink", "uplink", "downlink", "uplink", ""} {
		d.must(say(comment))
		label := ",comment=" + comment
		if comment == "" {
			label = "" // an empty label is none
		}
		d.expect(map[string]string{"interface_info{interface=ether1,type=ether" + label + "}": "1"})
	}
	d.must(map[string]fields{"ether1": {}})
	d.expect(map[string]string{})
}

// TestTagsThatCollide: a device's own tags may have the names of text fields, or worse.
func TestTagsThatCollide(t *testing.T) {
	s := openStore(t, t.TempDir())
	table := pipeline.NewSchema().Table("router")
	rows := pipeline.NewRows("core-1", []pipeline.Tag{{Key: "location", Value: "nairobi"}, {Key: "__name__", Value: "evil"}, {Key: "empty", Value: ""}})
	b := pipeline.Batch{Time: sinktest.Start, Tables: []pipeline.TableRead{{Table: table, Samples: []pipeline.Sample{{
		Series: rows.One(table),
		Fields: []pipeline.Field{
			{Def: table.Field("location"), Value: pipeline.TextValue("rack 4")},
			{Def: table.Field("cpu_percent"), Value: pipeline.GaugeValue(1)},
		},
	}}}}}
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	m := query(t, s, `router_info`, sinktest.Start)
	want := map[string]string{"__name__": "router_info", "device": "core-1", "location": "nairobi", "text_location": "rack 4", "tag___name__": "evil"}
	if len(m.Result) != 1 || !cmp.Equal(m.Result[0].Metric, want) {
		t.Errorf("got %v", m.Result)
	}
	if n := count(t, s, `router_cpu_percent{location="nairobi"}`, sinktest.Start); n != 1 {
		t.Errorf("%d series of cpu_percent", n)
	}
}

// TestRefusedValues: what the database refuses is counted by reason; the other rows of the batch are
// stored.
func TestRefusedValues(t *testing.T) {
	s := openStore(t, t.TempDir())
	d := newDevice(t, s, "interface")
	write := func(at time.Time, rows map[string]fields) error {
		d.now = at.Add(-30 * time.Second)
		return d.poll(pipeline.Whole, rows)
	}
	start := sinktest.Start
	if err := write(start, map[string]fields{"ether1": up(1)}); err != nil {
		t.Fatal(err)
	}
	var rejected *pipeline.RejectedError

	// Another value for the same time, in a batch with a new row.
	err := write(start, map[string]fields{"ether1": up(99), "ether2": up(2)})
	if !errors.As(err, &rejected) || rejected.Samples != 1 || !strings.Contains(rejected.Reason, "duplicate") {
		t.Errorf("duplicate: %v", err)
	}
	d.expect(map[string]string{
		"interface_rx_bytes{interface=ether1}": "1", "interface_oper_status{interface=ether1}": "1",
		"interface_rx_bytes{interface=ether2}": "2", "interface_oper_status{interface=ether2}": "1",
	})
	// Late, but within the window.
	if err := write(start.Add(-20*time.Minute), map[string]fields{"ether1": up(0)}); err != nil {
		t.Errorf("late: %v", err)
	}
	// Too late.
	err = write(start.Add(-31*time.Minute), map[string]fields{"ether1": up(0), "ether3": up(0)})
	if !errors.As(err, &rejected) || rejected.Samples != 1 || !strings.Contains(rejected.Reason, "too old") {
		t.Errorf("too old: %v", err)
	}
	for reason, want := range map[string]float64{"duplicate": 1, "too_old": 2, "out_of_order": 0, "out_of_bounds": 0, "invalid": 0} {
		if n := testutil.ToFloat64(s.own.rejected.WithLabelValues(reason)); n != want {
			t.Errorf("%s: %v counted, want %v", reason, n, want)
		}
	}
}

func TestNoReadingIsNotStored(t *testing.T) {
	s := openStore(t, t.TempDir())
	d := newDevice(t, s, "health")
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Float64frombits(value.StaleNaN)} {
		d.must(map[string]fields{"cpu": {"temperature_celsius": pipeline.GaugeValue(f)}})
	}
	d.expect(map[string]string{})
	if n := testutil.ToFloat64(s.own.values); n != 0 {
		t.Errorf("%v values counted", n)
	}
}

// TestRowsAreForgotten: what neither comes nor is said to be gone leaves the memory.
func TestRowsAreForgotten(t *testing.T) {
	s := openStore(t, t.TempDir())
	d := newDevice(t, s, "interface")
	d.must(map[string]fields{"ether1": up(1), "ether2": up(1)})
	for range 4 {
		d.now = d.now.Add(Lookback)
		d.must(map[string]fields{"ether1": up(1)})
	}
	if n := len(s.rows.byKey); n != 1 {
		t.Errorf("%d rows are remembered", n)
	}
}

// TestRetention: blocks that are older than the retention are deleted, the rest stays.
func TestRetention(t *testing.T) {
	dir := t.TempDir()
	s := New(Config{Path: dir, Retention: minRetention * 3}, pipeline.NewSchema(), prometheus.NewRegistry(), discard())
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	d := newDevice(t, s, "interface")
	d.now = time.Now().Add(-24 * time.Hour).Truncate(2 * time.Hour)
	first := d.now.Add(30 * time.Second)
	for range 24 * 120 / 4 {
		d.now = d.now.Add(90 * time.Second)
		d.must(map[string]fields{"ether1": up(uint64(d.now.Unix()))})
	}
	if err := s.db.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, `interface_rx_bytes`, first.Add(time.Hour)); n != 0 {
		t.Error("the first hour is still there")
	}
	for _, ago := range []time.Duration{0, time.Hour, 3 * time.Hour, 5 * time.Hour} {
		if n := count(t, s, `interface_rx_bytes`, d.now.Add(-ago)); n != 1 {
			t.Errorf("%v ago: %d series", ago, n)
		}
	}
}

// TestReopen: everything is there after each Close and Open. (A crash after a snapshot: TestKill.)
func TestReopen(t *testing.T) {
	dir, schema := t.TempDir(), pipeline.NewSchema()
	fleet := sinktest.NewFleet(schema, "core-1")
	var batches []pipeline.Batch
	for n := range 6 {
		s := New(Config{Path: dir}, schema, prometheus.NewRegistry(), discard())
		if err := s.Open(); err != nil {
			t.Fatal(err)
		}
		b := fleet.Poll(n)
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		batches = append(batches, b)
		for row, want := range sinktest.Points(batches...) {
			if diff := cmp.Diff(want, read(t, s, row)); diff != "" {
				t.Fatalf("after %d openings, row %s (-written +stored):\n%s", n, row, diff)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRestart: what went away, or changed its text, while the program was not running ends with the first
// whole read after it, and nothing else does.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	d := newDevice(t, s, "interface")
	named := func(rx uint64, comment string) fields {
		f := up(rx)
		f["comment"] = pipeline.TextValue(comment)
		return f
	}
	d.must(map[string]fields{"ether1": named(1, "a"), "ether2": named(2, "b"), "ether3": named(3, "c"), "ether4": named(4, "d")})
	d.must(map[string]fields{"ether1": named(1, "a"), "ether2": named(2, "b"), "ether3": named(3, "c")}, d.row("ether4"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	before := d.live()
	if len(before) != 9 {
		t.Fatalf("after the start: %v", before)
	}
	// A failed read proves nothing; a read of another device neither.
	if err := d.poll(pipeline.Failed, map[string]fields{"ether1": named(5, "a")}); err != nil {
		t.Fatal(err)
	}
	other := pipeline.Batch{Device: "core-2", Time: d.now, Tables: []pipeline.TableRead{{Table: d.tab}}}
	if err := s.Write(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	before["interface_rx_bytes{interface=ether1}"] = "5"
	d.expect(before)

	d.must(map[string]fields{"ether1": named(6, "a"), "ether2": named(7, "new")})
	want := map[string]string{
		"interface_rx_bytes{interface=ether1}": "6", "interface_oper_status{interface=ether1}": "1", "interface_info{interface=ether1,comment=a}": "1",
		"interface_rx_bytes{interface=ether2}": "7", "interface_oper_status{interface=ether2}": "1", "interface_info{interface=ether2,comment=new}": "1",
	}
	d.expect(want)
	if len(s.rows.left) != 0 {
		t.Errorf("%d tables are still waited for", len(s.rows.left))
	}
	d.must(map[string]fields{"ether1": named(6, "a"), "ether2": named(7, "new")})
	d.expect(want)
}

func TestNotOpen(t *testing.T) {
	s := New(Config{Path: t.TempDir()}, pipeline.NewSchema(), prometheus.NewRegistry(), discard())
	if err := s.Write(t.Context(), pipeline.Batch{}); !errors.Is(err, ErrClosed) {
		t.Errorf("write: %v", err)
	}
	if r := get(t, s, "/api/v1/labels", nil); r.code != 503 || r.ErrorType != "unavailable" {
		t.Errorf("API: %d %s", r.code, r.ErrorType)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// BenchmarkWrite is one poll of a router with 20 interfaces of 14 fields.
func BenchmarkWrite(b *testing.B) {
	s := openStore(b, b.TempDir())
	table := pipeline.NewSchema().Table("interface")
	rows := pipeline.NewRows("core-1", nil)
	keys := make([]pipeline.RowKey, 20)
	for i := range keys {
		keys[i] = pipeline.RowKey{Values: []string{"ether" + string(rune('a'+i))}}
	}
	series := rows.Of(table, keys)
	var defs []*pipeline.FieldDef
	for _, f := range table.Fields {
		if f.Kind != pipeline.Text && len(defs) < 14 {
			defs = append(defs, f)
		}
	}
	batch := pipeline.Batch{Device: "core-1", Lane: pipeline.LaneLive, Tables: []pipeline.TableRead{{Table: table}}}
	for _, row := range series {
		batch.Tables[0].Samples = append(batch.Tables[0].Samples, pipeline.Sample{Series: row, Fields: make([]pipeline.Field, len(defs))})
	}
	now := sinktest.Start
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		n++
		now = now.Add(10 * time.Second)
		batch.Time = now
		for i := range batch.Tables[0].Samples {
			for j, def := range defs {
				v := pipeline.GaugeValue(float64(n%100 + uint64(j)))
				switch def.Kind {
				case pipeline.Counter:
					v = pipeline.CounterValue(n * 1500)
				case pipeline.Enum:
					v = pipeline.EnumValue(1)
				}
				batch.Tables[0].Samples[i].Fields[j] = pipeline.Field{Def: def, Value: v}
			}
		}
		if err := s.Write(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(20*len(defs)), "ns/value")
}

// TestBatchOfferedAgain: a batch that could not be committed leaves no trace; offered again, it stores
// what it should, and ends what has to be ended.
func TestBatchOfferedAgain(t *testing.T) {
	d := newDevice(t, openStore(t, t.TempDir()), "interface")
	say := func(f fields, comment string) fields {
		f["comment"] = pipeline.TextValue(comment)
		return f
	}
	d.must(map[string]fields{"ether1": say(up(1), "a"), "ether2": say(up(2), "b")})

	b := pipeline.Batch{Device: "core-1", Lane: d.lane, Time: d.now.Add(30 * time.Second), Gone: []*pipeline.Series{d.row("ether2")}}
	b.Tables = []pipeline.TableRead{{Table: d.tab, Samples: []pipeline.Sample{{Series: d.row("ether1"), Fields: []pipeline.Field{
		{Def: d.tab.Field("rx_bytes"), Value: pipeline.CounterValue(3)},
		{Def: d.tab.Field("comment"), Value: pipeline.TextValue("c")},
	}}}}}
	before := testutil.ToFloat64(d.s.own.values)
	for range 3 {
		w := d.s.newWriter(d.s.db.AppenderV2(t.Context()), b)
		w.batch(b)
		if err := w.app.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
	if n := testutil.ToFloat64(d.s.own.values); n != before {
		t.Errorf("%v values counted that are not stored", n-before)
	}
	if err := d.s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	d.now = b.Time
	d.expect(map[string]string{"interface_rx_bytes{interface=ether1}": "3", "interface_info{interface=ether1,comment=c}": "1"})
}

// BenchmarkFirstWrite is the first poll of a router, whose series are all new.
func BenchmarkFirstWrite(b *testing.B) {
	s := openStore(b, b.TempDir())
	tab := s.schema.Table("interface")
	at := time.Now()
	for n := 0; b.Loop(); n++ {
		read := pipeline.TableRead{Table: tab, Status: pipeline.Whole}
		device := fmt.Sprintf("router-%d", n)
		for i := range 20 {
			sample := pipeline.Sample{Series: pipeline.NewSeries(tab, device, nil, fmt.Sprintf("ether%d", i))}
			for _, def := range tab.Fields {
				if def.Kind == pipeline.Gauge {
					sample.Fields = append(sample.Fields, pipeline.Field{Def: def, Value: pipeline.GaugeValue(float64(n))})
				}
			}
			read.Samples = append(read.Samples, sample)
		}
		batch := pipeline.Batch{Device: device, Lane: pipeline.LaneLive, Time: at, Tables: []pipeline.TableRead{read}}
		if err := s.Write(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(s.db.Head().NumSeries()), "ns/series")
}
