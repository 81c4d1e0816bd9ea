// Package routeros reads MikroTik routers over the RouterOS API.
//
// The login is go-routeros's; the connection below it is ours (wire.go, framing.go): it has a deadline on
// every read and write, and refuses an excessive length before memory is taken for it. Sentences are
// read where they lie in its buffer, and rows become samples without a string in between (row.go,
// rowset.go). What is read stands in tables_*.go, one literal for each table (table.go says how).
package routeros

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// Source names this protocol in a TableRead.
const Source = "routeros"

// keptSilence is how long a connection that was kept may be silent before a new one is tried: it may
// have died unnoticed.
const keptSilence = 5 * time.Second

// requestPatience is for each table.
func requestPatience() patience { return patience{total: 30 * time.Second, silence: 10 * time.Second} }

// Collector reads one router over one connection, which it keeps. It is safe for concurrent use:
// lanes take turns for each table.
type Collector struct {
	dialer dialer
	rows   *pipeline.Rows
	shared *Shared

	now      func() time.Time // for the pause after a refused login
	patience patience         // for each request

	memory memory

	listening sync.WaitGroup // of the listener, if there is one
	connected chan struct{}  // tells it that a poll has a connection; nil: nobody listens

	life  context.Context // ends with Close, and every request with it
	end   context.CancelCauseFunc
	heard atomic.Int64  // when the last sentence came, in Unix nanoseconds
	place *list.Element // in Shared.kept, guarded by its mu

	turns   turns
	session *session // nil: not connected; it and refusal belong to who has the turn
	refusal refusal
}

// New makes the collector of one router. It does not connect; it fails if target cannot be right.
func New(target Target, rows *pipeline.Rows, shared *Shared) (*Collector, error) {
	if err := target.check(); err != nil {
		return nil, err
	}
	c := &Collector{rows: rows, shared: shared, now: time.Now, patience: requestPatience()}
	c.dialer = dialer{target: target, shared: shared, heard: &c.heard}
	c.life, c.end = context.WithCancelCause(context.Background())
	return c, nil
}

// Close ends what is under way and closes the connection. It may be called more than once.
func (c *Collector) Close() error {
	c.end(errClosed)
	c.listening.Wait()
	_ = c.turns.take(context.Background(), pipeline.LaneStatus) // cannot fail; requests end at once
	defer c.turns.give()
	if c.session != nil {
		c.session.close()
		c.session = nil
		c.shared.closed(c)
	}
	return nil
}

// Check asks whether the router is there and lets us in: by a small request on the kept connection,
// else by connecting and logging in. It goes before other lanes, so it waits for one table at most.
// Errors are those of Collect.
func (c *Collector) Check(ctx context.Context) error {
	ctx, cancel := c.within(ctx)
	defer cancel()
	began := time.Now().UnixNano()
	err := c.request(ctx, pipeline.LaneStatus, true, func(s *session, fresh bool) []*call {
		if fresh {
			return nil // the login says it all
		}
		return []*call{{id: "/system/identity", words: []string{"/system/identity/print", "=.proplist=name"}}}
	})
	if errors.Is(err, errBusy) && c.heard.Load() >= began {
		return nil // it is there: the whole time it was answering somebody else
	}
	return c.wrap(err)
}

// within ends a context with the collector.
func (c *Collector) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.life, func() { cancel(context.Cause(c.life)) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// wrap names the device and the address.
func (c *Collector) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s (%s): %w", c.dialer.target.Device, c.dialer.target.endpoint(), err)
}

// request waits for the turn, connects if need be, and runs what ask makes; fresh tells ask that the
// session is new. If first is set and a kept connection turns out to be dead, it is replaced and ask
// is called again. An error means that the connection is gone or never was.
func (c *Collector) request(ctx context.Context, lane pipeline.Lane, first bool, ask func(s *session, fresh bool) []*call) error {
	if err := c.turns.take(ctx, lane); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return errBusy
		}
		return err
	}
	defer c.release()
	if c.life.Err() != nil {
		return errClosed
	}
	if c.session != nil {
		p := c.patience
		if first {
			p.silence = min(p.silence, keptPatience(ctx))
		}
		calls := ask(c.session, false)
		err := c.run(ctx, p, calls)
		if err == nil || !first || anyAnswered(calls) || ctx.Err() != nil {
			return err
		}
	}
	if err := c.connect(ctx); err != nil {
		return err
	}
	return c.run(ctx, c.patience, ask(c.session, true))
}

// keptPatience leaves time to connect anew.
func keptPatience(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return min(keptSilence, time.Until(deadline)/2)
	}
	return keptSilence
}

func anyAnswered(calls []*call) bool {
	for _, c := range calls {
		if !c.at.IsZero() {
			return true
		}
	}
	return false
}

// run exchanges calls on the session, and drops it on an error.
func (c *Collector) run(ctx context.Context, p patience, calls []*call) error {
	if len(calls) == 0 {
		return nil
	}
	err := c.shared.exchange(ctx, c.session, p, calls...)
	if err != nil {
		c.session.abort()
		c.session = nil
		c.shared.closed(c)
		c.shared.metrics.dropped(reasonOf(err))
		return err
	}
	c.shared.opened(c)
	return nil
}

// connect makes the session, unless a refused login is too recent.
func (c *Collector) connect(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return ioError(ctx, err)
	}
	if err := c.refusal.standing(c.now()); err != nil {
		return err
	}
	s, err := c.dialer.dial(ctx)
	c.shared.metrics.dialled(err)
	if errors.Is(err, pipeline.ErrRefused) {
		c.refusal.note(c.now(), err)
	}
	if err != nil {
		return err
	}
	c.refusal.forget()
	c.session = s
	c.shared.opened(c)
	select {
	case c.connected <- struct{}{}:
	default:
	}
	return nil
}

// release gives the turn back.
func (c *Collector) release() {
	c.turns.give()
	c.shared.trim()
}

// surrender gives the session away if nobody uses it. Shared closes it.
func (c *Collector) surrender() *session {
	if !c.turns.try() {
		return nil
	}
	defer c.turns.give()
	s := c.session
	c.session = nil
	return s
}
