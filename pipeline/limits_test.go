package pipeline

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func named(names ...string) (keys []RowKey) {
	for i, n := range names {
		keys = append(keys, RowKey{fmt.Sprint(i), []string{n}})
	}
	return keys
}

func rowsOf(series []*Series) (out []string) {
	for _, s := range series {
		if s == nil {
			out = append(out, "-")
			continue
		}
		out = append(out, s.Row())
	}
	return out
}

// Beyond the limit, rows that were there stay and new ones wait for room.
func TestRowLimit(t *testing.T) {
	table, rows := NewSchema().Table("interface"), NewLimitedRows("r1", nil, 2)
	for i, step := range []struct{ in, want []string }{
		{[]string{"a", "b", "c"}, []string{"a", "b", "-"}},
		{[]string{"c", "b", "a"}, []string{"-", "b", "a"}},
		{[]string{"c", "d", "a"}, []string{"c", "-", "a"}},
		{[]string{"d"}, []string{"d"}},
		{[]string{"a", "d", "e"}, []string{"a", "d", "-"}},
	} {
		if got := rowsOf(rows.Of(table, named(step.in...))); fmt.Sprint(got) != fmt.Sprint(step.want) {
			t.Errorf("step %d: %v gave %v, want %v", i, step.in, got, step.want)
		}
	}
	if s := rows.One(NewSchema().Table("router")); s == nil {
		t.Error("another table has no room")
	}
}

// A table under ever new names, read whole or never whole: nothing grows without bound.
func TestChurnIsForgotten(t *testing.T) {
	for _, status := range []TableStatus{Whole, Failed} {
		t.Run(status.String(), func(t *testing.T) {
			table, rows := NewSchema().Table("interface"), NewRows("r1", nil)
			shown := map[string]bool{}
			p := New([]Tap{func(b Batch) {
				for s := range b.Samples() {
					shown[s.Series.Row()] = true
				}
				for _, s := range b.Gone {
					if !shown[s.Row()] {
						t.Fatalf("%s is said to be gone, and was not there", s.Row())
					}
					delete(shown, s.Row())
				}
			}}, nil, nil, prometheus.NewRegistry(), quiet())
			most := 0
			for i := range 500 {
				names := make([]string, 0, 21)
				for j := range 20 {
					names = append(names, fmt.Sprintf("session-%d-%d", i, j))
				}
				p.Publish(poll(rows, table, start.Add(time.Duration(i)*30*time.Second), status, append(names, "ether1")...))
				most = max(most, len(shown))
			}
			if limit := maxStrays + 21; most > limit {
				t.Errorf("%d rows are shown at once, at most %d may be", most, limit)
			}
			if !shown["ether1"] || !shown["session-499-0"] {
				t.Error("a row that is there is gone")
			}
			kept := map[string]int{"rates": len(p.rates.devices["r1"].tables[0].rows), "presence": len(p.presence.devices["r1"].tables[0].rows)}
			for what, n := range kept {
				if n != len(shown) {
					t.Errorf("%s keeps %d rows of %d", what, n, len(shown))
				}
			}
			if n := len(rows.tables[0].rows); n != 21 {
				t.Errorf("%d series are kept, want those of the last read", n)
			}
			t.Logf("of %d names, %d rows were shown at once at most", 500*20+1, most)
		})
	}
}

// What a failed read did not have stays for an hour of reads that had others, and for ever while
// nothing at all can be read.
func TestStraysOfAFailedTable(t *testing.T) {
	table, rows := NewSchema().Table("interface"), NewRows("r1", nil)
	gone := 0
	p := New([]Tap{func(b Batch) { gone += len(b.Gone) }}, nil, nil, prometheus.NewRegistry(), quiet())
	p.Publish(poll(rows, table, start, Whole, "a", "b"))
	p.Publish(Batch{Device: "r1", Time: start.Add(48 * time.Hour), Tables: []TableRead{{Table: table, Status: Failed}}})
	p.Publish(poll(rows, table, start.Add(49*time.Hour), Failed, "a"))
	p.Publish(poll(rows, table, start.Add(50*time.Hour), Failed, "a"))
	if gone != 0 {
		t.Fatalf("%d rows are gone too early", gone)
	}
	p.Publish(poll(rows, table, start.Add(50*time.Hour+time.Minute), Failed, "a"))
	if gone != 1 {
		t.Errorf("%d rows are gone, want b", gone)
	}
}

// Rows that come in another order, go and come again keep their counters.
func TestRatesFollowRowsNotPlaces(t *testing.T) {
	table, rows := NewSchema().Table("interface"), NewRows("r1", nil)
	rates := NewRates()
	for i, names := range [][]string{{"a", "b", "c"}, {"c", "a", "b"}, {"b"}, {"d", "c", "b", "a"}, {"a", "b", "c", "d"}} {
		b := poll(rows, table, start.Add(time.Duration(i)*10*time.Second), Failed, names...)
		rates.Apply(&b)
		for s := range b.Samples() {
			want := GaugeValue(1000)
			if i == 0 || i == 3 && s.Series.Row() == "d" {
				want = Value{}
			}
			if got := s.Value("rx_bits_per_second"); got != want {
				t.Errorf("read %d, %s: %v, want %v", i, s.Series.Row(), got, want)
			}
		}
	}
	last := poll(NewRows("r1", nil), table, start.Add(50*time.Second), Whole, "d", "a", "b", "c") // a collector that was built anew
	if n := rates.Apply(&last); n != 0 || last.Tables[0].Samples[0].Value("rx_bits_per_second") != GaugeValue(1000) {
		t.Errorf("%d discontinuities, sample %v", n, last.Tables[0].Samples[0])
	}
}

// What a device of 20 interfaces costs the engine: series, presence and rates.
func BenchmarkPublish(b *testing.B) {
	table, rows := NewSchema().Table("interface"), NewRows("r1", nil)
	names := make([]string, 20)
	for i := range names {
		names[i] = fmt.Sprintf("ether%d", i+1)
	}
	batch := poll(rows, table, start, Whole, names...)
	p := New(nil, nil, nil, prometheus.NewRegistry(), quiet())
	b.ReportAllocs()
	for b.Loop() {
		batch.Time = batch.Time.Add(10 * time.Second)
		t := &batch.Tables[0]
		t.ReadAt = batch.Time
		for i := range t.Samples {
			s := &t.Samples[i]
			s.Fields = s.Fields[:1]
			s.Fields[0].Value = CounterValue(uint64(batch.Time.Unix()) * 125)
		}
		p.Publish(batch)
	}
}
