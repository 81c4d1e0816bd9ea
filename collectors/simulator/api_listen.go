package simulator

import (
	"bytes"
	"maps"
	"strings"
	"time"
)

// listenTick is how often a router looks whether there is something to tell to those who listen.
const listenTick = 100 * time.Millisecond

// listening is one listen command that goes on.
type listening struct {
	apiReply
	command command
	table   apiTable
	conn    *apiConn
	fleet   *Fleet
	router  *Router
	boot    int64
	view    *view
	row     apiRow
	known   map[string]string // what was told of each row, by its .id
	end     chan struct{}     // closed by cancel, or at the end of the conversation
}

// listen begins to tell of rows that come, go or change their state. As on a router, what is there
// already is not told, and counters are no state.
func (s *apiSession) listen(c *command) {
	table, monitors, _ := s.fleet.found(s.router, strings.TrimSuffix(c.path, "listen")+"print")
	if table == nil || monitors {
		s.trap(c.tag, messageNoCommand)
		return
	}
	l := &listening{command: *c, table: table, conn: s.conn, fleet: s.fleet, router: s.router, boot: s.router.bootTime(s.fleet.now(), s.router.changes.Load()),
		view: newView(), end: make(chan struct{})}
	l.known = l.states(func(string) {})
	if s.listens == nil {
		s.listens = map[string]*listening{}
	}
	s.listens[string(c.tag)] = l
	s.fleet.wg.Go(l.run)
}

// cancel ends a listen.
func (s *apiSession) cancel(c *command) {
	tag, _ := c.arg("tag")
	if l := s.listens[tag]; l != nil {
		close(l.end)
		delete(s.listens, tag)
		s.say([]byte(tag), "!trap", "=category=2", "=message=interrupted")
		s.say([]byte(tag), "!done")
	}
	s.say(c.tag, "!done")
}

// endListens is for the end of the conversation.
func (s *apiSession) endListens() {
	for _, l := range s.listens {
		close(l.end)
	}
}

func (l *listening) run() {
	tick := time.NewTicker(listenTick)
	defer tick.Stop()
	for {
		select {
		case <-l.end:
			return
		case <-l.fleet.life.Done():
			return
		case <-tick.C:
		}
		now, c := l.fleet.now(), l.router.changes.Load()
		switch {
		case !l.router.answers(now, c):
			continue // what happens meanwhile is told when it is back
		case l.router.bootTime(now, c) != l.boot:
			l.conn.reset()
			_ = l.conn.tcp.Close()
			return
		}
		if !l.tell() {
			return
		}
	}
}

// tell writes what has changed since the last time, in one piece: others write to the connection too.
func (l *listening) tell() bool {
	l.out = l.out[:0]
	states := l.states(func(string) {
		l.emit(&l.command, &l.row)
	})
	for id := range l.known {
		if _, ok := states[id]; !ok {
			l.say(l.command.tag, "!re", "=.id="+id, "=.dead=true")
		}
	}
	l.known = states
	if len(l.out) == 0 {
		return true
	}
	if l.conn.SetWriteDeadline(time.Now().Add(writeTimeout)) != nil {
		return false
	}
	_, err := l.conn.Write(l.out)
	return err == nil
}

// states goes through the rows and calls changed for those that are not as they were told.
func (l *listening) states(changed func(id string)) map[string]string {
	states := maps.Clone(l.known)
	clear(states)
	if states == nil {
		states = map[string]string{}
	}
	l.view.reset(l.router, l.fleet.now())
	l.row.reset()
	l.table(l.view, &l.row, func() {
		if id, ok := l.row.find(".id"); ok && matches(l.command.query, &l.row) {
			state := l.state()
			states[string(id)] = state
			if was, ok := l.known[string(id)]; !ok || was != state {
				changed(string(id))
			}
		}
		l.row.reset()
	})
	return states
}

// state is what counts as a row's state.
func (l *listening) state() string {
	var b bytes.Buffer
	for _, name := range []string{"name", "user", "address", "server", "status", "running", "disabled", "comment"} {
		if v, ok := l.row.find(name); ok {
			b.WriteString(name)
			b.Write(v)
			b.WriteByte(0)
		}
	}
	return b.String()
}
