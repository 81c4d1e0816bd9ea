package snmp

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// session is a socket and the scratch memory of a poll. It belongs to
// nobody: a poll borrows it, turns it to its device, and hands it back.
type session struct {
	tally     tally
	socket    socket
	inbox     inbox
	community community
	usm       usm
	exchange  exchange // what the device that the session is open to is asked by
	request   request
	answer    *reply // to the last request that got one
	now       func() time.Time
	poll      poll // reused, so that its slices are

	idleSince time.Time // while nobody uses it

	stop  func() bool // takes back what is to happen when the poll's context ends
	leave func()      // close, made once: a method value takes memory
}

func newSession(m *metrics, i *inboxes) *session {
	s := &session{tally: tally{metrics: m}, inbox: inbox{from: i}, now: time.Now}
	s.community.tally, s.usm.tally = &s.tally, &s.tally
	s.leave = s.close
	return s
}

// open turns the session to a device. The connection is to it alone, so the kernel drops what other
// hosts send. When ctx ends, so does a request in flight. A device that is asked over SNMPv3 has a peer,
// any other one a community.
func (s *session) open(ctx context.Context, t *Target, secret string, peer *usmPeer) (closeSession func(), err error) {
	conn, err := s.connect(ctx, t)
	if err != nil {
		return nil, err
	}
	s.tally.begin()
	l := line{Conn: conn, ctx: ctx, inbox: &s.inbox, now: s.now}
	if s.socket.isReusable() {
		l.socket = &s.socket
	}
	if peer != nil {
		s.usm.open(l, t, peer)
		s.exchange = &s.usm
	} else {
		s.community.open(l, t, secret)
		s.exchange = &s.community
	}
	s.stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return s.leave, nil
}

// line is the connection to a device for as long as a poll.
type line struct {
	net.Conn
	ctx    context.Context // of the poll: when it ends, whoever waits for a reply is interrupted
	socket *socket         // under the connection, if it can do better than a connection
	inbox  *inbox
	now    func() time.Time // says when a reply came
}

// roundTrip sends a datagram, unless it is nil, and waits for the next one that comes in, which holds
// until the next call.
func (l line) roundTrip(out []byte) (in []byte, err error) {
	l.inbox.release()
	if l.socket != nil {
		return l.socket.roundTrip(out, l.inbox)
	}
	if out != nil {
		if _, err := l.Write(out); err != nil {
			return nil, err
		}
	}
	in = l.inbox.take()
	n, err := l.Read(in)
	return in[:n], err
}

// waitUntil bounds the reads that follow. It fails if they were interrupted before it could.
func (l line) waitUntil(deadline time.Time) error {
	if err := l.SetReadDeadline(deadline); err != nil {
		return err
	}
	return l.ctx.Err()
}

// connect uses the session's socket for an address, and a new one for a name: which of a name's
// addresses can be reached is for the library to find out.
func (s *session) connect(ctx context.Context, t *Target) (net.Conn, error) {
	if addr, err := netip.ParseAddr(t.Address); err == nil && addr.Zone() == "" {
		return s.socket.connect(netip.AddrPortFrom(addr, t.port()))
	}
	s.socket.close()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", t.endpoint())
	if udp, ok := conn.(*net.UDPConn); ok {
		s.socket.conn = udp
	}
	return conn, err
}

// close lets go of the device. A connection that was interrupted is not used again, and neither is one
// that came from a name.
func (s *session) close() {
	if !s.stop() || !s.socket.isReusable() {
		s.socket.close()
	}
	s.community.close()
	s.usm.close()
	s.inbox.release()
	s.exchange, s.answer, s.stop, s.request.names = nil, nil, nil, nil
}

// ask sends one request and waits for its reply. Each name must be allowed; the poll sees to that
// before. A *statusError means that the device declined.
func (s *session) ask(ctx context.Context, r request) ([]value, error) {
	s.request = r
	reply, err := s.exchange.ask(ctx, &s.request)
	switch {
	case err == errSilent: //nolint:errorlint // as exchange promises it
		s.tally.metrics.timeouts.Inc()
		return nil, err
	case err != nil:
		return nil, err
	}
	if s.answer = reply; reply.status != 0 {
		return nil, &statusError{status: reply.status, index: reply.index}
	}
	return reply.values, nil
}

// ahead sends requests, at most so many at a time, that the poll will ask after this one by one. Only SNMP v1 and
// v2c do so, over a socket of ours.
func (s *session) ahead(requests []request, most int) {
	if s.exchange == &s.community && s.socket.isReusable() {
		s.community.ahead(requests, most)
	}
}

// sentAhead reports that requests were sent ahead.
func (s *session) sentAhead() bool { return len(s.community.flights.planned) > 0 }

// lostAhead reports that a request which was sent ahead got no reply in its time.
func (s *session) lostAhead() bool { return s.community.flights.lost }
