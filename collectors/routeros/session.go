package routeros

import (
	"bytes"
	"net"
	"sync/atomic"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// maxInFlight bounds the requests that a router has at a time.
const maxInFlight = 16

// session is a connection that is logged in. One exchange runs on it at a time.
type session struct {
	conn  net.Conn // TLS, or the same as raw
	raw   net.Conn
	tags  uint64
	heard *atomic.Int64 // when the last sentence came, in Unix nanoseconds
	// version is that of the router, zero as long as it has not said. A new one takes a restart, and
	// that ends the session.
	version version
}

// close says goodbye; abort does not, as a connection that broke may block.
func (s *session) close() { _ = s.conn.Close() }
func (s *session) abort() { _ = s.raw.Close() }

// call is one request and what became of it.
type call struct {
	id    string // of the menu
	words []string
	row   func(words [][]byte, at time.Time) // gets each row as it comes; nil for none

	tag   string
	at    time.Time // when the answer began
	trap  *trapError
	ret   string // the value of =ret= in the last sentence
	rows  int
	bytes int
	done  bool
}

// reset makes it a call that was not made.
func (c *call) reset() { *c = call{id: c.id, words: c.words, row: c.row} }

// exchange makes all calls, a few at a time, and reads until each is answered; the answers may come in
// any order, and mixed. An error is one of the connection, which must then be closed; calls that are
// done by then were answered whole.
func (s *session) exchange(w *wire, calls ...*call) error {
	var open [maxInFlight]*call
	empty := 0
	for waiting, left := calls, len(calls); left > 0; {
		for i := range open {
			if open[i] == nil && len(waiting) > 0 {
				open[i], waiting = waiting[0], waiting[1:]
				s.send(w, open[i])
			}
		}
		said, err := w.receive()
		if err != nil {
			return err
		}
		if said.reply == nil { // means nothing
			if empty++; empty > maxReplyRows {
				return limitError("more than %d empty sentences", maxReplyRows)
			}
			continue
		}
		i := slotOf(&open, said.tag)
		if i < 0 {
			return protocolError("an answer (%s) to no request", pipeline.CleanName(string(said.reply)))
		}
		s.heard.Store(w.at.UnixNano())
		if err := open[i].take(said, w.at); err != nil {
			return err
		}
		if open[i].done {
			open[i] = nil
			left--
		}
	}
	return nil
}

func (s *session) send(w *wire, c *call) {
	s.tags++
	c.tag = tagOf(s.tags)
	w.send(c.tag, c.words)
}

// tagOf is one letter, as it comes back with each row. More than are in flight are used in turn, so that
// an answer that comes twice is one to no request.
func tagOf(n uint64) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	i := n % uint64(len(letters))
	return letters[i : i+1]
}

func slotOf(open *[maxInFlight]*call, tag []byte) int {
	for i, c := range open {
		if c != nil && c.tag == string(tag) {
			return i
		}
	}
	return -1
}

// take takes a sentence that answers the call.
func (c *call) take(s *sentence, at time.Time) error {
	if c.at.IsZero() {
		c.at = at
	}
	if c.bytes += len(s.raw); c.bytes > maxReplyBytes {
		return limitError("reply of more than %d bytes", maxReplyBytes)
	}
	switch string(s.reply) {
	case "!re":
		if c.rows++; c.rows > maxReplyRows {
			return limitError("reply of more than %d rows", maxReplyRows)
		}
		if c.row != nil {
			c.row(s.words, c.at)
		}
	case "!empty":
	case "!trap":
		if c.trap == nil { // the first says most
			c.trap = &trapError{string(s.attribute("category")), pipeline.CleanName(string(s.attribute("message")))}
		}
	case "!done":
		c.ret, c.done = string(s.attribute("ret")), true
	default:
		return protocolError("unknown answer %s", pipeline.CleanName(string(s.reply)))
	}
	return nil
}

// missing tells "there is no such menu here" (its package is not installed, or the version is too
// old) from a request that failed.
func (e *trapError) missing() bool {
	message := bytes.ToLower([]byte(e.message))
	for _, phrase := range []string{"no such command", "bad command name", "unknown command"} {
		if bytes.Contains(message, []byte(phrase)) {
			return true
		}
	}
	return false
}
