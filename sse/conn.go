package sse

import (
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/routerpulse/routerpulse/sse/access"
)

// conn is a stream over net/http: the goroutine of the request writes what the feed has, and waits. It
// holds no lock while it writes.
type conn struct {
	hub   *Hub
	query *query
	feed  *feed
	w     http.ResponseWriter
	rc    *http.ResponseController
	r     *http.Request
	ping  *time.Timer
	end   expiry

	aborted atomic.Bool
}

// Why a stream ended, as the metric has it.
const (
	endClient  = "client"   // it went away
	endSlow    = "slow"     // it did not read
	endClosing = "shutdown" // we go away
	endAccess  = "access"   // its identity ended
)

// maxFarewell bounds what a stream is still sent before the goodbye of a server that stops.
const maxFarewell = 16

// errAborted says that Close cut the stream off.
var errAborted = errors.New("the stream was cut off")

// run serves the stream until it ends, and tells why it did.
func (c *conn) run() (why string) {
	c.ping = time.NewTimer(jitter(c.hub.opt.heartbeat))
	defer c.ping.Stop()
	c.end = newExpiry(c.query.identity, c.hub.opt)
	defer c.end.stop()
	err := c.write(c.hub.hello(c.query, c.feed))
	for err == nil && why == "" {
		frames, wait := c.feed.next()
		if frames == nil {
			why, err = c.await(wait)
			continue
		}
		if err = c.write(frames); err == nil {
			why, err = c.glance()
		}
	}
	if err != nil {
		return c.failed(err)
	}
	return why
}

// glance looks whether anything ends a stream that is busy.
func (c *conn) glance() (why string, err error) {
	switch {
	case c.query.identity.Err() != nil:
		return c.revoked()
	case c.end.over(c.hub.opt.now()):
		return c.expired()
	}
	select {
	case <-c.hub.conns.gone:
		return c.farewell()
	default:
		return "", nil
	}
}

// await waits until there is something to do, and does it.
func (c *conn) await(wait <-chan struct{}) (why string, err error) {
	select {
	case <-wait:
		return "", nil
	case <-c.ping.C:
		c.ping.Reset(jitter(c.hub.opt.heartbeat))
		c.query.identity.Touch(c.hub.opt.now())
		return "", c.write(c.feed.beat(*c.hub.settled.Load()))
	case <-c.end.timer():
		if c.end.over(c.hub.opt.now()) {
			return c.expired()
		}
		return "", c.write(c.end.warn(c.hub.opt.now()))
	case <-c.query.identity.Done():
		return c.revoked()
	case <-c.hub.conns.gone:
		return c.farewell()
	case <-c.r.Context().Done():
		return endClient, nil
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

// deadline sets the time by which a write must be done. A writer that has none is in memory.
func (c *conn) deadline(t time.Time) { _ = c.rc.SetWriteDeadline(t) }

// abort ends a write that is under way, and allows no other. The stream must still be open.
func (c *conn) abort() {
	c.aborted.Store(true)
	c.deadline(time.Now().Add(-time.Second))
}

func (c *conn) bye(why, code, reason string, reconnect bool) (string, error) {
	return why, c.write(appendFrame(nil, "bye", "", byeData(code, reason, reconnect)))
}

func (c *conn) revoked() (string, error) {
	code := "session-ended"
	if errors.Is(c.query.identity.Err(), access.ErrLoggedOut) {
		code = "logged-out"
	}
	return c.bye(endAccess, code, c.query.identity.Err().Error(), false)
}

func (c *conn) expired() (string, error) {
	return c.bye(endAccess, "expired", "your identity has ended: log in again, or send a fresh token", false)
}

// farewell sends what is left of the last cut, then the goodbye.
func (c *conn) farewell() (string, error) {
	for range maxFarewell {
		frames, _ := c.feed.next()
		if frames == nil {
			break
		}
		if err := c.write(frames); err != nil {
			return "", err
		}
	}
	return c.bye(endClosing, "shutdown", "the server is stopping: reconnect in a few seconds", true)
}

// failed tells what a failed write means.
func (c *conn) failed(err error) string {
	switch {
	case errors.Is(err, errAborted):
		return endClosing
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.hub.log.Info("stream cut off: the client does not read", "user", c.query.identity.User, "address", c.hub.access.Address(c.r))
		return endSlow
	}
	return endClient
}

// jitter is d, a fifth more or less, so that connections that began together do not beat together.
func jitter(d time.Duration) time.Duration {
	return d - d/5 + mathrand.N(2*d/5+1)
}

// expiry watches over the end of an identity that has one.
type expiry struct {
	at time.Time
	t  *time.Timer
}

func newExpiry(id access.Identity, opt options) expiry {
	if id.Expires.IsZero() {
		return expiry{}
	}
	return expiry{id.Expires, time.NewTimer(max(0, id.Expires.Sub(opt.now())-opt.warn))}
}

func (e *expiry) timer() <-chan time.Time {
	if e.t == nil {
		return nil
	}
	return e.t.C
}

func (e *expiry) over(now time.Time) bool { return e.t != nil && !now.Before(e.at) }

// warn is the frame that says that the end is near.
func (e *expiry) warn(now time.Time) []byte {
	e.t.Reset(e.at.Sub(now))
	data := fmt.Appendf(nil, `{"expires":%d,"why":"your identity ends soon: renew it"}`, e.at.Unix())
	return appendFrame(nil, "auth", "", data)
}

func (e *expiry) stop() {
	if e.t != nil {
		e.t.Stop()
	}
}
