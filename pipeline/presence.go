package pipeline

import (
	"sync"
	"time"
)

// presence remembers which rows each device's tables had, to tell which of them are gone.
type presence struct {
	mu      sync.Mutex
	devices map[string]*devicePresence
}

// devicePresence is what is remembered of one device: its tables, few and in no order.
type devicePresence struct{ tables []tablePresence }

// tablePresence is what is remembered of one table. While it is read whole that is its rows and nothing
// else; only a table that fails needs to know when each was there last.
type tablePresence struct {
	table *Table
	rows  []*Series
	whole int     // rows when it was last read whole
	seen  []int64 // of each row, Unix seconds; nil: all came with the last read
}

// Rows that a failed table did not have are kept, since they may be in the part that could not be read.
// But not for ever: a table that always fails, under ever new names, must not grow without bound.
const (
	strayAge  = time.Hour
	maxStrays = 1000 // or as many rows as it had when it was last read whole
)

func newPresence() *presence { return &presence{devices: map[string]*devicePresence{}} }

// mark fills in b.Gone: the rows that a table which was read whole no longer has, and those that a
// failed one has not shown for long, others that it did show. Rows of skipped tables stay.
func (p *presence) mark(b *Batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.devices[b.Device]
	if d == nil {
		d = &devicePresence{}
		p.devices[b.Device] = d
	}
	for i := range b.Tables {
		t := &b.Tables[i]
		switch {
		case t.Status == Whole:
			b.Gone = d.table(t.Table).replace(b.Gone, t.Samples)
		case t.Status == Failed && len(t.Samples) > 0:
			b.Gone = d.table(t.Table).extend(b.Gone, t.Samples, b.Time)
		}
	}
}

func (d *devicePresence) table(table *Table) *tablePresence {
	for i := range d.tables {
		if d.tables[i].table == table {
			return &d.tables[i]
		}
	}
	d.tables = append(d.tables, tablePresence{table: table})
	return &d.tables[len(d.tables)-1]
}

// forget returns every row of a device that is no longer polled.
func (p *presence) forget(device string) (gone []*Series) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := p.devices[device]; d != nil {
		for i := range d.tables {
			gone = append(gone, d.tables[i].rows...)
		}
	}
	delete(p.devices, device)
	return gone
}

// replace takes the rows of a whole read.
func (t *tablePresence) replace(gone []*Series, samples []Sample) []*Series {
	t.whole, t.seen = len(samples), nil
	if t.same(samples) {
		return gone
	}
	now := keysOf(samples)
	for _, s := range t.rows {
		if !now[s.Key()] {
			gone = append(gone, s)
		}
	}
	t.rows = make([]*Series, len(samples))
	for i := range samples {
		t.rows[i] = samples[i].Series
	}
	return gone
}

// same reports that these are the rows that are remembered, in their order.
func (t *tablePresence) same(samples []Sample) bool {
	if len(t.rows) != len(samples) {
		return false
	}
	for i := range samples {
		if t.rows[i] != samples[i].Series {
			return false
		}
	}
	return true
}

// keysOf compares by key, not by pointer: a collector that was built anew names the same rows.
func keysOf(samples []Sample) map[string]bool {
	keys := make(map[string]bool, len(samples))
	for i := range samples {
		keys[samples[i].Series.Key()] = true
	}
	return keys
}

// extend adds the rows of a part of the table, and gives up strays that are too old or too many.
func (t *tablePresence) extend(gone []*Series, samples []Sample, at time.Time) []*Series {
	now := at.Unix()
	if t.seen == nil {
		t.seen = make([]int64, len(t.rows))
		for i := range t.seen {
			t.seen[i] = now
		}
	}
	fresh := keysOf(samples)
	var strays []int // in rows, the ones unseen for longest first, as rows that come are put at the end
	rows, seen := t.rows[:0:0], t.seen[:0:0]
	for i, s := range t.rows {
		if !fresh[s.Key()] {
			strays = append(strays, i)
		}
	}
	over := len(strays) - max(maxStrays, t.whole)
	for n, i := range strays {
		if n < over || now-t.seen[i] > int64(strayAge/time.Second) {
			gone = append(gone, t.rows[i])
			continue
		}
		rows, seen = append(rows, t.rows[i]), append(seen, t.seen[i])
	}
	for i := range samples {
		rows, seen = append(rows, samples[i].Series), append(seen, now)
	}
	t.rows, t.seen = rows, seen
	return gone
}
