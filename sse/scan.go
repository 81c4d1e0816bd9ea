package sse

import (
	"strconv"
	"sync"

	"github.com/routerpulse/routerpulse/sse/state"
)

// A scan visits each row of a view once, in the order of their slots, and stops whenever a chunk is
// full: for a snapshot, and for what changed since a cursor that is too old for the ring. Between two
// chunks the state may go on changing. That does no harm: whatever comes up after the scan began has a
// number above the cut that the scan ends with, and follows in the next step.

// position is where a scan goes on.
type position struct {
	part, device, row int
	no                int // of the snapshot's part, from 0
	done              bool
}

// scanKey is all that a chunk of a scan depends on, beside the view and the state.
type scanKey struct {
	snapshot bool
	base     uint64
	from     uint64 // the base that deltas name
	seq      uint64 // of the cut that the scan ends with
	at       position
}

// scanned is one chunk of a scan.
type scanned struct {
	chunk chunk
	same  *shared // the chunk, for those who are sent it as it is
	next  position
	alive []int // rows in view that were passed, by part of the view
	sent  int   // rows
}

// memo keeps the chunks of scans as long as the state does not change: after a restart, or when a
// network comes back, many subscribers ask for the same.
type memo struct {
	mu     sync.Mutex
	cut    uint64
	size   int
	chunks map[scanKey]*scanned
}

// maxMemo bounds the bytes of a view's memo.
const maxMemo = 16 << 20

// drop forgets the chunks when the state has changed, unless a scan is under way, which does it itself.
func (m *memo) drop() {
	if m.mu.TryLock() {
		m.chunks = nil
		m.mu.Unlock()
	}
}

// scan returns the next chunk. Call it inside Store.Read. from is what was in view before, nil if that is
// the same.
func (v *view) scan(s *state.Store, key scanKey, at int64, from *moved) *scanned {
	if from != nil || v.users.Load() < 2 { // nobody would ask again
		return v.newScan(s, key, at, from)
	}
	m := &v.memo
	m.mu.Lock()
	defer m.mu.Unlock()
	if cut := s.Place().Cut; m.cut != cut || m.chunks == nil {
		m.cut, m.size, m.chunks = cut, 0, map[scanKey]*scanned{}
	}
	if found := m.chunks[key]; found != nil {
		return found
	}
	made := v.newScan(s, key, at, nil)
	if m.size += len(made.chunk.bytes); m.size <= maxMemo {
		m.chunks[key] = made
	}
	return made
}

func (v *view) newScan(s *state.Store, key scanKey, at int64, from *moved) *scanned {
	sc := scanner{view: v, store: s, key: key, from: from, at: key.at, alive: make([]int, len(v.parts))}
	sc.w = writer{app: v.app, head: deltaHead(at, key.from, key.seq)}
	return sc.run()
}

// scanner is a scan under way.
type scanner struct {
	view  *view
	store *state.Store
	key   scanKey
	from  *moved // nil: the same was in view before
	other bool   // of the device that is being visited, other rows were in view before
	at    position
	w     writer
	rows  []byte // of the snapshot part that is being made
	alive []int
	sent  int
	buf   []byte
}

func (s *scanner) run() *scanned {
	for ; s.at.part < len(s.view.parts); s.at = (position{part: s.at.part + 1}) {
		p := &s.view.parts[s.at.part]
		if p.topic.Mode == state.Log {
			continue
		}
		full := s.devices(p)
		if s.key.snapshot && !s.view.app {
			s.snapshotFrame(p)
			s.at.no++
			if !full {
				s.at = position{part: s.at.part + 1}
			}
			return s.result()
		}
		if full {
			return s.result()
		}
	}
	return s.result()
}

func (s *scanner) result() *scanned {
	s.at.done = !s.more()
	s.w.flush()
	out := &scanned{next: s.at, alive: s.alive, sent: s.sent}
	if len(s.w.chunks) > 0 {
		out.chunk = s.w.chunks[0]
		out.same = newShared(out.chunk.bytes, s.view)
	}
	return out
}

// more reports whether a part with rows is left.
func (s *scanner) more() bool {
	for _, p := range s.view.parts[min(s.at.part, len(s.view.parts)):] {
		if p.topic.Mode == state.Rows {
			return true
		}
	}
	return false
}

// devices visits the rows of a part and reports whether the chunk is full.
func (s *scanner) devices(p *part) (full bool) {
	devices := s.store.Devices()
	for ; s.at.device < len(devices); s.at.device, s.at.row = s.at.device+1, 0 {
		d := devices[s.at.device]
		if d == nil {
			continue
		}
		shelf := d.Shelf(p.topic.Topic)
		inView := p.sees(d)
		s.other = s.from.other(s.at.part, p, d, s.key.base)
		if len(shelf.Slots) == 0 || !inView && !s.other && !p.unsure(d, s.key.base) {
			continue
		}
		if !s.key.snapshot && inView && !s.other && shelf.Changed <= s.key.base {
			s.alive[s.at.part] += shelf.Alive // nothing new
			continue
		}
		if s.shelf(p, shelf, inView) {
			return true
		}
	}
	return false
}

func (s *scanner) shelf(p *part, shelf *state.Shelf, inView bool) (full bool) {
	for ; s.at.row < len(shelf.Slots); s.at.row++ {
		row := shelf.Slots[s.at.row]
		if row == nil {
			continue
		}
		if !s.row(p, row, inView) {
			return true
		}
		if inView && !row.Gone {
			s.alive[s.at.part]++
		}
	}
	return false
}

// row adds a row if it has to be told, and reports whether there was room for it.
func (s *scanner) row(p *part, row *state.Row, inView bool) bool {
	judged := whole
	if s.key.snapshot {
		if row.Gone || !inView {
			return true
		}
	} else if judged = s.judge(p, row, inView); judged == nothing {
		return true
	}
	if !s.put(p, row, judged) {
		return false
	}
	s.sent++
	return true
}

// judge tells what the client has to be told of a row.
func (s *scanner) judge(p *part, row *state.Row, inView bool) verdict {
	switch {
	case !s.other:
		return p.judge(row, s.key.base)
	case inView && !row.Gone:
		return whole
	case row.Gone && row.Seq <= s.key.base:
		return nothing // it was told
	}
	return removed
}

func (s *scanner) put(p *part, row *state.Row, judged verdict) bool {
	switch {
	case s.view.app:
		s.buf = p.appendNamed(s.buf[:0], row, judged == removed)
	case s.key.snapshot:
		s.buf = p.appendSnapshotRow(s.buf[:0], row)
		if len(s.rows) > 0 && len(s.rows)+len(s.buf)+frameOverhead > maxSnapshotPart {
			return false
		}
		if len(s.rows) > 0 {
			s.rows = append(s.rows, ',')
		}
		s.rows = append(s.rows, s.buf...)
		return true
	default:
		seq := row.Seq
		if s.other {
			seq = max(seq, s.key.seq) // a client takes no change that is not above what it has
		}
		s.buf = p.appendChange(s.buf[:0], row, seq, judged, s.key.base)
	}
	if !s.w.fits(len(s.buf)) {
		return false
	}
	s.w.change(p.event, s.buf)
	return true
}

// snapshotFrame turns the rows into a part of the snapshot. Part 1 is sent even if it has no row: it
// means "forget what you had".
func (s *scanner) snapshotFrame(p *part) {
	b := strconv.AppendInt([]byte(p.eventHead+`,"part":`), int64(s.at.no+1), 10)
	b = append(append(append(b, `,"rows":[`...), s.rows...), "]}"...)
	s.w.frame("snapshot", b)
}
