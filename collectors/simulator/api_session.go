package simulator

import (
	"bufio"
	"strings"
	"time"
)

// apiSession is the conversation on one API connection.
type apiSession struct {
	apiReply
	fleet     *Fleet
	router    *Router
	conn      *apiConn
	in        *bufio.Reader
	sentence  sentence
	view      *view
	row       apiRow
	challenge []byte
	loggedIn  bool
	listens   map[string]*listening // by tag
}

// How long a client may be silent, and how long it may take to read.
const (
	loginTimeout = 60 * time.Second
	idleTimeout  = 15 * time.Minute
	writeTimeout = 30 * time.Second
)

// serve talks until the client leaves, or is left.
func (s *apiSession) serve() {
	defer s.endListens()
	boot := s.router.bootTime(s.fleet.now(), s.router.changes.Load())
	for {
		timeout := loginTimeout
		if s.loggedIn {
			timeout = idleTimeout
		}
		if len(s.listens) > 0 {
			timeout = 24 * time.Hour
		}
		if s.conn.SetReadDeadline(time.Now().Add(timeout)) != nil || s.sentence.read(s.in) != nil {
			return
		}
		if s.sentence.len() == 0 {
			continue // an empty sentence means nothing
		}
		s.fleet.tell(s.router.address, FaceAPI)
		if !s.conn.awaitRouter() {
			return
		}
		now, c := s.fleet.now(), s.router.changes.Load()
		if s.router.bootTime(now, c) != boot {
			s.conn.reset() // it does not remember this connection
			return
		}
		if d := s.router.delay(now, c); d > 0 {
			s.fleet.pause(d)
		}
		if more := s.answer(); !s.flush() || !more {
			return
		}
	}
}

// flush sends what was said. false ends the conversation.
func (s *apiSession) flush() bool {
	if len(s.out) == 0 {
		return true
	}
	if s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)) != nil {
		return false
	}
	whole := true
	if cut := s.router.changes.Load().cut; cut > 0 && len(s.out) > cut {
		s.out, whole = s.out[:cut], false
	}
	_, err := s.conn.Write(s.out)
	s.out = s.out[:0]
	return err == nil && whole
}

// answer runs one command. false ends the conversation.
func (s *apiSession) answer() bool {
	c := parseCommand(&s.sentence)
	switch {
	case c.path == "/quit":
		s.fatal(messageQuit)
		return false
	case c.path == "/login":
		s.login(&c)
	case !s.loggedIn:
		s.fatal(messageNotLogged)
		return false
	case c.path == "/cancel":
		s.cancel(&c)
	case strings.HasSuffix(c.path, "/listen"):
		s.listen(&c)
	default:
		s.run(&c)
	}
	return true
}
