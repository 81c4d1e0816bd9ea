package spool

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// syncing brings to the disk what was appended, 200 ms after it was or when there is much of it, and the
// cursor after it. It ends when the spool closes.
func (s *Spool) syncing() {
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	turns := 0
	for {
		select {
		case <-s.stop:
			return
		case <-s.wake:
		case <-tick.C:
			turns++
		}
		s.syncOnce()
		if turns%5 == 0 { // each second
			s.saveCursor()
		}
		if turns%50 == 0 {
			s.tend()
		}
	}
}

// syncOnce syncs the active segment without keeping others from appending to it meanwhile.
func (s *Spool) syncOnce() {
	s.mu.Lock()
	g := s.active
	if g == nil || len(s.pending) == 0 {
		s.mu.Unlock()
		return
	}
	f, size := g.file, g.size
	s.mu.Unlock()
	start := time.Now()
	err := g.sync(f)
	s.metrics.fsync.Observe(time.Since(start).Seconds())
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.active != g: // it was sealed meanwhile, and synced before that, or heard of the same error
	case err != nil:
		_ = s.lostSync(err) // it says so itself
	default:
		s.isSynced(g, size)
	}
}

// isSynced notes that the active segment is on the disk up to a size. More of it may be by now: whoever
// appends syncs as well when there is much.
func (s *Spool) isSynced(g *segment, size int64) {
	if size <= g.synced {
		return
	}
	g.synced = size
	s.pending = append(s.pending[:0], s.pending[len(s.pending)-int(g.size-size):]...)
}

// syncActive syncs the active segment now.
func (s *Spool) syncActive() error {
	if s.active == nil || len(s.pending) == 0 {
		return nil
	}
	if err := s.trySync(); err != nil {
		return s.lostSync(err)
	}
	return nil
}

func (s *Spool) trySync() error {
	g := s.active
	start := time.Now()
	err := g.sync(g.file)
	s.metrics.fsync.Observe(time.Since(start).Seconds())
	if err == nil {
		s.isSynced(g, g.size)
	}
	return err
}

// lostSync is after a sync that failed. The kernel may have dropped what it could not write, and would
// say at the next sync that all is well: so that file is never synced again, and what was not on the
// disk is written to another one.
func (s *Spool) lostSync(cause error) error {
	s.log.Error("a segment could not be brought to the disk; its last records are written to another", "file", s.active.name, "bytes", len(s.pending), "err", cause)
	s.owe(cause)
	if err := s.payOwed(); err != nil {
		s.inTrouble(err)
		return err
	}
	return nil
}

// owe ends the active segment, whose sync failed. What was not on the disk is to be written again.
func (s *Spool) owe(cause error) {
	g := s.active
	s.metrics.failed(cause)
	g.close()
	s.active = nil
	s.owed = &tail{g, append([]byte(nil), s.pending...)}
	s.pending = s.pending[:0]
}

// tail is what is at the end of a segment and not on the disk, and must be written to another.
type tail struct {
	segment *segment
	records []byte
}

// payOwed writes what could not be brought to the disk to another segment. Nothing is appended before.
func (s *Spool) payOwed() error {
	owed := s.owed
	if owed == nil {
		return nil
	}
	if slices.Contains(s.segments, owed.segment) { // else all of it is settled
		if err := s.moveTail(owed.segment, owed.records); err != nil {
			return fmt.Errorf("%w: %w", errLostFsync, err)
		}
	}
	s.owed = nil
	return nil
}

// moveTail writes records that are at the end of a segment to a new one, and cuts them off the old.
func (s *Spool) moveTail(old *segment, records []byte) error {
	first := firstSeq(records)
	if first == 0 {
		return nil
	}
	back := func() error { return nil }
	if first == old.first { // nothing of it is on the disk: the new one takes its name
		name := old.name
		if err := s.dir.rename(name, name+unsyncedSuffix); err != nil {
			return err
		}
		old.name += unsyncedSuffix
		back = func() error {
			if err := s.dir.rename(name+unsyncedSuffix, name); err != nil {
				return err
			}
			old.name = name
			return nil
		}
	}
	after := s.nextSeq
	s.nextSeq = first
	if err := s.begin(int64(len(records))); err != nil {
		s.nextSeq = after
		return errors.Join(err, back())
	}
	s.nextSeq = after
	if !slices.Contains(s.segments, old) { // to make room for it, it was shed
		return s.unbegin()
	}
	g := s.active
	if _, err := g.file.WriteAt(records, segmentHead); err != nil {
		return errors.Join(err, s.unbegin(), back())
	}
	g.size += int64(len(records))
	s.bytes += int64(len(records))
	s.pending = append(s.pending, records...)
	for rest := records; len(rest) >= headSize; {
		h, err := parseHead(rest)
		if err != nil {
			break // they were made here
		}
		g.take(old, &h, s.settled.has(h.seq))
		rest = rest[h.size():]
	}
	old.next, s.owed = first, nil
	s.truncate(old, old.size-int64(len(records)))
	if old.left == 0 {
		s.discard(old)
	}
	if err := s.trySync(); err != nil {
		s.owe(err) // later: on this disk it may go on like that for ever
		return err
	}
	return nil
}

// take moves the account of a record from another segment.
func (g *segment) take(old *segment, h *head, settled bool) {
	g.count(h)
	g.points += int(h.points)
	old.points -= int(h.points)
	if !settled {
		g.left, old.left = g.left+1, old.left-1
		g.leftPoints, old.leftPoints = g.leftPoints+int(h.points), old.leftPoints-int(h.points)
	}
}

// truncate cuts a segment that is not written to any more.
func (s *Spool) truncate(g *segment, size int64) {
	s.bytes -= g.size - size
	g.size, g.synced = size, size
	f, err := s.dir.open(g.name, false)
	if err != nil {
		return // the next start reads its records twice, which does no harm
	}
	_ = f.Truncate(size)
	_ = f.Close()
}

func firstSeq(records []byte) uint64 {
	h, err := parseHead(records)
	if err != nil {
		return 0
	}
	return h.seq
}

// saveCursor brings what is settled to the disk, if it moved.
func (s *Spool) saveCursor() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.moved {
		return
	}
	if err := s.cursor.write(s.settled); err != nil {
		s.metrics.failed(err) // what is settled may be handed out again after a crash
		return
	}
	s.moved = false
	s.dropSettled()
}
