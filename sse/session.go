package sse

import (
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/routerpulse/routerpulse/sse/access"
)

// session is a stream without its connection: it says what to write next, and when there is nothing to
// write, when to ask again. It does no I/O and waits for nothing. Whoever owns the connection asks it,
// one call at a time.
type session struct {
	hub      *Hub
	id       connID
	identity atomic.Pointer[access.Identity]
	channels []wanted
	among    atomic.Pointer[channels] // those of the hub that these were found in last
	view     *view
	feed     *feed
	sleeper  sleeper // the owner, to be woken when the view has more
	parked   int     // 1 + its place among the view's sleepers; 0: none. Changed under the view's lock

	hello    []byte // not written yet
	beat     time.Time
	warned   *access.Identity // that its end is near
	leave    time.Time        // when it says goodbye, once the hub closes
	farewell int              // frames that it may still send before that
	why      string           // it has ended: why, as the metric has it
	dueAt    atomic.Int64     // when next is worth a call although the view has no more, Unix nanoseconds

	gzip *gzipped // nil: it is not compressed

	moving *move // begun, and not told yet

	mu     sync.Mutex // of what requests beside the stream change
	latest *query     // what it is to show
	asked  *move      // not begun yet
	closed bool
}

// Why a stream ended, as the metric has it.
const (
	endClient  = "client"   // it went away
	endSlow    = "slow"     // it did not read
	endClosing = "shutdown" // we go away
	endAccess  = "access"   // its identity ended
	endConfig  = "config"   // a channel of it was changed or removed
)

// maxFarewell bounds what a stream is still sent before the goodbye of a server that stops.
const maxFarewell = 16

// openSession starts a stream; close it when its connection is gone.
func (h *Hub) openSession(q *query, by sleeper) *session {
	h.listeners.Add(1)
	h.freshen()
	s := &session{hub: h, id: newConnID(), sleeper: by, farewell: maxFarewell}
	q.identity.Hold()
	s.identity.Store(h.holder(q))
	s.channels, s.latest = q.wanted, q
	s.view, s.feed = h.watch(q, q.last)
	s.beat = h.opt.now().Add(jitter(h.opt.heartbeat))
	s.hello = h.hello(q, s.id, s.feed.resumed())
	if q.gzip {
		s.gzip = &gzipped{}
		h.metrics.compressed.Inc()
	}
	start := "snapshot"
	if s.feed.resumed() {
		start = "resume"
	}
	h.metrics.connections.WithLabelValues(start).Inc()
	q.slim(s.view)
	return s
}

// holder is the identity that a stream asks at each turn. Those of nobody share one, which is in the caches
// of the CPU then, as nothing is that only one of thousands of streams has.
func (h *Hub) holder(q *query) *access.Identity {
	if reflect.ValueOf(q.identity).IsZero() {
		return &h.nobody
	}
	return &q.identity
}

// close lets go of the view.
func (s *session) close() {
	s.mu.Lock()
	s.closed = true
	s.identity.Load().Release()
	s.mu.Unlock()
	s.view.unpark(s)
	s.hub.views.leave(s.view)
	s.hub.listeners.Add(-1)
}

// next returns bytes to write, or nil. After nil the session has ended if why is set; else it waits for
// its view, which will wake the owner, and wants to be asked again when it is due.
func (s *session) next(now time.Time) []byte {
	frames := s.frames(now)
	if s.gzip != nil && frames != nil {
		frames = s.gzip.wrap(frames, s.feed.shared, &s.hub.packer, s.why != "")
	}
	s.feed.shared = nil
	return frames
}

// frames returns what to write, as it is without compression.
func (s *session) frames(now time.Time) []byte {
	if s.why != "" {
		return nil
	}
	if hello := s.hello; hello != nil {
		s.hello = nil
		return hello
	}
	id := s.identity.Load()
	switch {
	case id.Err() != nil:
		return s.revoked(id.Err())
	case !id.Expires.IsZero() && !now.Before(id.Expires):
		return s.bye(endAccess, "expired", "your identity has ended: log in again, or send a fresh token", false)
	case s.reconfigured():
		return s.bye(endConfig, "reconfigured", "the config of a channel was changed: reconnect", true)
	case s.hub.conns.closing() > 0:
		return s.goodbye(now)
	}
	for {
		if frames, wait := s.move(); frames != nil || wait {
			return frames
		}
		if frames := s.feed.next(); frames != nil {
			return frames
		}
		if s.feed.behind {
			return s.bye(endSlow, "behind", "you are too far behind: reconnect, and forget the rows when hello says snapshot", true)
		}
		if frames := s.remind(now, id); frames != nil {
			return frames
		}
		if s.settle() {
			return nil
		}
	}
}

// rests reports, once the frames of next are written, that next would have none now, and has the owner
// woken when it has. It is next without what the last call has looked at: what changed since then wakes
// the owner. False says nothing.
func (s *session) rests(now time.Time) bool {
	return s.why == "" && s.moving == nil && s.feed.idle() && !s.feed.behind && now.UnixNano() < s.dueAt.Load() &&
		s.hub.conns.closing() == 0 && s.settle()
}

// settle has the owner woken when there is more; false: there is already.
func (s *session) settle() bool {
	s.dueAt.Store(s.whenDue(s.identity.Load()).UnixNano())
	return s.view.park(s) && !s.wantsMove()
}

// remind returns the frame that is due although nothing has changed.
func (s *session) remind(now time.Time, id *access.Identity) []byte {
	switch {
	case s.warned != id && !id.Expires.IsZero() && !now.Before(id.Expires.Add(-s.hub.opt.warn)):
		s.warned = id
		return appendFrame(nil, "auth", "", fmt.Appendf(nil, `{"expires":%d,"why":"your identity ends soon: renew it"}`, id.Expires.Unix()))
	case !now.Before(s.beat):
		s.beat = now.Add(jitter(s.hub.opt.heartbeat))
		id.Touch(now)
		return s.feed.beat(*s.hub.settled.Load())
	}
	return nil
}

// whenDue is when something else than a change of the view is to be told.
func (s *session) whenDue(id *access.Identity) time.Time {
	at := s.beat
	if id.Expires.IsZero() {
		return at
	}
	end := id.Expires
	if s.warned != id {
		end = end.Add(-s.hub.opt.warn)
	}
	if end.Before(at) {
		return end
	}
	return at
}

// due reports that next is worth a call although the view has no more. It is safe for concurrent use.
func (s *session) due(now time.Time) bool {
	return now.UnixNano() >= s.dueAt.Load() || s.identity.Load().Err() != nil || s.reconfigured()
}

// reconfigured reports that a channel of it is not what it was.
func (s *session) reconfigured() bool {
	now := s.hub.channels.Load()
	if now == s.among.Load() {
		return false
	}
	for _, w := range s.channels {
		if ch, _ := now.resolve(w.name); ch != w.channel { // or a new one took the name over
			return true
		}
	}
	s.among.Store(now)
	return false
}

// goodbye sends what is left of the last cut, then the bye: not all streams in one moment, or all would
// come back in one.
func (s *session) goodbye(now time.Time) []byte {
	if s.farewell > 0 {
		if frames := s.feed.next(); frames != nil {
			s.farewell--
			return frames
		}
	}
	if s.leave.IsZero() {
		wait := mathrand.N(s.hub.conns.closing())
		s.leave = now.Add(wait)
		time.AfterFunc(wait, s.sleeper.wake)
	}
	if now.Before(s.leave) {
		return nil
	}
	return s.bye(endClosing, "shutdown", "the server is stopping: reconnect in a few seconds", true)
}

func (s *session) revoked(cause error) []byte {
	switch {
	case errors.Is(cause, access.ErrLoggedOut):
		return s.bye(endAccess, "logged-out", cause.Error(), false)
	case errors.Is(cause, access.ErrRightsChanged), errors.Is(cause, access.ErrUndecided):
		return s.bye(endAccess, "ask-again", cause.Error(), true)
	}
	return s.bye(endAccess, "session-ended", cause.Error(), false)
}

func (s *session) bye(why, code, reason string, reconnect bool) []byte {
	s.why = why
	return appendFrame(nil, "bye", "", byeData(code, reason, reconnect))
}

// jitter is d, a fifth more or less, so that connections that began together do not beat together.
func jitter(d time.Duration) time.Duration {
	return d - d/5 + mathrand.N(2*d/5+1)
}
