package simulator

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// recordedSession is the conversation on one API connection with a recorded router.
type recordedSession struct {
	apiReply
	recording *Recording
	conn      net.Conn
	in        *bufio.Reader
	sentence  sentence
	challenge []byte
	loggedIn  bool
	listening []string // tags of commands that go on until they are cancelled
}

// serveAPI takes connections until the listener is closed.
func (r *Recording) serveAPI() {
	for {
		conn, err := r.tcp.AcceptTCP()
		if err != nil {
			return
		}
		if !r.conns.add(conn) {
			_ = conn.Close()
			continue
		}
		r.wg.Go(func() {
			defer r.conns.remove(conn)
			defer func() { _ = conn.Close() }()
			s := &recordedSession{recording: r, conn: conn, in: bufio.NewReaderSize(conn, apiBuffer)}
			s.serve()
		})
	}
}

// serve talks until the client leaves.
func (s *recordedSession) serve() {
	for s.conn.SetReadDeadline(time.Now().Add(idleTimeout)) == nil && s.sentence.read(s.in) == nil {
		if s.sentence.len() == 0 {
			continue
		}
		c := parseCommand(&s.sentence)
		more := s.answer(&c)
		if s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)) != nil {
			return
		}
		if _, err := s.conn.Write(s.out); err != nil || !more {
			return
		}
		s.out = s.out[:0]
	}
}

// answer runs one command. false ends the conversation.
func (s *recordedSession) answer(c *command) bool {
	switch {
	case c.path == "/quit":
		s.fatal(messageQuit)
		return false
	case c.path == "/login":
		s.login(c)
	case !s.loggedIn:
		s.fatal(messageNotLogged)
		return false
	case c.path == "/cancel":
		s.cancel(c)
	case strings.HasSuffix(c.path, "/listen"):
		s.listen(c)
	default:
		s.run(c)
	}
	return true
}

// login is that of the recorded version; see apiSession.login.
func (s *recordedSession) login(c *command) {
	user, _ := c.arg("name")
	opts := &s.recording.opts
	if s.recording.api.atLeast(6, 43) {
		password, _ := c.arg("password")
		s.finishLogin(c, same(user, opts.User) && same(password, opts.Password), messageBadLogin)
		return
	}
	response, answered := c.arg("response")
	if !answered {
		s.challenge = make([]byte, 16)
		_, _ = rand.Read(s.challenge)
		s.say(c.tag, "!done", "=ret="+hex.EncodeToString(s.challenge))
		return
	}
	ok := s.challenge != nil && same(user, opts.User) && same(response, challengeResponse(opts.Password, s.challenge))
	s.challenge = nil
	s.finishLogin(c, ok, messageOldLogin)
}

func (s *recordedSession) finishLogin(c *command, ok bool, refusal string) {
	if s.loggedIn = ok; ok {
		s.say(c.tag, "!done")
		return
	}
	s.trap(c.tag, refusal)
}

// listen begins what never says anything: a recording does not change.
func (s *recordedSession) listen(c *command) {
	if _, ok := s.recording.api.find(strings.TrimSuffix(c.path, "/listen")); !ok {
		s.trap(c.tag, messageNoCommand)
		return
	}
	s.listening = append(s.listening, string(c.tag))
}

// cancel ends one command that is listening, or all.
func (s *recordedSession) cancel(c *command) {
	which, one := c.arg("tag")
	s.listening = slices.DeleteFunc(s.listening, func(tag string) bool {
		if one && tag != which {
			return false
		}
		s.say([]byte(tag), "!trap", "=category=2", "=message=interrupted")
		s.say([]byte(tag), "!done")
		return true
	})
	s.say(c.tag, "!done")
}

func (s *recordedSession) run(c *command) {
	if count, ok := s.recording.api.counts[s.words()]; ok && c.counted {
		s.say(c.tag, "!done", "=ret="+count)
		return
	}
	recorded, ok := s.recording.api.find(c.path)
	if !ok {
		s.trap(c.tag, messageNoCommand)
		return
	}
	rows := 0
	query := answerable(c.query, recorded)
	for _, row := range c.named(recorded) {
		if matches(query, row) {
			rows++
			if !c.counted {
				s.emit(c, row)
			}
		}
	}
	switch {
	case c.counted:
		s.say(c.tag, "!done", "=ret="+strconv.Itoa(rows))
		return
	case rows == 0 && s.recording.api.atLeast(7, 18):
		s.say(c.tag, "!empty")
	}
	s.say(c.tag, "!done")
}

// words are those of the sentence without its tag, with spaces between.
func (s *recordedSession) words() string {
	var words []string
	for i := range s.sentence.len() {
		if w := string(s.sentence.word(i)); !strings.HasPrefix(w, ".tag=") {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

// named are the rows that a command means: those that it names, as monitor does, in that order, else
// all. A row that does not say what it is called is meant by any name.
func (c *command) named(recorded []apiRow) (rows []*apiRow) {
	list, named := "", false
	for _, argument := range []string{"numbers", "number", ".id", "interface"} {
		if l, ok := c.arg(argument); ok {
			list, named = l, true
			break
		}
	}
	if !named {
		list = ""
	}
	for one := range strings.SplitSeq(list, ",") {
		for i := range recorded {
			if !named || recorded[i].isCalled(one) {
				rows = append(rows, &recorded[i])
			}
		}
	}
	return rows
}

func (r *apiRow) isCalled(name string) bool {
	anonymous := true
	for _, attribute := range []string{ofRow, ".id", "name"} {
		if v, ok := r.find(attribute); ok {
			if anonymous = false; string(v) == name {
				return true
			}
		}
	}
	return anonymous
}

// answerable is the query, or none if it asks about something that was not recorded of any row: then the
// rows are those that it left, when it was recorded.
func answerable(query []string, recorded []apiRow) []string {
	for _, word := range query {
		name, _, compares := strings.Cut(strings.TrimLeft(word, "=<>-"), "=")
		if !compares || strings.HasPrefix(word, "#") {
			continue
		}
		if !slices.ContainsFunc(recorded, func(row apiRow) bool { _, ok := row.find(name); return ok }) {
			return nil
		}
	}
	return query
}
