package embedded

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/routerpulse/routerpulse/pipeline"
)

// forgetAfter is how long a row is remembered that neither comes nor is said to be gone. PromQL has
// forgotten it by then (Lookback), so that nothing has to be ended.
const forgetAfter = 2 * Lookback

// rows remembers, for each row that is stored, the database's handles of its series, and which of them
// are live: what stops coming must be ended.
type rows struct {
	byKey map[string]*row
	left  leftovers // nil: all are claimed, or have ended by themselves
	swept int64
	gen   uint64 // counts writes
}

type row struct {
	source  *pipeline.Series
	cells   []*cell // numbers, in the order they came
	texts   []*cell
	info    *series
	changed bool      // a text changed: info is out of date
	owed    []*series // ended, but their stale marker is not stored yet
	last    int64     // time of the last batch, ms
}

// cell is one field of one row.
type cell struct {
	def    *pipeline.FieldDef
	lane   pipeline.Lane // one table's fields may be spread over lanes: only the same lane ends a field
	gen    uint64        // the write that had it last
	live   bool
	text   string
	series series
}

// series is a label set and the database's handle for it (0: not known yet).
type series struct {
	labels labels.Labels
	ref    storage.SeriesRef
}

func newRows(left leftovers) *rows { return &rows{byKey: map[string]*row{}, left: left} }

// of finds the row of a sample. The key counts, not the pointer: after a change of the config the same
// row comes under a new one.
func (r *rows) of(s *pipeline.Series) *row {
	w := r.byKey[s.Key()]
	if w == nil {
		w = &row{source: s}
		r.byKey[s.Key()] = w
	}
	return w
}

// sweep forgets rows that did not come for long. It is cheap, and does its work rarely.
func (r *rows) sweep(now int64) {
	if now-r.swept < Lookback.Milliseconds() {
		return
	}
	if r.swept != 0 {
		r.left = nil
	}
	r.swept = now
	for key, w := range r.byKey {
		if now-w.last > forgetAfter.Milliseconds() {
			delete(r.byKey, key)
		}
	}
}

// number finds the cell of a field that is stored as a number. i is where it is likely to be.
func (w *row) number(i int, def *pipeline.FieldDef, n *namer) *cell {
	if c := lookup(w.cells, i, def); c != nil {
		return c
	}
	c := &cell{def: def, series: series{labels: n.number(w.source, def.Name)}}
	w.cells = append(w.cells, c)
	return c
}

// label finds the cell of a text.
func (w *row) label(i int, def *pipeline.FieldDef) *cell {
	if c := lookup(w.texts, i, def); c != nil {
		return c
	}
	c := &cell{def: def}
	w.texts = append(w.texts, c)
	return c
}

func lookup(cells []*cell, i int, def *pipeline.FieldDef) *cell {
	if i < len(cells) && cells[i].def == def {
		return cells[i]
	}
	for _, c := range cells {
		if c.def.Name == def.Name {
			return c
		}
	}
	return nil
}

// liveTexts returns the texts that the row has now.
func (w *row) liveTexts() []*cell {
	var live []*cell
	for _, c := range w.texts {
		if c.live {
			live = append(live, c)
		}
	}
	return live
}

// owe notes a series that has to be ended.
func (w *row) owe(s *series) { w.owed = append(w.owed, s) }

// revive takes a series back that came again before its end was stored.
func (w *row) revive(l labels.Labels) {
	if len(w.owed) == 0 {
		return
	}
	w.owed = slices.DeleteFunc(w.owed, func(s *series) bool { return labels.Equal(s.labels, l) })
}

// all returns every series that is live, or ended without a marker.
func (w *row) all() []*series {
	out := slices.Clone(w.owed)
	for _, c := range w.cells {
		if c.live {
			out = append(out, &c.series)
		}
	}
	if w.info != nil {
		out = append(out, w.info)
	}
	return out
}
