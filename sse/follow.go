package sse

import (
	"github.com/routerpulse/routerpulse/sse/state"
)

// encoder encodes the changes of one cut. Views that show the same change share its bytes.
type encoder struct {
	epoch string
	cut   *state.Cut
	arena []byte
	made  map[encoded]span
	buf   []byte
	out   []byte // what the writer of the last view left behind
}

type encoded struct {
	carry *carry
	row   *state.Row // of a change
	entry *state.Entry
	app   bool
	as    verdict
}

type span struct{ from, to int }

func newEncoder(epoch string) *encoder { return &encoder{epoch: epoch, made: map[encoded]span{}} }

// begin starts another cut.
func (e *encoder) begin(c *state.Cut) {
	e.cut = c
	e.arena = e.arena[:0]
	clear(e.made)
}

// once returns what append makes, from memory if it was made for this cut already.
func (e *encoder) once(shared bool, key encoded, appendTo func([]byte) []byte) []byte {
	if !shared {
		e.buf = appendTo(e.buf[:0])
		return e.buf
	}
	s, ok := e.made[key]
	if !ok {
		s.from = len(e.arena)
		e.arena = appendTo(e.arena)
		s.to = len(e.arena)
		e.made[key] = s
	}
	return e.arena[s.from:s.to]
}

func (e *encoder) change(c *carry, row *state.Row, v verdict, app bool) []byte {
	key := encoded{carry: c, row: row, app: app, as: v}
	return e.once(c.shared, key, func(dst []byte) []byte {
		if app {
			return c.appendNamed(dst, row, v == removed)
		}
		return c.appendChange(dst, row, row.Seq, v, e.cut.Prev.Cut)
	})
}

func (e *encoder) event(c *carry, entry *state.Entry, app bool) []byte {
	return e.once(c.shared, encoded{carry: c, entry: entry, app: app}, func(dst []byte) []byte {
		switch {
		case entry.Cells == nil:
			return c.appendGap(dst, gapOverrun, entry.Lost, entry.Pos)
		case app:
			return c.appendEventData(dst, entry)
		}
		return c.appendEvent(dst, entry)
	})
}

// follow makes a cut into the run that all up-to-date subscribers of the view get. The committer calls
// it for every view after each cut.
//
// The run's base is the last cut that concerned the view, not the cut before: whoever stands anywhere
// between the two missed nothing, so one frame fits them all. The base that a delta names is the last
// cut that changed a row in view: a client need not know of cuts that had only events.
func (v *view) follow(e *encoder) {
	if v.base.Cut >= e.cut.Place.Cut {
		return // it began after the cut
	}
	v.memo.drop()
	w := writer{app: v.app, buf: e.out[:0], head: deltaHead(e.cut.Time, v.rows, e.cut.Place.Cut)}
	for i := range v.parts {
		p := &v.parts[i]
		if p.topic.Mode == state.Log {
			continue
		}
		for _, row := range e.cut.Rows[p.topic.ID()] {
			if judged := p.judge(row, e.cut.Prev.Cut); judged != nothing {
				w.change(p.event, e.change(p.carry, row, judged, v.app))
			}
		}
	}
	if len(w.buf) > 0 {
		v.rows = e.cut.Place.Cut
	}
	for _, entry := range e.cut.Events {
		v.appendEvent(&w, e, entry)
	}
	w.flush()
	e.out = w.buf
	if len(w.chunks) > 0 {
		v.push(newRun(v, e, w.chunks))
	}
}

// appendEvent adds an event, or that it was lost, for each part that shows it: all in one chunk, so that
// who got it in one channel got it in all.
func (v *view) appendEvent(w *writer, e *encoder, entry *state.Entry) {
	size := 0
	for i := range v.parts {
		if p := &v.parts[i]; p.matches(entry) {
			size += len(e.event(p.carry, entry, v.app)) + frameOverhead
		}
	}
	if w.close(); size > 0 && !w.fits(size) {
		w.flush()
	}
	for i := range v.parts {
		p := &v.parts[i]
		switch {
		case !p.matches(entry):
		case entry.Cells == nil:
			w.last("gap", e.event(p.carry, entry, v.app))
		default:
			w.last(v.frameName(p.carry, entry), e.event(p.carry, entry, v.app))
		}
	}
	w.told = entry.Pos
}

// frameName is the name of an event's frame.
func (v *view) frameName(c *carry, e *state.Entry) string {
	if v.app {
		return c.eventName(e)
	}
	return "event"
}

func newRun(v *view, e *encoder, chunks []chunk) *run {
	r := &run{base: v.base, place: e.cut.Place, rows: v.rows, chunks: make([]*shared, len(chunks))}
	for i, c := range chunks {
		r.chunks[i] = newShared(c.bytes, v)
		r.told = append(r.told, c.told)
	}
	last := len(chunks) - 1
	r.chunks[last].bytes = chunks[last].withID(v.id(e.epoch, r.place))
	for _, c := range r.chunks {
		r.size += len(c.bytes)
	}
	return r
}
