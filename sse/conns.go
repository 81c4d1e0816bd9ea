package sse

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"
)

// lastMoment is how long Close waits for streams that it had to cut off.
const lastMoment = time.Second

// connID names a stream: 128 random bits.
type connID [16]byte

func newConnID() (id connID) {
	_, _ = rand.Read(id[:]) // never fails
	return id
}

// String is the id as hello shows it.
func (id connID) String() string { return hex.EncodeToString(id[:]) }

// owner is who serves a connection.
type owner interface {
	sleeper
	abort() // ends it, whatever it is about to write
	stream() *session
}

// conns are the streams that are open.
type conns struct {
	spread atomic.Int64 // set when the hub closes and the last cut was made: over how long to say goodbye

	mu     sync.Mutex
	open   map[connID]owner
	isShut bool
	window time.Duration // what spread will be
	empty  chan struct{} // closed when shut and none is left
}

func newConns() *conns {
	return &conns{open: map[connID]owner{}, empty: make(chan struct{})}
}

// add takes a stream in, unless the hub is closing.
func (c *conns) add(id connID, s owner) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isShut {
		return false
	}
	c.open[id] = s
	return true
}

// find returns the stream of that id, nil if there is none.
func (c *conns) find(id string) *session {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != len(connID{}) {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if o := c.open[connID(raw)]; o != nil {
		return o.stream()
	}
	return nil
}

func (c *conns) remove(id connID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, id)
	if c.isShut && len(c.open) == 0 {
		close(c.empty)
	}
}

// shut lets nobody in any more. The goodbyes will be spread over a window. once runs the first time.
func (c *conns) shut(window time.Duration, once func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isShut {
		return
	}
	c.isShut, c.window = true, max(1, window)
	once()
	if len(c.open) == 0 {
		close(c.empty)
	}
}

// shutting reports that nobody is let in any more.
func (c *conns) shutting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.isShut
}

// dismiss asks every stream to say goodbye, each at some moment of the window.
func (c *conns) dismiss() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spread.Store(int64(c.window))
	for _, s := range c.open {
		s.wake()
	}
}

// closing is over how long to say goodbye, 0 as long as there is no need to.
func (c *conns) closing() time.Duration { return time.Duration(c.spread.Load()) }

// drain waits until all streams are gone. When ctx ends, it cuts off those that are left.
func (c *conns) drain(ctx context.Context) error {
	select {
	case <-c.empty:
		return nil
	case <-ctx.Done():
	}
	c.mu.Lock()
	for _, s := range c.open {
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
