package spool

import (
	"fmt"
	"slices"
	"time"
)

// Why records are shed.
const (
	shedCap      = "max_bytes"
	shedAge      = "max_age"
	shedDisk     = "disk_full"
	shedDamaged  = "damaged"
	keepFree     = 20 // a twentieth of the file system stays free
	mostKeptFree = 1 << 30
)

// settle notes that a record will not be handed out again: it is acknowledged, or lost.
func (s *Spool) settle(seq uint64, points int) {
	if s.settled.has(seq) {
		return
	}
	s.settled.add(seq, seq)
	s.moved = true
	if g := s.segmentOf(seq); g != nil {
		g.left--
		g.leftPoints -= points
	}
}

// segmentOf finds the segment of a record, nil if it is gone.
func (s *Spool) segmentOf(seq uint64) *segment {
	i, _ := slices.BinarySearchFunc(s.segments, seq, func(g *segment, seq uint64) int {
		if g.next <= seq {
			return -1
		}
		return 1
	})
	if i < len(s.segments) && s.segments[i].first <= seq {
		return s.segments[i]
	}
	return nil
}

// dropSettled removes the segments of which nothing is left. That they are settled is on the disk before.
func (s *Spool) dropSettled() {
	s.segments = slices.DeleteFunc(s.segments, func(g *segment) bool {
		if g.left > 0 || g == s.active {
			return false
		}
		return s.removeFile(g)
	})
}

func (s *Spool) removeFile(g *segment) bool {
	if s.moved {
		if err := s.cursor.write(s.settled); err != nil {
			s.metrics.failed(err)
			if !isFull(err) {
				return false
			}
		} else {
			s.moved = false
		}
	}
	if err := s.dir.remove(g.name); err != nil && !isNotThere(err) {
		s.metrics.failed(err)
		return false
	}
	s.bytes = max(0, s.bytes-g.size-footerSize)
	if len(s.segments) == 1 {
		s.bytes = 0
	}
	return true
}

// discard removes one segment, of which nothing is left.
func (s *Spool) discard(g *segment) {
	s.removeFile(g)
	s.segments = slices.DeleteFunc(s.segments, func(other *segment) bool { return other == g })
}

// dropOldest sheds the oldest segment and counts what it held that nobody has; false: there is none but
// the active one.
func (s *Spool) dropOldest(reason string) bool {
	s.dropSettled()
	if len(s.segments) == 0 || s.segments[0] == s.active {
		return false
	}
	g := s.segments[0]
	records, points := g.left, g.leftPoints
	for seq, n := range s.flying { // they are on their way, and may arrive
		if g.first <= seq && seq < g.next && !s.settled.has(seq) {
			records, points = records-1, points-n
		}
	}
	s.dropped = reason
	s.metrics.shed(reason, records, points)
	s.log.Warn("the oldest records are dropped: the database was away for too long", "reason", reason, "file", g.name, "samples", points, "records", records)
	s.ring.drop(g.first, g.next)
	if g.next > g.first {
		s.settled.add(g.first, g.next-1)
		s.moved = true
	}
	g.left, g.leftPoints = 0, 0
	s.discard(g)
	return true
}

// makeRoom sheds until a new segment fits under the cap and leaves some of the file system free.
func (s *Spool) makeRoom(size int64) error {
	s.expire()
	for s.bytes+size > s.cfg.MaxBytes {
		if !s.dropOldest(shedCap) {
			break
		}
	}
	for {
		free, total, err := s.dir.room()
		if err != nil {
			return err
		}
		if free-size >= min(total/keepFree, mostKeptFree) {
			return nil
		}
		if s.dropOldest(shedDisk) {
			continue
		}
		if free < size {
			return fmt.Errorf("%w: %d bytes are free, a segment takes %d", errFull, free, size)
		}
		return nil // others filled the disk: what the database takes soon needs one segment only
	}
}

// expire sheds segments that are too old as a whole: the database would refuse them. Old is what is far
// behind the newest sample, not behind the machine's clock: that one may have been set to 2098 by mistake.
func (s *Spool) expire() {
	if s.cfg.MaxAge == 0 {
		return
	}
	var newest int64
	for _, g := range s.segments {
		newest = max(newest, g.max)
	}
	oldest := newest - s.cfg.MaxAge.Std().Milliseconds()
	for len(s.segments) > 0 && s.segments[0] != s.active && s.segments[0].max > 0 && s.segments[0].max < oldest {
		if !s.dropOldest(shedAge) {
			return
		}
	}
}

// tend does what is to be done now and then.
func (s *Spool) tend() {
	s.mu.Lock()
	s.expire()
	s.metrics.rate.note(s.now(), s.metrics.appended)
	s.mu.Unlock()
	s.resend()
}

// rate is how fast the spool grows.
type rate struct {
	at      time.Time
	bytes   float64
	perSec  float64
	measure bool
}

// note takes a reading, some seconds after the last.
func (r *rate) note(now time.Time, bytes float64) {
	if seconds := now.Sub(r.at).Seconds(); r.measure && seconds > 0 {
		r.perSec += ((bytes-r.bytes)/seconds - r.perSec) / 4
	}
	r.at, r.bytes, r.measure = now, bytes, true
}
