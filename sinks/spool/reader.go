package spool

import (
	"errors"
	"time"
)

// Reader hands out records. Newest and Backlog together hand out each record once, until it is returned.
type Reader struct {
	spool   *Spool
	newest  bool
	changed chan struct{}

	points, bytes int // that Newest's reader waits for
}

// Newest hands out what came last, from memory.
func (s *Spool) Newest() *Reader { return &s.newest }

// Backlog hands out, oldest first, what is not in memory: what an earlier process left, and what piled
// up while the database was away.
func (s *Spool) Backlog() *Reader { return &s.older }

// Await says that Newest's reader waits for so many points or bytes of lines, once there is a first record.
func (r *Reader) Await(points, bytes int) {
	r.spool.mu.Lock()
	defer r.spool.mu.Unlock()
	r.points, r.bytes = points, bytes
}

// Changed receives when there may be more to take, and after Close.
func (r *Reader) Changed() <-chan struct{} { return r.changed }

// Take hands out the oldest records that this reader has, at least one if there is any, up to about so
// many points and bytes of lines. They are to be acknowledged or returned.
func (r *Reader) Take(points, bytes int) []Entry {
	if r.newest {
		return r.spool.takeNewest(points, bytes)
	}
	return r.spool.takeBacklog(points, bytes)
}

// Ready is what a reader could hand out now.
type Ready struct {
	Some   bool
	Points int       // of Newest alone
	Bytes  int       // of Newest alone
	Oldest time.Time // when the first of Newest was appended
}

// Ready tells what the reader could hand out now.
func (r *Reader) Ready() Ready {
	s := r.spool
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.newest {
		return Ready{Some: s.isOpen && s.backlog.seq < s.ringFirst()}
	}
	ready := Ready{Some: len(s.ring.entries) > 0, Points: s.ring.points, Bytes: s.ring.lines}
	if ready.Some {
		ready.Oldest = s.ring.entries[0].At
	}
	return ready
}

// push puts a record where Newest finds it. What does not fit any more is left to Backlog. Who waits is told
// of the first record, and when there are enough for a request: not of each, which would wake him for nothing.
func (s *Spool) push(e Entry) {
	first := len(s.ring.entries) == 0
	s.ring.push(e)
	dropped := false
	for s.ring.bytes > ringBytes && len(s.ring.entries) > 1 {
		s.backlog.reach(s.ring.take().Seq)
		dropped = true
	}
	if first || s.ring.points >= s.newest.points || s.ring.lines >= s.newest.bytes {
		notify(s.newest.changed)
	}
	if dropped {
		notify(s.older.changed)
	}
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (s *Spool) takeNewest(points, bytes int) []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Entry
	for p, size := 0, 0; len(s.ring.entries) > 0; {
		next := &s.ring.entries[0]
		p, size = p+next.Points, size+next.Size()
		if len(out) > 0 && (p > points || size > bytes) {
			notify(s.newest.changed) // for who else waits
			break
		}
		out = append(out, s.ring.take())
		s.flying[out[len(out)-1].Seq] = out[len(out)-1].Points
	}
	return out
}

// Ack says that records are in the database, or never will be: they are not handed out again.
func (s *Spool) Ack(entries []Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range entries {
		delete(s.flying, entries[i].Seq)
		s.settle(entries[i].Seq, entries[i].Points)
	}
}

// Return gives records back, to be handed out again: by Newest if they are still new.
func (s *Spool) Return(entries []Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		delete(s.flying, e.Seq)
		switch {
		case s.settled.has(e.Seq): // its segment was dropped meanwhile
			s.metrics.shed(s.dropped, 1, e.Points)
		case s.ring.bytes+len(e.blocks) <= ringBytes && s.ringFirst() == e.Seq+1:
			s.ring.back(e)
			notify(s.newest.changed)
		default:
			s.backlog.reach(e.Seq)
			notify(s.older.changed)
		}
	}
}

// ringFirst is the first record in memory.
func (s *Spool) ringFirst() uint64 {
	if len(s.ring.entries) > 0 {
		return s.ring.entries[0].Seq
	}
	return s.nextSeq
}

// backlog is how far the disk was read.
type backlog struct {
	seq     uint64 // the next record to look at
	file    file
	segment *segment
	scan    *scanner
}

// reach makes sure that a record is looked at again.
func (b *backlog) reach(seq uint64) {
	if seq < b.seq {
		b.close()
		b.seq = seq
	}
}

func (b *backlog) close() {
	if b.file != nil {
		_ = b.file.Close() // it was only read
	}
	b.file, b.segment, b.scan = nil, nil, nil
}

// takeBacklog reads from the disk. One record at a time is read under the lock: appending goes on in
// between.
func (s *Spool) takeBacklog(points, bytes int) (out []Entry) {
	p, size := 0, 0
	for len(out) == 0 || p < points && size < bytes {
		e, more := s.nextOnDisk()
		if !more {
			break
		}
		if e == nil {
			continue
		}
		p, size = p+e.Points, size+e.Size()
		out = append(out, *e)
	}
	return out
}

// nextOnDisk looks at the next record; nil if it is none to hand out. more is false at the end.
func (s *Spool) nextOnDisk() (e *Entry, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isOpen || s.backlog.seq >= s.ringFirst() {
		return nil, false
	}
	if !s.findBacklog() {
		return nil, s.backlog.seq < s.ringFirst()
	}
	b := &s.backlog
	b.scan.end = b.segment.size
	h, at, err := b.scan.next()
	if b.scan.err != nil {
		s.metrics.failed(b.scan.err)
		s.log.Error("a part of a segment cannot be read; its records are skipped", "file", b.segment.name, "err", b.scan.err)
		b.scan.err = nil
	}
	switch {
	case err != nil:
		s.miss(b.seq, b.segment.next)
		b.seq = b.segment.next
		b.close()
		return nil, true
	case h.kind != typeLines || h.seq < b.seq:
		return nil, true
	}
	s.miss(b.seq, h.seq)
	b.seq = h.seq + 1
	if _, flies := s.flying[h.seq]; flies || s.settled.has(h.seq) || h.seq >= s.ringFirst() {
		return nil, true
	}
	return s.readEntry(&h, at), true
}

// readEntry reads a record, nil if it is damaged: then it is counted as lost.
func (s *Spool) readEntry(h *head, at int64) *Entry {
	var packed Packed
	payload, err := s.backlog.scan.read(h, at)
	if err == nil {
		packed, err = decode(h, payload)
	}
	if err != nil {
		if !errors.Is(err, errDamaged) {
			s.metrics.failed(err)
		}
		s.log.Error("a record is damaged and skipped", "file", s.backlog.segment.name, "seq", h.seq, "samples", h.points, "err", err)
		s.metrics.shed(shedDamaged, 1, int(h.points))
		s.settle(h.seq, int(h.points))
		return nil
	}
	s.flying[h.seq] = int(h.points)
	return &Entry{Packed: packed, Points: int(h.points), MinTime: h.min, MaxTime: h.max, Seq: h.seq, At: time.UnixMilli(h.max)}
}

// miss settles records that should have come and did not: their headers are damaged. How many points
// they had is what the segment has too many.
func (s *Spool) miss(from, to uint64) {
	for seq := from; seq < to; seq++ {
		if _, flies := s.flying[seq]; flies || s.settled.has(seq) {
			continue
		}
		g := s.segmentOf(seq)
		points := 0
		if g != nil && g.left == 1 {
			points = g.leftPoints
		}
		s.metrics.shed(shedDamaged, 1, points)
		s.settle(seq, points)
	}
}

// findBacklog opens the segment of the next record; false: it is gone.
func (s *Spool) findBacklog() bool {
	b := &s.backlog
	if b.segment != nil && b.segment.first <= b.seq && b.seq < b.segment.next && s.segmentOf(b.seq) == b.segment {
		return true
	}
	b.close()
	g := s.segmentOf(b.seq)
	if g == nil {
		next := s.segmentAfter(b.seq)
		s.missGap(b.seq, next)
		b.seq = next
		return false
	}
	f, err := s.dir.open(g.name, false)
	if err != nil {
		s.metrics.failed(err)
		s.log.Error("a segment cannot be read; its records are skipped", "file", g.name, "err", err)
		s.miss(b.seq, g.next)
		b.seq = g.next
		return false
	}
	b.file, b.segment, b.scan = f, g, newScanner(f, segmentHead, g.size)
	return true
}

// missGap settles records of which there is no segment: it was dropped, which was counted, or somebody
// removed it.
func (s *Spool) missGap(from, to uint64) {
	if from >= to || s.settled.covers(from, to-1) {
		return
	}
	lost := to - from - s.settled.count(from, to)
	s.log.Error("a segment is missing", "first", from, "records", lost)
	s.metrics.shed(shedDamaged, int(lost), 0)
	s.settled.add(from, to-1)
	s.moved = true
}

// segmentAfter is where the next segment after a gap begins: one was dropped, or is missing.
func (s *Spool) segmentAfter(seq uint64) uint64 {
	for _, g := range s.segments {
		if g.first > seq {
			return g.first
		}
	}
	return s.nextSeq
}
