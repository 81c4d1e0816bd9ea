package spool

import (
	"errors"
	"fmt"
	"io"
)

// maxTorn is how much of what could not be read at the end of a segment is kept aside.
const maxTorn = 1 << 20

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
	var b [segmentHead]byte
	if n, err := f.ReadAt(b[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	} else if err := checkSegmentHead(b[:n], first); err != nil {
		return s.setAside(name, size, err)
	}
	g := &segment{name: name, first: first, next: first, size: size}
	var records, points int
	if h, n, p, ok := readFooter(f, size); ok {
		g.size, g.next, g.min, g.max, records, points = size-footerSize, h.seq, h.min, h.max, n, p
	} else if records, points, err = s.scanTail(g, f, size); err != nil {
		return err
	}
	g.synced = g.size
	if g.next < s.nextSeq { // it holds again what the one before it does, which could not be synced
		s.log.Warn("a segment repeats another", "file", name)
	}
	s.nextSeq = max(s.nextSeq, g.next)
	g.points, g.left, g.leftPoints = points, records, points
	if g.next > g.first && s.settled.touches(g.first, g.next-1) {
		s.countLeft(g, f)
	}
	s.segments = append(s.segments, g)
	s.bytes += size
	return nil
}

// setAside renames a file that is no segment: nothing is ever thrown away unseen.
func (s *Spool) setAside(name string, size int64, why error) error {
	if size == 0 {
		return s.dir.remove(name) // it was made, and then the power went
	}
	s.log.Error("a file is not a segment; it is kept under another name", "file", name, "as", name+".bad", "err", why)
	s.metrics.damaged.Inc()
	return s.dir.rename(name, name+".bad")
}

// scanTail goes through a segment that was not sealed: the process ended while it was written. What
// comes behind the last whole record is cut off, and the segment is sealed.
func (s *Spool) scanTail(g *segment, f file, size int64) (records, points int, err error) {
	scan := newScanner(f, segmentHead, size)
	end := int64(segmentHead)
	for {
		h, _, err := scan.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, 0, err
		}
		if h.kind != typeLines || h.seq < g.next {
			continue
		}
		g.count(&h)
		records, points = records+1, points+int(h.points)
		end = scan.at
	}
	if end < size {
		s.keepTorn(g, f, end, size)
		if err := f.Truncate(end); err != nil {
			return 0, 0, fmt.Errorf("%s: %w", g.name, err)
		}
	}
	g.size = end
	if err := f.Sync(); err != nil { // the process that ended may not have come to it
		s.metrics.failed(err)
		s.log.Error("a segment of the last run could not be brought to the disk", "file", g.name, "err", err)
		return records, points, nil
	}
	if _, err := f.WriteAt(g.appendFooter(nil, records, points), end); err != nil {
		_ = f.Truncate(end) // without a footer it is scanned again the next time
	}
	return records, points, nil
}

// count takes note of a record.
func (g *segment) count(h *head) {
	g.next = h.seq + 1
	if h.min > 0 && (g.min == 0 || h.min < g.min) {
		g.min = h.min
	}
	g.max = max(g.max, h.max)
}

// keepTorn keeps what is cut off, for people.
func (s *Spool) keepTorn(g *segment, f file, from, to int64) {
	b := make([]byte, min(to-from, maxTorn))
	n, _ := f.ReadAt(b, from)
	s.log.Warn("the last record of a segment was not written to its end", "file", g.name, "bytes", to-from)
	out, err := s.dir.open(g.name+".torn", true)
	if err != nil {
		return
	}
	_, _ = out.WriteAt(b[:n], 0)
	_ = out.Close()
}

// countLeft counts what is not settled of a segment of which something is.
func (s *Spool) countLeft(g *segment, f file) {
	g.left, g.leftPoints = 0, 0
	if s.settled.covers(g.first, g.next-1) {
		return
	}
	scan := newScanner(f, segmentHead, g.size)
	for {
		h, _, err := scan.next()
		if err != nil {
			return
		}
		if h.kind == typeLines && !s.settled.has(h.seq) {
			g.left++
			g.leftPoints += int(h.points)
		}
	}
}
