package sse

import (
	"context"
	"sync"
	"time"
)

// lastMoment is how long Close waits for streams that it had to cut off.
const lastMoment = time.Second

// conns are the streams that are open.
type conns struct {
	gone chan struct{} // closed when the hub closes and the last cut was made: time to say goodbye

	mu     sync.Mutex
	open   map[*conn]struct{}
	isShut bool
	empty  chan struct{} // closed when shut and none is left
}

func newConns() *conns {
	return &conns{gone: make(chan struct{}), open: map[*conn]struct{}{}, empty: make(chan struct{})}
}

// add takes a stream in, unless the hub is closing.
func (c *conns) add(s *conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isShut {
		return false
	}
	c.open[s] = struct{}{}
	return true
}

func (c *conns) remove(s *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, s)
	if c.isShut && len(c.open) == 0 {
		close(c.empty)
	}
}

// shut lets nobody in any more. once runs the first time.
func (c *conns) shut(once func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isShut {
		return
	}
	c.isShut = true
	once()
	if len(c.open) == 0 {
		close(c.empty)
	}
}

// dismiss asks every stream to say goodbye.
func (c *conns) dismiss() { close(c.gone) }

// drain waits until all streams are gone. When ctx ends, it cuts off those that are left.
func (c *conns) drain(ctx context.Context) error {
	select {
	case <-c.empty:
		return nil
	case <-ctx.Done():
	}
	c.mu.Lock()
	for s := range c.open {
		s.abort()
	}
	c.mu.Unlock()
	t := time.NewTimer(lastMoment)
	defer t.Stop()
	select {
	case <-c.empty:
		return nil
	case <-t.C:
		return ctx.Err()
	}
}

func (c *conns) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}
