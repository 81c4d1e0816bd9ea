package pipeline

import (
	"math"
	"slices"
	"sync"
	"time"
)

// deviceRates are the counters of one device at their last good read. A fleet has millions of them, so
// they lie in arrays, one place for each rated field of the table, and are changed where they are.
type deviceRates struct {
	mu     sync.Mutex
	tables []*tableRates // those that have rated fields, few
}

// tableRates are the counters of one table: row i has its numbers at i*len(fields).
type tableRates struct {
	table  *Table
	fields []*FieldDef // shared by all devices
	rows   []rowRates
	values []int64
	kinds  []Kind // None: the row did not have it
}

// rowRates is when and how a row was last read.
type rowRates struct {
	series *Series
	at     time.Duration // since Rates.base
	uptime time.Duration
	source string
}

func (d *deviceRates) table(table *Table, fields []*FieldDef) *tableRates {
	for _, t := range d.tables {
		if t.table == table {
			return t
		}
	}
	t := &tableRates{table: table, fields: fields}
	d.tables = append(d.tables, t)
	return t
}

// apply adds the rates of one read. Rows are looked for where they were the time before; if any is not
// there, all are put into the order of the read.
func (t *tableRates) apply(read *TableRead, at time.Duration) (discontinuities int) {
	if !t.inOrder(read.Samples) {
		t.reorder(read.Samples)
	}
	for i := range read.Samples {
		discontinuities += t.row(i, read, &read.Samples[i], at)
	}
	return discontinuities
}

func (t *tableRates) inOrder(samples []Sample) bool {
	if len(t.rows) < len(samples) {
		return false
	}
	for i := range samples {
		if t.rows[i].series != samples[i].Series {
			return false
		}
	}
	return true
}

// reorder makes row i that of sample i, new where there was none; rows that are not in the read follow.
// The key counts, not the pointer: a collector that was built anew names the same rows.
func (t *tableRates) reorder(samples []Sample) {
	was := *t
	place := make(map[string]int, len(was.rows))
	for i := range was.rows {
		place[was.rows[i].series.Key()] = i
	}
	t.empty(max(len(samples), len(was.rows)))
	for i := range samples {
		s := samples[i].Series
		from, known := place[s.Key()]
		if !known {
			from = -1
		}
		t.take(&was, from)
		t.rows[i].series = s
		delete(place, s.Key())
	}
	for i := range was.rows {
		if _, left := place[was.rows[i].series.Key()]; left {
			t.take(&was, i)
		}
	}
}

// empty makes room for so many rows.
func (t *tableRates) empty(rows int) {
	t.rows = make([]rowRates, 0, rows)
	t.values, t.kinds = make([]int64, 0, rows*len(t.fields)), make([]Kind, 0, rows*len(t.fields))
}

// take appends a row of another state; from -1 an empty one.
func (t *tableRates) take(was *tableRates, from int) {
	n := len(t.fields)
	if from < 0 {
		t.rows = append(t.rows, rowRates{})
		t.values = append(t.values, make([]int64, n)...)
		t.kinds = append(t.kinds, make([]Kind, n)...)
		return
	}
	t.rows = append(t.rows, was.rows[from])
	t.values = append(t.values, was.values[from*n:from*n+n]...)
	t.kinds = append(t.kinds, was.kinds[from*n:from*n+n]...)
}

// row adds the rates of one row, and keeps its counters for the next time.
func (t *tableRates) row(i int, read *TableRead, s *Sample, at time.Duration) (discontinuities int) {
	row := &t.rows[i]
	fresh := row.source == ""
	if !hasCounters(s.Fields) || !fresh && at <= row.at {
		return 0 // nothing to keep, or the same answer again
	}
	elapsed := at - row.at
	broken := !fresh && (row.source != sourceOf(read) || rebooted(row.uptime, read.Uptime, elapsed))
	if broken {
		discontinuities++
	}
	row.at, row.uptime, row.source = at, read.Uptime, sourceOf(read)
	values, kinds := t.values[i*len(t.fields):][:len(t.fields)], t.kinds[i*len(t.fields):][:len(t.fields)]
	l := linkOf(*s)
	n := len(s.Fields)
	for f, def := range t.fields {
		c, ok := counterOf(s.Fields[:n], def)
		before, kind := values[f], kinds[f]
		values[f], kinds[f] = c.Value.Int(), c.Value.Kind()
		if !ok || fresh || broken || kind != c.Value.Kind() {
			continue
		}
		rate, ok := perSecond(c, before, elapsed, l)
		if !ok {
			discontinuities++
			continue
		}
		s.Fields = append(s.Fields, Field{Def: def.Rate, Value: GaugeValue(math.Round(rate))})
	}
	return discontinuities
}

// sourceOf is never empty, which stands for a row that was not read yet.
func sourceOf(t *TableRead) string {
	if t.Source == "" {
		return "-"
	}
	return t.Source
}

func hasCounters(fields []Field) bool {
	return slices.ContainsFunc(fields, func(f Field) bool { return f.Def.Rate != nil && !f.Value.IsNone() })
}

func counterOf(fields []Field, def *FieldDef) (Field, bool) {
	for i := range fields {
		if fields[i].Def == def && !fields[i].Value.IsNone() {
			return fields[i], true
		}
	}
	return Field{}, false
}

// drop forgets rows that are gone.
func (d *deviceRates) drop(gone []*Series) {
	keys := make(map[string]bool, len(gone))
	for _, s := range gone {
		keys[s.Key()] = true
	}
	for _, t := range d.tables {
		if !slices.ContainsFunc(t.rows, func(r rowRates) bool { return keys[r.series.Key()] }) {
			continue
		}
		was := *t
		t.empty(len(was.rows))
		for i := range was.rows {
			if !keys[was.rows[i].series.Key()] {
				t.take(&was, i)
			}
		}
	}
}
