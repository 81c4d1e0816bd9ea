package influxdb

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/routerpulse/routerpulse/sinks/spool"
)

const (
	// batchLines and batchBytes bound one request. 4,096 lines are found one bad line in within 12
	// halvings.
	batchLines = 4096
	batchBytes = 1 << 20
	// linger is how old a batch gets while others join it.
	linger = time.Second

	// How many requests may be on their way at once: of what is new, and of what piled up.
	newestSenders  = 2
	backlogSenders = 4

	backoffFirst = 500 * time.Millisecond
	backoffMost  = 30 * time.Second
	deniedWait   = 30 * time.Second
	// remind and sayRefusals are how often what lasts is logged.
	remind      = 10 * time.Minute
	sayRefusals = time.Minute
)

// poster sends lines, as a gzip, to a database: the client, or a test.
type poster interface {
	authorize(header string)
	post(ctx context.Context, body []byte) reply
}

// sender takes records from one end of the spool and posts them, one request at a time.
type sender struct {
	*destination
	from     *spool.Reader
	lingers  bool // it waits for a batch to fill
	failures int  // in a row
}

// run sends until ctx ends or, when the sink closes, until there is nothing new or the database is away.
func (s *sender) run(ctx context.Context) {
	defer s.giveBack()
	for s.wait(ctx) {
		records := s.from.Take(batchLines, s.limit())
		if len(records) == 0 {
			continue // another sender was faster
		}
		switch s.deliver(ctx, records) {
		case delivered:
			s.spool.Ack(records)
			s.tryBehind(ctx)
		case stuck:
			s.moveBehind(records)
		case kept:
			s.spool.Return(records)
			s.giveUp(s)
			return
		}
	}
}

// wait returns true when there is a batch to send: enough, or old enough, or the last.
func (s *sender) wait(ctx context.Context) bool {
	for ctx.Err() == nil {
		ready, ending := s.from.Ready(), s.ending()
		if ending && (!ready.Some || !s.lingers) {
			return false
		}
		age := time.Since(ready.Oldest)
		if ready.Some && (ending || !s.lingers || ready.Points >= batchLines || ready.Bytes >= s.limit() || age >= linger) {
			return true
		}
		var due <-chan time.Time
		if ready.Some {
			due = time.After(linger - age)
		}
		select {
		case <-ctx.Done():
		case <-due:
		case <-s.from.Changed():
		case <-s.closed:
		}
	}
	return false
}

// send posts a gzip of lines until the database has them (accepted) or will not have them as they are (refused,
// tooLarge). It returns later only when ctx has ended, when the sink closes and the database is away, or,
// stuck, when the database fails at these lines and takes others.
func (s *sender) send(ctx context.Context, body []byte) verdict {
	for s.turn(ctx, s) {
		v := s.try(ctx, body)
		if v.missing && s.create(ctx) {
			v = s.try(ctx, body)
		}
		s.note(v, s)
		switch v.action {
		case accepted, refused, tooLarge:
			s.failures = 0
			return v
		case denied:
			s.relogin()
		}
		s.failures++
		if v.action == later && s.failures%stuckAfter == 0 && s.takesOthers(ctx) {
			s.failures = 0
			s.note(verdict{action: accepted}, s)
			v.stuck = true
			return v
		}
		if s.ending() || !s.pause(ctx, s.delay(v)) {
			break
		}
	}
	return verdict{action: later}
}

func (s *sender) try(ctx context.Context, body []byte) verdict {
	start := time.Now()
	r := s.to.post(ctx, body)
	s.own.seconds.Observe(time.Since(start).Seconds())
	s.own.requests.WithLabelValues(strconv.Itoa(r.Status)).Inc()
	return r.judge(time.Now())
}

// relogin reads the token file again: somebody may have put a new token there.
func (s *sender) relogin() {
	header, err := s.login()
	if err != nil {
		s.log.Warn("cannot read the credentials again; the old ones stay", "error", err)
		return
	}
	s.to.authorize(header)
}

// delay before the next try.
func (s *sender) delay(v verdict) time.Duration {
	switch {
	case v.action == denied:
		return deniedWait
	case v.wait > 0:
		return v.wait
	}
	return backoff(s.failures, s.most)
}

// backoff is a random time up to 0.5 s, doubled with each failure up to most, so that many senders do not
// come back at once.
func backoff(failures int, most time.Duration) time.Duration {
	if failures < 7 { // 0.5 s doubled six times is over 30 s
		most = min(most, backoffFirst<<max(failures-1, 0))
	}
	return rand.N(most)
}

// pause waits. False: ctx has ended. When the sink closes there is one more try, at once.
func (s *sender) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.closed:
		return true
	case <-t.C:
		return true
	}
}
