package spool

import "errors"

// loadSegment takes a file in. Of a sealed one its footer says what is in it, the others are scanned.
func (s *Spool) loadSegment(name string, first uint64) error {
	f, err := s.dir.open(name, false)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it is opened again by who reads it
	size, err := f.size()
	if err != nil {
		return err
	}
	if size == 0 {
		return s.dir.remove(name) // it was made, and then the power went
	}
	switch err := checkSegment(f, size, first); {
	case errors.Is(err, errNoSegment) || errors.Is(err, errBadHead):
		return s.setAside(name, err)
	case err != nil:
		return err
	}
	g := &segment{name: name, first: first, next: first, size: size}
	if h, points, ok := readFooter(f, size); ok {
		g.size, g.next, g.min, g.max, g.points = size-footerSize, h.seq, h.min, h.max, points
	} else {
		s.scanTail(g, f, size)
	}
	g.synced = g.size
	if err := s.noRepeat(g, f); err != nil {
		return err
	}
	s.nextSeq = max(s.nextSeq, g.next)
	s.countLeft(g, f)
	s.segments = append(s.segments, g)
	s.bytes += size
	return nil
}

// noRepeat sees to it that no number stands for two records. A segment may hold again what the one before
// it ends with: what could not be brought to the disk, and not be cut off there either.
func (s *Spool) noRepeat(g *segment, f file) error {
	if len(s.segments) == 0 {
		return nil
	}
	before := s.segments[len(s.segments)-1]
	if before.next <= g.first {
		return nil
	}
	other, err := s.dir.open(before.name, false)
	if err != nil {
		return err
	}
	s.log.Warn("a segment repeats the end of another", "file", g.name, "other", before.name)
	if g.next == g.first || g.next < before.next && sameRecord(g, f, before, other) {
		g.next = g.first // it was not written to its end
		return other.Close()
	}
	before.next = g.first
	before.points = pointsIn(before, other, nil)
	s.countLeft(before, other)
	return other.Close()
}

// sameRecord reports that the first record of a segment is in another one, too.
func sameRecord(g *segment, f file, other *segment, otherFile file) bool {
	first, _, err := newScanner(f, segmentHead, g.size).next()
	if err != nil {
		return true
	}
	scan := newScanner(otherFile, segmentHead, other.size)
	for h, _, err := scan.next(); err == nil; h, _, err = scan.next() {
		if h.seq == first.seq {
			return h == first
		}
	}
	return false
}

// scanTail goes through a segment that was not sealed: the process ended while it was written. What
// comes behind the last whole record is cut off, and the segment is sealed.
func (s *Spool) scanTail(g *segment, f file, size int64) {
	scan := newScanner(f, segmentHead, size)
	g.size = segmentHead
	for h, _, err := scan.next(); err == nil; h, _, err = scan.next() {
		if h.kind == typeLines && h.seq >= g.next {
			g.count(&h)
			g.points += int(h.points)
			g.size = scan.at
		}
	}
	if scan.err != nil {
		s.metrics.failed(scan.err)
		s.log.Error("a part of a segment cannot be read", "file", g.name, "err", scan.err)
	}
	if g.size < size {
		s.keepTorn(g, f, g.size, size)
		if err := f.Truncate(g.size); err != nil {
			s.metrics.failed(err)
			s.log.Error("a segment cannot be cut to what is good of it", "file", g.name, "err", err)
		}
	}
	if err := f.Sync(); err != nil { // the process that ended may not have come to it
		s.metrics.failed(err)
		s.log.Error("a segment of the last run could not be brought to the disk", "file", g.name, "err", err)
		return
	}
	if _, err := f.WriteAt(g.appendFooter(nil), g.size); err != nil {
		_ = f.Truncate(g.size) // without a footer it is scanned again the next time
	}
}

// count takes note of a record.
func (g *segment) count(h *head) {
	g.next = h.seq + 1
	if h.min > 0 && (g.min == 0 || h.min < g.min) {
		g.min = h.min
	}
	g.max = max(g.max, h.max)
}

// countLeft finds out what is not settled of a segment. A record that is damaged counts: it is settled
// when a reader comes to it.
func (s *Spool) countLeft(g *segment, f file) {
	g.left = int(g.next - g.first - s.settled.count(g.first, g.next))
	switch {
	case g.left == 0:
		g.leftPoints = 0
		return
	case g.left == int(g.next-g.first):
		g.leftPoints = g.points
		return
	}
	g.leftPoints = pointsIn(g, f, s.settled)
}

// pointsIn adds up the samples of a segment but for those that are settled.
func pointsIn(g *segment, f file, settled intervals) (points int) {
	scan := newScanner(f, segmentHead, g.size)
	for h, _, err := scan.next(); err == nil; h, _, err = scan.next() {
		if h.kind == typeLines && h.seq >= g.first && h.seq < g.next && !settled.has(h.seq) {
			points += int(h.points)
		}
	}
	return points
}
