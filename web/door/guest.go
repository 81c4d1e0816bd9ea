package door

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// guest is a connection that was let in.
type guest struct {
	net.Conn
	door  *Door
	addr  netip.Addr
	house *house // nil: of a proxy

	// Guarded by the door's lock.
	busy  bool // a request is being answered
	began bool // bytes came since the last request
	since time.Time
	paced bool // a handler has set its own deadline for writes
}

type guestKey struct{}

// SyscallConn is for who takes the connection over.
func (g *guest) SyscallConn() (syscall.RawConn, error) {
	c, ok := g.Conn.(syscall.Conn)
	if !ok {
		return nil, errors.New("the connection is no socket")
	}
	return c.SyscallConn()
}

// begin says that a request has come whole, but for its body.
func (g *guest) begin() {
	g.door.mu.Lock()
	defer g.door.mu.Unlock()
	g.busy = true
}

// end says that a request is answered.
func (g *guest) end() {
	g.door.mu.Lock()
	defer g.door.mu.Unlock()
	g.busy, g.began, g.paced, g.since = false, false, false, time.Now()
}

// Read notes who does not get on with a request.
func (g *guest) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	late := err != nil && errors.Is(err, os.ErrDeadlineExceeded)
	g.door.mu.Lock()
	g.began = g.began || n > 0
	slow := late && g.began && !g.busy
	g.door.mu.Unlock()
	if slow {
		g.door.cut(whyHeader, g.addr)
	}
	return n, err
}

// Write gives each piece its time, unless a handler sees to that.
func (g *guest) Write(b []byte) (int, error) {
	g.door.mu.Lock()
	paced := g.paced
	g.door.mu.Unlock()
	if !paced {
		if err := g.Conn.SetWriteDeadline(time.Now().Add(g.door.write)); err != nil {
			return 0, err
		}
	}
	n, err := g.Conn.Write(b)
	if !paced && errors.Is(err, os.ErrDeadlineExceeded) {
		g.door.cut(whyReader, g.addr)
	}
	return n, err
}

// SetWriteDeadline is called by handlers only: they see to their writes from now on.
func (g *guest) SetWriteDeadline(t time.Time) error {
	g.door.mu.Lock()
	g.paced = true
	g.door.mu.Unlock()
	return g.Conn.SetWriteDeadline(t)
}

// Close counts the connection out.
func (g *guest) Close() error {
	g.door.mu.Lock()
	g.door.leave(g)
	g.door.mu.Unlock()
	return g.Conn.Close()
}
