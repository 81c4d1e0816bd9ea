package sse

import (
	"errors"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// conn is a stream over net/http, as HTTP/2 and TLS need it: the goroutine of the request writes what
// the session has, and waits. It holds no lock while it writes. Plain connections have a pump instead.
type conn struct {
	hub     *Hub
	session *session
	w       http.ResponseWriter
	rc      *http.ResponseController
	woken   chan struct{} // capacity 1

	aborted atomic.Bool
}

// errAborted says that Close cut the stream off.
var errAborted = errors.New("the stream was cut off")

// wake is for the view: there is more.
func (c *conn) wake() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

// run serves the stream until it ends, and tells why it did.
func (c *conn) run(r *http.Request) (why string) {
	look := time.NewTicker(c.hub.opt.look())
	defer look.Stop()
	for {
		if frames := c.session.next(c.hub.opt.now()); frames != nil {
			if err := c.write(frames); err != nil {
				return c.failed(r, err)
			}
			continue
		}
		if c.session.why != "" {
			return c.session.why
		}
		if !c.await(r, look.C) {
			return endClient
		}
	}
}

// await waits until the session has something to say; false: the client is gone.
func (c *conn) await(r *http.Request, look <-chan time.Time) bool {
	for {
		select {
		case <-c.woken:
			return true
		case <-look:
			if c.session.due(c.hub.opt.now()) {
				return true
			}
		case <-r.Context().Done():
			return false
		}
	}
}

// write sends frames, which must get on within the time for it.
func (c *conn) write(frames []byte) error {
	c.deadline(time.Now().Add(c.hub.opt.write))
	if c.aborted.Load() {
		return errAborted
	}
	n, err := c.w.Write(frames)
	c.hub.metrics.bytes.Add(float64(n))
	if err == nil {
		err = c.rc.Flush()
	}
	return err
}

// stream is for requests beside it.
func (c *conn) stream() *session { return c.session }

// deadline sets the time by which a write must be done. A writer that has none is in memory.
func (c *conn) deadline(t time.Time) { _ = c.rc.SetWriteDeadline(t) }

// abort ends a write that is under way, and allows no other. The stream must still be open.
func (c *conn) abort() {
	c.aborted.Store(true)
	c.deadline(time.Now().Add(-time.Second))
	c.wake()
}

// failed tells what a failed write means.
func (c *conn) failed(r *http.Request, err error) string {
	switch {
	case errors.Is(err, errAborted):
		return endClosing
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.hub.log.Info("stream cut off: the client does not read", "user", c.session.identity.Load().User, "address", c.hub.access.Address(r))
		return endSlow
	}
	return endClient
}
