package sse

import (
	"math"
	"strconv"

	"github.com/routerpulse/routerpulse/sse/state"
)

// step brings a subscriber from where it is to a cut, in chunks that are made when they are asked for:
// rows, then events, then the end. The last frame carries the id; a step that is cut off leaves the
// client with its old one.
type step struct {
	first    bool // the initial step, which ends with sync
	snapshot bool // all rows, not what changed; ends with sync too
	// lead: a snapshot for somebody who was told events, so an id that stands for those comes first. Not for an
	// application's page: its events have no position, and one that came into view since would come out of order.
	lead bool

	restarted bool   // the client's cursor is from another life of the server
	moved     *moved // what was in view before, if that was another view; ends with sync, too
	base      uint64
	from      uint64 // the base that deltas name: at most base
	target    state.Place
	time      int64
	at        position
	rows      []int                   // in view, by part of the view, as far as the scan is
	forgotten map[*state.Topic]uint64 // up to where the client was told that events are gone without a trace
}

// stepOn makes the next chunk of the step, nil if there was none to make.
func (f *feed) stepOn() (frames []byte) {
	f.store.Read(func() {
		f.renounce()
		switch {
		case f.step.lead:
			f.step.lead = false
			frames = f.pingBetween(f.step.target.Cut)
		case !f.step.at.done:
			frames = f.stepRows()
		default:
			frames = f.stepEvents()
		}
	})
	return frames
}

// stepRows makes the next chunk of rows.
func (f *feed) stepRows() []byte {
	s := f.step
	key := scanKey{snapshot: s.snapshot, base: s.base, from: s.from, seq: s.target.Cut, at: s.at}
	made := f.view.scan(f.store, key, s.time, s.moved)
	s.at = made.next
	for i, n := range made.alive {
		s.rows[i] += n
	}
	if len(made.chunk.bytes) == 0 {
		return nil
	}
	f.ahead = max(f.ahead, f.store.Place().Cut)
	f.known = max(f.known, s.target.Cut)
	if s.at.done && !s.closing() && !f.eventsLeft() {
		return f.endWith(made.chunk)
	}
	f.shared = made.same
	return made.chunk.bytes
}

// closing reports that the step ends with a frame of its own.
func (s *step) closing() bool { return s.first || s.snapshot || s.moved != nil }

// endWith ends the step with a chunk that carries its id.
func (f *feed) endWith(c chunk) []byte {
	at := f.step.target
	f.step = nil
	f.arrive(at)
	return c.withID(f.view.id(f.store.Epoch(), at))
}

// stepEvents makes the next chunk of events, and with the last one the end.
func (f *feed) stepEvents() []byte {
	s := f.step
	w := writer{app: f.view.app}
	if s.restarted {
		s.restarted = false
		f.gaps(&w, gapRestart, f.sinceRestart())
	}
	if f.events(&w) {
		w.flush()
		return w.chunks[0].bytes
	}
	switch {
	case s.closing():
		w.last("sync", f.syncData())
	case len(w.buf) == 0: // nothing of all this concerned the client
		f.step = nil
		f.seen = s.target
		f.told = max(f.told, s.target.Journal)
		return nil
	default: // an event names the cut that it came with, which may be an older one
		w.last("ping", f.pingData(s.target.Cut))
	}
	f.known = max(f.known, s.target.Cut)
	w.flush()
	return f.endWith(w.chunks[0])
}

// eventsLeft reports whether the step has events, or gaps, to tell.
func (f *feed) eventsLeft() bool {
	upto := f.step.target.Journal
	if f.step.restarted && len(f.view.logs) > 0 {
		return true
	}
	for _, t := range f.view.logs {
		if f.store.Forgotten(t) > f.told {
			return true
		}
	}
	for at := f.told; ; {
		e := f.store.NextEvent(f.view.logs, at, upto)
		if e == nil {
			return false
		}
		if f.view.wants(e) {
			return true
		}
		at = e.Pos
	}
}

// loss is how many events that a part shows are lost, up to which position.
type loss struct {
	n   int
	pos uint64
}

// unknown is a number of lost events that nobody knows: no sum makes it positive.
const unknown = math.MinInt / 2

// lose counts a lost event for each part that would have shown it.
func (f *feed) lose(lost map[int]loss, e *state.Entry) {
	for i := range f.view.parts {
		if f.view.parts[i].matches(e) {
			lost[i] = loss{lost[i].n + e.Lost, e.Pos}
		}
	}
}

// events adds the events that the client was not told, and for each part how many are lost. It reports
// whether the chunk is full before all are in.
func (f *feed) events(w *writer) (full bool) {
	lost := f.forgotten()
	for {
		e := f.store.NextEvent(f.view.logs, f.told, f.step.target.Journal)
		if e == nil {
			break
		}
		if e.Cells != nil {
			f.gaps(w, gapExpired, lost)
			clear(lost)
			if !f.putEvent(w, e) {
				return true
			}
		} else {
			f.lose(lost, e)
		}
		f.told = e.Pos
	}
	f.gaps(w, gapExpired, lost)
	f.told = max(f.told, f.step.target.Journal)
	return false
}

// forgotten lists the parts of whose topic events are gone without a trace, once per step.
func (f *feed) forgotten() map[int]loss {
	lost := map[int]loss{}
	for _, t := range f.view.logs {
		if pos := f.store.Forgotten(t); pos > f.told && pos > f.step.forgotten[t] {
			if f.step.forgotten == nil {
				f.step.forgotten = map[*state.Topic]uint64{}
			}
			f.step.forgotten[t] = pos
			f.ofTopic(t, func(part int) { lost[part] = loss{unknown, pos} })
		}
	}
	return lost
}

// putEvent adds an event for each part that shows it, unless they do not fit.
func (f *feed) putEvent(w *writer, e *state.Entry) bool {
	var buf []byte
	var frames []part
	size := 0
	for i := range f.view.parts {
		if p := &f.view.parts[i]; p.matches(e) {
			frames = append(frames, *p)
			size += len(p.appendEvent(buf[:0], e)) + frameOverhead
		}
	}
	if len(frames) == 0 {
		return true
	}
	if !w.fits(size) {
		return false
	}
	for i := range frames {
		c := frames[i].carry
		if f.view.app {
			w.last(c.eventName(e), c.appendEventData(nil, e))
		} else {
			w.last("event", c.appendEvent(nil, e))
		}
	}
	return true
}

// ofTopic calls fn for the parts that carry a topic.
func (f *feed) ofTopic(t *state.Topic, fn func(part int)) {
	for i := range f.view.parts {
		if f.view.parts[i].topic.Topic == t {
			fn(i)
		}
	}
}

// gaps adds a gap for each part of which something is lost.
func (f *feed) gaps(w *writer, why string, lost map[int]loss) {
	if len(lost) == 0 {
		return
	}
	for i := range f.view.parts {
		p := &f.view.parts[i]
		if l, some := lost[i]; some {
			f.gapped()
			w.last("gap", p.appendGap(nil, why, l.n, l.pos))
		}
	}
}

// sinceRestart says that of every topic events may be lost.
func (f *feed) sinceRestart() map[int]loss {
	lost := map[int]loss{}
	for _, t := range f.view.logs {
		f.ofTopic(t, func(part int) { lost[part] = loss{n: unknown} })
	}
	return lost
}

// syncData says how many rows the client has now of each channel and topic.
func (f *feed) syncData() []byte {
	b := strconv.AppendUint([]byte(`{"seq":`), f.step.target.Cut, 10)
	b = append(b, `,"rows":{`...)
	channel := ""
	for i := range f.view.parts {
		p := &f.view.parts[i]
		if p.topic.Mode == state.Log {
			continue
		}
		if p.channel != channel {
			if channel != "" {
				b = append(b, "},"...)
			}
			channel = p.channel
			b = append(state.AppendString(b, channel), ":{"...)
		} else {
			b = append(b, ',')
		}
		b = append(state.AppendString(b, p.topic.Name), ':')
		b = strconv.AppendInt(b, int64(f.step.rows[i]), 10)
	}
	if channel != "" {
		b = append(b, '}')
	}
	return append(b, "}}"...)
}
