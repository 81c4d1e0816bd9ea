package webtest

import (
	"context"
	"net"
	"sync"
	"testing"
)

// Cable leads connections to a server, and can be pulled.
type Cable struct {
	Address string // HOST:PORT to connect to

	to       string
	listener net.Listener
	running  sync.WaitGroup
	frozen   sync.RWMutex // held while nothing passes

	mu   sync.Mutex
	ends map[net.Conn]bool
}

// NewCable leads to an address, until the test ends.
func NewCable(t *testing.T, to string) *Cable {
	t.Helper()
	var listen net.ListenConfig
	listener, err := listen.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cable{Address: listener.Addr().String(), to: to, listener: listener, ends: map[net.Conn]bool{}}
	c.running.Go(c.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		c.Break()
		c.running.Wait()
	})
	return c
}

// Break closes what is connected, as a machine does that loses its address.
func (c *Cable) Break() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for end := range c.ends {
		_ = end.Close()
	}
}

// Pull lets nothing pass any more, and closes nothing: nobody is told. The returned function plugs it in again.
func (c *Cable) Pull() (plug func()) {
	c.frozen.Lock()
	return c.frozen.Unlock
}

func (c *Cable) accept() {
	for {
		near, err := c.listener.Accept()
		if err != nil {
			return // the test ends
		}
		var dialer net.Dialer
		far, err := dialer.DialContext(context.Background(), "tcp", c.to)
		if err != nil {
			_ = near.Close() // as if nobody listened
			continue
		}
		c.mu.Lock()
		c.ends[near], c.ends[far] = true, true
		c.mu.Unlock()
		c.running.Go(func() { c.lead(near, far) })
		c.running.Go(func() { c.lead(far, near) })
	}
}

func (c *Cable) lead(from, to net.Conn) {
	defer func() {
		_, _ = from.Close(), to.Close()
		c.mu.Lock()
		delete(c.ends, from)
		c.mu.Unlock()
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		c.frozen.RLock()
		_, err = to.Write(buffer[:n])
		c.frozen.RUnlock()
		if err != nil {
			return
		}
	}
}
