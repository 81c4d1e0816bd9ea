package sse

import (
	"slices"
	"sync/atomic"

	"github.com/routerpulse/routerpulse/sse/access"
	"github.com/routerpulse/routerpulse/sse/state"
)

// A stream's view changes while it is open: a page scrolls, or its user gets other rights. What comes into
// view is told as whole rows, what leaves it as removals.
//
// A client takes no change of a row whose number is not above what it has. So the stream stands still until
// a cut is made that has a higher number than anything that it was told: that is the number of these
// changes. And as the client is between two views until the last of them, it is given an id before that
// stands for neither: should the connection break there, it gets a snapshot.

// move is a change of view that was asked for.
type move struct {
	query  *query          // what is in view then
	again  map[string]bool // routers of which all rows are told, in view before or not
	begun  bool
	marked atomic.Bool // the cut is made
}

// moved is what was in view before.
type moved struct {
	parts []part // the same topics and channels as now
	again map[string]bool
}

// other reports that rows of a device are to be told for another reason than that they changed.
func (m *moved) other(i int, now *part, d *state.Device, base uint64) bool {
	if m == nil {
		return false
	}
	was, inView := &m.parts[i], now.sees(d)
	return was.sees(d) != inView || was.unsure(d, base) || now.unsure(d, base) || inView && m.again[d.Name]
}

// between is the fingerprint of no view.
const between = "0"

// move begins a change of view that was asked for, once the feed has nothing under way. wait: it goes on
// when the owner is woken.
func (s *session) move() (frames []byte, wait bool) {
	if s.moving == nil && s.feed.idle() {
		s.mu.Lock()
		s.moving, s.asked = s.asked, nil
		s.mu.Unlock()
	}
	m := s.moving
	switch {
	case m == nil:
		return nil, false
	case !m.begun:
		m.begun = true
		s.hub.mark(func() {
			m.marked.Store(true)
			s.sleeper.wake()
		})
		return nil, true
	case !m.marked.Load():
		return nil, true
	}
	s.moving = nil
	was := s.view
	was.unpark(s)
	s.view = s.hub.join(m.query)
	frames = s.feed.moveTo(s.view, m.again)
	s.hub.views.leave(was)
	return frames, false
}

// wantsMove reports that a change of view was asked for.
func (s *session) wantsMove() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked != nil
}

// idle reports that nothing is half told.
func (f *feed) idle() bool { return f.step == nil && f.run == nil }

// moveTo begins the step from one view to another, and returns the frame that comes before.
func (f *feed) moveTo(v *view, again map[string]bool) []byte {
	f.store.Read(func() {
		f.step = &step{moved: &moved{f.view.parts, again}, base: f.sent.Cut, from: f.sent.Cut, target: f.store.Place(), time: f.now(), rows: make([]int, len(v.parts))}
		if f.known > 0 {
			f.step.from = min(f.known, f.step.from)
		}
	})
	f.view = v
	return f.pingBetween(f.sent.Cut)
}

// track changes which routers are in view by their names.
func (s *session) track(add, del []string) (routers int, p *access.Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := *s.latest
	if next.scope.all() {
		return 0, conflict("this stream shows every router: open it with &track=1, or with &router=NAME, to change which")
	}
	next.scope.tracked = true
	list := slices.Concat(slices.DeleteFunc(slices.Clone(next.scope.routers), func(r string) bool { return slices.Contains(del, r) }), add)
	if next.scope.routers = distinct(list); len(next.scope.routers)+len(next.scope.groups) > maxFilters {
		return 0, badRequest("%d routers and groups in one stream are too many: at most %d", len(next.scope.routers)+len(next.scope.groups), maxFilters)
	}
	s.ask(&next)
	for _, name := range del {
		delete(s.asked.again, name)
	}
	for _, name := range add {
		s.asked.again[name] = true
	}
	return len(next.scope.routers), nil
}

// ask asks for a change of view. What was asked for and is not begun yet is part of it.
func (s *session) ask(next *query) {
	next.aim()
	s.latest = next
	if s.asked == nil {
		s.asked = &move{again: map[string]bool{}}
	}
	s.asked.query = next
}

// renew gives the stream a fresh identity, with the rights that it has.
func (s *session) renew(q *query) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	id := q.identity
	id.Hold()
	s.identity.Swap(&id).Release()
	next := *s.latest
	narrower := next.identity.Routers.String() != id.Routers.String()
	next.identity = id
	if s.latest = &next; narrower {
		s.ask(&next)
	}
}
