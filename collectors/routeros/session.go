package routeros

import (
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-routeros/routeros/v3/proto"

	"github.com/routerpulse/routerpulse/pipeline"
)

// recheckAfter is how long a menu that the router does not have is not asked for again.
const recheckAfter = time.Hour

// session is a connection that is logged in. One exchange runs on it at a time.
type session struct {
	conn net.Conn // TLS, or the same as raw
	raw  net.Conn
	tags uint64
	// absent holds the menus that the router does not have, each with the time until which that is
	// believed. A new package takes a reboot, and that ends the session.
	absent map[string]time.Time
	heard  *atomic.Int64 // when the last sentence came, in Unix nanoseconds
}

// close says goodbye; abort does not, as a connection that broke may block.
func (s *session) close() { _ = s.conn.Close() }
func (s *session) abort() { _ = s.raw.Close() }

// call is one request and what became of it.
type call struct {
	path  string
	words []string
	row   func(attrs) // gets each row as it comes; nil for none

	tag  string
	at   time.Time  // when the answer began
	trap *trapError // the router refused
	ret  string     // the value of =ret= in the last sentence
}

// exchange sends all calls at once and reads until each is answered; the answers may come in any
// order, and mixed. An error is one of the connection, which must then be closed.
func (s *session) exchange(w *wire, calls ...*call) error {
	open := make(map[string]*call, len(calls))
	for _, c := range calls {
		s.tags++
		c.tag = strconv.FormatUint(s.tags, 36)
		open[c.tag] = c // before it is sent: the answer may be quick
		if err := w.send(c.tag, c.words); err != nil {
			return err
		}
	}
	for len(open) > 0 {
		sentence, err := w.receive()
		if err != nil {
			return err
		}
		if err := s.deliver(open, sentence); err != nil {
			return err
		}
	}
	return nil
}

// deliver hands a sentence to the call that it answers.
func (s *session) deliver(open map[string]*call, sentence *proto.Sentence) error {
	if sentence.Word == "" {
		return nil // an empty sentence means nothing
	}
	c := open[sentence.Tag]
	if c == nil {
		return protocolError("an answer (%s) to no request", pipeline.CleanName(sentence.Word))
	}
	now := time.Now()
	s.heard.Store(now.UnixNano())
	if c.at.IsZero() {
		c.at = now
	}
	switch sentence.Word {
	case "!re":
		if c.row != nil {
			c.row(sentence.Map)
		}
	case "!empty":
	case "!trap":
		s.takeTrap(c, sentence.Map)
	case "!done":
		c.ret = sentence.Map["ret"]
		delete(open, sentence.Tag)
	default:
		return protocolError("unknown answer %s", pipeline.CleanName(sentence.Word))
	}
	return nil
}

func (s *session) takeTrap(c *call, said attrs) {
	if c.trap == nil { // the first says most
		c.trap = &trapError{said["category"], pipeline.CleanName(said["message"])}
	}
	if c.trap.missing() {
		s.absent[c.path] = c.at.Add(recheckAfter)
	}
}

// unanswered leaves out the calls to menus that the router said not long ago that it does not have,
// and answers them from memory.
func (s *session) unanswered(calls []*call) []*call {
	var open []*call
	now := time.Now()
	for _, c := range calls {
		c.at, c.trap = time.Time{}, nil // what an earlier session did not answer
		if until, ok := s.absent[c.path]; ok && now.Before(until) {
			c.at, c.trap = now, &trapError{message: "no such command"}
			continue
		}
		open = append(open, c)
	}
	return open
}

// missing tells "there is no such menu here" (its package is not installed, or the version is too
// old) from a request that failed.
func (e *trapError) missing() bool {
	message := strings.ToLower(e.message)
	for _, phrase := range []string{"no such command", "bad command name", "unknown command"} {
		if strings.Contains(message, phrase) {
			return true
		}
	}
	return false
}
