package snmp

import (
	"context"
	"net"
)

// session is a receive buffer of 64 KiB and the scratch memory of a poll. It belongs to nobody: a poll
// borrows it, gives it a socket of its own, and hands it back.
type session struct {
	tally     tally
	incoming  []byte // as long as the longest datagram
	community community
	usm       usm
	exchange  exchange // what the device that the session is open to is asked by
	request   request
	poll      poll // reused, so that its slices are
}

func newSession(m *metrics) *session {
	s := &session{tally: tally{metrics: m}}
	s.community.tally, s.usm.tally = &s.tally, &s.tally
	return s
}

// open turns the session to a device. Its socket is new and connected, so the kernel drops what other
// hosts send. The socket closes when ctx ends, which ends a request in flight. A device that is asked
// over SNMPv3 has a peer, any other one a community.
func (s *session) open(ctx context.Context, t *Target, secret string, peer *usmPeer) (closeSession func(), err error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", t.endpoint())
	if err != nil {
		return nil, err
	}
	s.tally.begin()
	if s.incoming == nil {
		s.incoming = make([]byte, longestDatagram)
	}
	if peer != nil {
		s.usm.open(conn, t, peer, s.incoming)
		s.exchange = &s.usm
	} else {
		s.community.open(conn, t, secret, s.incoming)
		s.exchange = &s.community
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return func() {
		stop()
		_ = conn.Close()
		s.community.close()
		s.usm.close()
		s.exchange, s.request.names = nil, nil
	}, nil
}

// ask sends one request and waits for its reply. Each name must be allowed; the poll sees to that
// before. A *statusError means that the device declined.
func (s *session) ask(ctx context.Context, kind requestKind, names []name, repetitions int) ([]value, error) {
	s.request = request{kind, names, repetitions}
	reply, err := s.exchange.ask(ctx, &s.request)
	switch {
	case err == errSilent: //nolint:errorlint // as exchange promises it
		s.tally.metrics.timeouts.Inc()
		return nil, err
	case err != nil:
		return nil, err
	case reply.status != 0:
		return nil, &statusError{status: reply.status, index: reply.index}
	}
	return reply.values, nil
}
