package sse

import (
	"errors"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// pumped is one connection of a pump. One worker at a time has it.
type pumped struct {
	pump    *pump
	number  uint64
	fd      int // of the worker that has it, which also closes it
	from    netip.AddrPort
	session *session
	leave   func()

	state   atomic.Int32
	cut     atomic.Int32 // why it must end, whatever its session says
	stalled atomic.Int64 // since when a write does not get on, Unix nanoseconds; 0: it does

	rest []byte // of a write that the kernel did not take whole
}

// The states of a connection: nobody works on it; it waits for a worker; a worker has it; that worker
// has to look again; it is closed.
const (
	idle int32 = iota
	queued
	working
	again
	over
)

// Why a connection is cut.
const (
	notCut int32 = iota
	cutClient
	cutSlow
	cutClosing
)

// wake is for the view, the kernel and the clock: there may be more to write.
func (s *pumped) wake() {
	for {
		switch s.state.Load() {
		case idle:
			if s.state.CompareAndSwap(idle, queued) {
				s.pump.enqueue(s)
				return
			}
		case working:
			if s.state.CompareAndSwap(working, again) {
				return
			}
		default:
			return
		}
	}
}

// end has the connection closed.
func (s *pumped) end(cut int32) {
	s.cut.CompareAndSwap(notCut, cut)
	s.wake()
}

// stream is for requests beside it.
func (s *pumped) stream() *session { return s.session }

// abort is for a hub that closes.
func (s *pumped) abort() { s.end(cutClosing) }

// maxTurn is how many pieces a connection may write before another has its turn.
const maxTurn = 8

// turn writes what the connection has and can take, and returns how many bytes that were.
func (s *pumped) turn(now time.Time) (sent int) {
	s.state.Store(working)
	more := true
	for n := 0; more && n < maxTurn; n++ {
		var wrote int
		wrote, more = s.step(now)
		sent += wrote
	}
	switch {
	case s.cut.Load() != notCut:
		s.finish([...]string{cutClient: endClient, cutSlow: endSlow, cutClosing: endClosing}[s.cut.Load()])
	case s.rest == nil && s.session.why != "":
		s.finish(s.session.why)
	case more || !s.state.CompareAndSwap(working, idle):
		s.state.Store(queued)
		s.pump.enqueue(s)
	}
	return sent
}

// step writes one piece of so many bytes. more is false if there is none after it, or the kernel takes no
// more.
func (s *pumped) step(now time.Time) (n int, more bool) {
	if s.cut.Load() != notCut {
		return 0, false
	}
	if s.rest == nil {
		if s.rest = s.session.next(now); s.rest == nil {
			return 0, false
		}
	}
	n = s.write()
	if s.rest = s.rest[n:]; len(s.rest) > 0 {
		s.stalled.CompareAndSwap(0, time.Now().UnixNano())
		return n, false
	}
	s.rest = nil
	if s.stalled.Load() != 0 {
		s.stalled.Store(0)
	}
	return n, !s.session.rests(now)
}

// write writes what the kernel takes at once.
func (s *pumped) write() int {
	for {
		n, err := send(s.fd, s.rest)
		switch {
		case err == nil:
			return n
		case errors.Is(err, unix.EINTR):
			continue
		case !errors.Is(err, unix.EAGAIN):
			s.cut.CompareAndSwap(notCut, cutClient)
		}
		return 0
	}
}

// finish closes the connection. Only the worker that has it may.
func (s *pumped) finish(why string) {
	s.state.Store(over)
	if why == endSlow {
		s.pump.hub.log.Info("stream cut off: the client does not read", "user", s.session.identity.Load().User, "address", s.from.String())
	}
	s.pump.remove(s)
	_ = unix.Close(s.fd) // its end is what was wanted
	s.session.close()
	s.leave()
	s.pump.hub.metrics.ended.WithLabelValues(why).Inc()
	s.pump.hub.conns.remove(s.session.id)
}
