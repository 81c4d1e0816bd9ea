package influxdb

import (
	"context"
	"fmt"

	"github.com/routerpulse/routerpulse/sinks/spool"
)

const (
	// stuckAfter is after how many failures in a row it is asked whether it is the database or these lines.
	stuckAfter = 20
	// behindTries is how often a record that was moved behind is tried before it is given up.
	behindTries = 3
)

// behind is a record at which the database fails although it takes others.
type behind struct {
	record spool.Entry
	tries  int
}

// takesOthers reports that the database takes another record, which is then written: it is not the database
// that fails, but what it was given before.
func (s *sender) takesOthers(ctx context.Context) bool {
	probe := s.spool.Newest().Take(1, 1)
	if len(probe) == 0 {
		probe = s.spool.Backlog().Take(1, 1)
	}
	if len(probe) == 0 {
		return false
	}
	v := s.try(ctx, spool.Gzip(probe))
	if v.action != accepted {
		s.spool.Return(probe)
		return v.action == refused // it answers well; who takes it next finds the bad line
	}
	s.spool.Ack(probe)
	s.own.written.Add(float64(probe[0].Points - min(v.rejected, probe[0].Points)))
	return true
}

// moveBehind puts records aside, to be tried one by one after others.
func (s *sender) moveBehind(records []spool.Entry) {
	s.log.Warn("the database fails at some records and takes others; they are tried again later, one by one", "records", len(records))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		s.behind = append(s.behind, behind{record: r})
	}
}

// takeBehind hands out all that was moved behind: one sender tries them.
func (s *sender) takeBehind() []behind {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.behind
	s.behind = nil
	return all
}

// tryBehind tries each record that was moved behind once. It is called when others were delivered: so the
// database took others before and between the failures of a record that is given up.
func (s *sender) tryBehind(ctx context.Context) {
	waiting := s.takeBehind()
	var still []behind
	for len(waiting) > 0 && ctx.Err() == nil && !s.ending() {
		b := waiting[0]
		record := []spool.Entry{b.record}
		switch v := s.try(ctx, spool.Gzip(record)); v.action {
		case denied:
			still = append(still, b)
		case later:
			if b.tries++; b.tries < behindTries {
				still = append(still, b)
				break
			}
			s.bury(b.record, v)
			s.spool.Ack(record)
		default: // it can be told what is bad in it, if anything
			if s.deliver(ctx, record) == delivered {
				s.spool.Ack(record)
			} else {
				still = append(still, b)
			}
		}
		waiting = waiting[1:]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behind = append(append(s.behind, still...), waiting...)
}

// bury gives a record up at which the database fails.
func (s *sender) bury(record spool.Entry, v verdict) {
	lines, err := record.Lines()
	if err != nil {
		v.reason = fmt.Sprintf("%s; it cannot be unpacked either: %v", v.reason, err)
	}
	s.refuse(lines, record.Points, fmt.Sprintf("the database failed at this poll %d times and took others: %s", stuckAfter+behindTries, v.reason))
}

// giveBack returns what was moved behind to the spool: it is sent after the next start.
func (s *sender) giveBack() {
	for _, b := range s.takeBehind() {
		s.spool.Return([]spool.Entry{b.record})
	}
}
