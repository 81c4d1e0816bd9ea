package influxdb

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"time"
)

const (
	// batchLines and batchBytes bound one request. 4,096 lines are found one bad line in within 12
	// halvings.
	batchLines = 4096
	batchBytes = 1 << 20
	// linger is how old a batch gets while others join it.
	linger = time.Second

	backoffFirst = 500 * time.Millisecond
	backoffMost  = 30 * time.Second
	deniedWait   = 30 * time.Second
	// hurry bounds every wait while the sink closes.
	hurry = 200 * time.Millisecond
	// remind and sayRefusals are how often what lasts is logged.
	remind      = 10 * time.Minute
	sayRefusals = time.Minute
)

// poster sends lines to a database: the client, or a test.
type poster interface {
	authorize(header string)
	post(ctx context.Context, lines []byte) reply
}

// sender takes records from the queue and posts them, one request at a time.
type sender struct {
	to      poster
	q       queue
	own     *metrics
	log     *slog.Logger
	login   func() (string, error) // reads the credentials anew
	maxSize int                    // bytes of a request; a 413 lowers it
	most    time.Duration          // longest back-off

	failures int // in a row
	settled  int // lines of the batch that is not acknowledged which the database has, or refused
	trouble  trouble
	refusals refusals
}

// refusals are the samples that were refused since it was said last.
type refusals struct {
	samples int
	said    time.Time
}

// trouble is what is wrong with the destination now, so that it is said once and not with each try.
type trouble struct {
	since, said time.Time
	action      action
}

func newSender(s *Sink, to poster) *sender {
	return &sender{to: to, q: s.q, own: s.own, log: s.log, login: s.cfg.authorization, maxSize: batchBytes, most: s.patience}
}

// run sends until ctx ends, or until the queue is closed and empty.
func (s *sender) run(ctx context.Context) {
	for s.wait(ctx) {
		records := s.q.Take(batchLines, s.maxSize)
		if !s.deliver(ctx, records) {
			return
		}
		s.q.Ack(records)
		s.settled = 0
	}
}

// wait returns true when there is a batch to send: enough, or old enough, or the last.
func (s *sender) wait(ctx context.Context) bool {
	for {
		b := s.q.Waiting()
		age := time.Since(b.Oldest)
		switch {
		case ctx.Err() != nil, b.Closed && b.Records == 0:
			return false
		case b.Records > 0 && (b.Closed || b.Points >= batchLines || b.Bytes >= int64(s.maxSize) || age >= linger):
			return true
		}
		var due <-chan time.Time
		if b.Records > 0 {
			due = time.After(linger - age)
		}
		select {
		case <-ctx.Done():
		case <-due:
		case <-s.q.Changed():
		}
	}
}

// send posts lines until the database has them (accepted) or will not have them as they are (refused,
// tooLarge). It returns later only when ctx has ended.
func (s *sender) send(ctx context.Context, lines []byte) verdict {
	for {
		v := s.try(ctx, lines)
		s.note(v)
		switch v.action {
		case accepted, refused, tooLarge:
			s.failures = 0
			return v
		case denied:
			s.relogin()
		}
		s.failures++
		if !s.pause(ctx, s.delay(v)) {
			return verdict{action: later, reason: v.reason}
		}
	}
}

func (s *sender) try(ctx context.Context, lines []byte) verdict {
	start := time.Now()
	r := s.to.post(ctx, lines)
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

// pause waits, short when the sink is closing. False: ctx has ended.
func (s *sender) pause(ctx context.Context, d time.Duration) bool {
	end := time.Now().Add(d)
	for {
		if s.q.Waiting().Closed {
			end = time.Now().Add(min(hurry, time.Until(end)))
		}
		closed := s.q.Waiting().Closed
		var changed <-chan struct{}
		if !closed {
			changed = s.q.Changed()
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(time.Until(end)):
			return true
		case <-changed:
		}
	}
}

// refuse counts samples that the database will never take, and says so now and then.
func (s *sender) refuse(samples int, reason, example string) {
	s.own.rejected.Add(float64(samples))
	s.refusals.samples += samples
	if now := time.Now(); now.Sub(s.refusals.said) >= sayRefusals {
		s.log.Warn("the database refuses samples for ever", "samples", s.refusals.samples, "reason", reason, "example", example)
		s.refusals = refusals{said: now}
	}
}

// note says when the destination goes bad, when it comes back, and in between now and then.
func (s *sender) note(v verdict) {
	now := time.Now()
	switch bad := v.action == later || v.action == denied; {
	case bad:
		s.own.up.Set(0)
		fresh := s.trouble.since.IsZero()
		if fresh {
			s.trouble.since = now
		}
		if fresh || v.action != s.trouble.action || now.Sub(s.trouble.said) >= remind {
			s.log.Warn("cannot write; the samples are kept and sent again", "reason", v.reason, "queued_bytes", s.q.Waiting().Bytes)
			s.trouble.said, s.trouble.action = now, v.action
		}
	default:
		s.own.up.Set(1)
		if !s.trouble.since.IsZero() {
			s.log.Info("writing again", "after", now.Sub(s.trouble.since).Round(time.Millisecond).String())
			s.trouble = trouble{}
		}
	}
}
