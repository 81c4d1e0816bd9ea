package spool

import (
	"errors"
	"syscall"
	"time"
)

// retryAfter is how long nothing is written after a write that failed.
const retryAfter = time.Second

// Append keeps a record, and returns its number when it is in the kernel: it then outlives the process.
// It never waits for who reads, and does not keep the lines. An error means that the record may not be kept, so
// the caller offers it again: a database keeps one of two.
func (s *Spool) Append(r Record) (seq uint64, err error) {
	if !s.opened() {
		return 0, errNotOpen
	}
	if len(r.Lines) > maxLines {
		return 0, ErrTooLarge
	}
	payload := s.codec.encode(r.Lines)
	packed, ok := parsePacked(payload)
	if !ok || len(payload) > maxRecord {
		return 0, ErrTooLarge
	}
	h := head{kind: typeLines, codec: codecDeflate, points: uint32(r.Points), min: r.MinTime, max: r.MaxTime}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isOpen {
		return 0, errNotOpen
	}
	if s.trouble.err != nil && s.now().Before(s.trouble.until) {
		return 0, errors.Join(errSealed, s.trouble.err)
	}
	for try := range 4 { // another segment may have room; if it has none either, room is made
		if err = s.write(h, payload); err == nil || !isFull(err) {
			break
		}
		if try > 0 && !s.dropOldest(shedDisk) {
			break
		}
	}
	if err != nil {
		s.inTrouble(err)
		return 0, err
	}
	s.recovered()
	seq = s.nextSeq - 1
	s.push(Entry{Packed: packed, Points: r.Points, MinTime: r.MinTime, MaxTime: r.MaxTime, Seq: seq, At: s.now()})
	if s.cfg.Fsync == syncAlways {
		return seq, s.syncActive()
	}
	if len(s.pending) > syncBytes {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	if len(s.pending) > unsyncedBytes {
		return seq, s.syncActive()
	}
	return seq, nil
}

func (s *Spool) opened() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isOpen
}

// write appends to the active segment, or begins another.
func (s *Spool) write(h head, payload []byte) error {
	if err := s.payOwed(); err != nil {
		return err
	}
	h.seq = s.nextSeq
	s.record = appendRecord(s.record[:0], h, payload)
	b := s.record
	if s.active != nil && s.active.size+int64(len(b))+footerSize > s.cfg.SegmentBytes {
		if err := s.seal(); err != nil {
			return err
		}
	}
	if s.active == nil {
		if err := s.begin(int64(len(b))); err != nil {
			return err
		}
	}
	g := s.active
	if _, err := g.file.WriteAt(b, g.size); err != nil {
		s.abandon(err)
		return err
	}
	g.size += int64(len(b))
	g.count(&h)
	g.points += int(h.points)
	g.left++
	g.leftPoints += int(h.points)
	s.nextSeq++
	s.bytes += int64(len(b))
	s.metrics.appended += float64(len(b))
	s.pending = append(s.pending, b...)
	return nil
}

// begin makes a segment for a record of a size, with room for it and those that follow.
func (s *Spool) begin(record int64) error {
	room := max(s.cfg.SegmentBytes, segmentHead+record+footerSize)
	if err := s.makeRoom(room); err != nil {
		return err
	}
	g := &segment{name: segmentName(s.nextSeq), first: s.nextSeq, next: s.nextSeq}
	f, err := s.dir.open(g.name, true)
	if err != nil {
		return err
	}
	g.file = f
	if err = f.reserve(room); err == nil {
		_, err = f.WriteAt(appendSegmentHead(nil, g.first, s.now().UnixNano()), 0)
	}
	if err == nil {
		err = s.dir.sync()
	}
	if err != nil {
		return errors.Join(err, f.Close(), s.dir.remove(g.name))
	}
	g.size, s.pending = segmentHead, s.pending[:0]
	s.active, s.segments = g, append(s.segments, g)
	s.bytes += segmentHead
	return nil
}

// unbegin takes the segment away that was begun last, before it has a record.
func (s *Spool) unbegin() error {
	g := s.active
	s.active, s.segments = nil, s.segments[:len(s.segments)-1]
	s.bytes -= segmentHead
	return errors.Join(g.file.Close(), s.dir.remove(g.name))
}

// abandon ends a segment to which writing failed: what is good of it stays, and it is never written to
// again, as nobody knows what the kernel made of it.
func (s *Spool) abandon(err error) {
	g := s.active
	s.metrics.failed(err)
	if err := g.file.Truncate(g.size); err != nil {
		s.log.Error("a segment cannot be cut to what is good of it; the next start will", "file", g.name, "err", err)
		s.settled.add(s.nextSeq, s.nextSeq) // the record may be there all the same: its number is not given again
		s.moved = true
		s.nextSeq++
	}
	if err := g.sync(g.file); err != nil {
		s.metrics.failed(err)
		s.owed = &tail{g, append([]byte(nil), s.pending...)}
	}
	g.close()
	s.active, s.pending = nil, s.pending[:0]
}

// seal ends the active segment, if there is one, with its footer, and brings it to the disk.
func (s *Spool) seal() error {
	g := s.active
	if g == nil {
		return nil
	}
	if err := s.syncActive(); err != nil {
		return err
	}
	if s.active != g {
		return nil // it could not be synced: another took its place
	}
	_, _ = g.file.WriteAt(g.appendFooter(nil), g.size) // without it the next start scans
	_ = g.file.Truncate(g.size + footerSize)           // gives back what was reserved
	g.close()
	s.active = nil
	s.bytes += footerSize
	return nil
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, errFull)
}

// inTrouble notes that nothing can be written for a moment.
func (s *Spool) inTrouble(err error) {
	now := s.now()
	if s.trouble.err == nil || now.Sub(s.trouble.told) > time.Minute {
		s.log.Error("records cannot be kept; polling and the other stores go on", "folder", s.opt.Dir, "err", err)
		s.trouble.told = now
	}
	s.trouble.err, s.trouble.until = err, now.Add(retryAfter)
	if isFull(err) {
		s.trouble.until = now.Add(retryAfter / 2) // there may be room any moment
	}
}

func (s *Spool) recovered() {
	if s.trouble.err != nil {
		s.log.Info("records are kept again", "folder", s.opt.Dir)
		s.trouble = trouble{}
	}
}
