package simulator

import (
	"net"
	"sync"
	"time"
)

// maxConnections bounds the API connections of a fleet; more are reset.
const maxConnections = 15000

// connections are the open ones of the API.
type connections struct {
	mu     sync.Mutex
	open   map[net.Conn]struct{}
	closed bool
}

// add returns false when there are too many, or the fleet is closing.
func (c *connections) add(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.open) >= maxConnections {
		return false
	}
	if c.open == nil {
		c.open = make(map[net.Conn]struct{})
	}
	c.open[conn] = struct{}{}
	return true
}

func (c *connections) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

func (c *connections) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for conn := range c.open {
		_ = conn.Close()
	}
}

// accept takes connections until the listener is closed.
func (f *Fleet) accept(l *net.TCPListener, secure bool) {
	for {
		conn, err := l.AcceptTCP()
		if f.life.Err() != nil {
			if err == nil {
				_ = conn.Close()
			}
			return
		}
		if err != nil {
			f.pause(50 * time.Millisecond) // out of file descriptors, most likely
			continue
		}
		f.admit(conn, secure)
	}
}

// pause waits for d or the fleet's end.
func (f *Fleet) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-f.life.Done():
	case <-timer.C:
	}
}
