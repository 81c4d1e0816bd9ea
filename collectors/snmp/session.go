package snmp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/gosnmp/gosnmp"
)

// session is a gosnmp object with its 64 KiB receive buffer, and the scratch memory of a poll. It
// belongs to nobody: a poll borrows it, gives it a socket of its own, and hands it back.
type session struct {
	codec *gosnmp.GoSNMP
	guard *guard
	poll  poll // reused, so that its slices are
}

// errSilent is that no try of a request got an answer; what it means depends on the ones before.
var errSilent = errors.New("no answer")

// errGarbled is a reply that is to the request and cannot be decoded.
var errGarbled = errors.New("the reply cannot be decoded")

// statusError is an error-status in a reply: the device understood and declines.
type statusError struct {
	status gosnmp.SNMPError
	index  int // of the varbind it is about, from 1; 0 if the device did not say
}

// Error names the status as RFC 3416 does.
func (e *statusError) Error() string {
	name := e.status.String()
	return "the device answers " + strings.ToLower(name[:1]) + name[1:]
}

// newSession makes the object and its buffer, which only Connect does. The socket it makes on the way
// sends nothing and is closed at once.
func newSession(m *metrics) (*session, error) {
	codec := &gosnmp.GoSNMP{Target: "127.0.0.1", Port: 9, Version: gosnmp.Version2c, Timeout: time.Second,
		Context: context.Background(), MaxOids: maxVarbinds}
	if err := codec.Connect(); err != nil {
		return nil, fmt.Errorf("a new SNMP session: %w", err)
	}
	if err := codec.Close(); err != nil {
		return nil, fmt.Errorf("a new SNMP session: %w", err)
	}
	return &session{codec: codec, guard: &guard{metrics: m}}, nil
}

// open turns the session to a device. Its socket is new and connected, so the kernel drops what other
// hosts send. The socket closes when ctx ends, which ends a request in flight.
func (s *session) open(ctx context.Context, t *Target, community string) (closeSession func(), err error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", t.endpoint())
	if err != nil {
		return nil, err
	}
	s.guard.Conn, s.guard.received, s.guard.rejected = conn, 0, [rejections]int{}
	c := s.codec
	c.Conn, c.Context = s.guard, ctx
	c.Version, c.Community = t.Credential.version(), community
	c.Timeout, c.Retries, c.ExponentialTimeout = t.timeout(), t.retries(), false
	// A new start for every poll, far from where the id would wrap to 0, which the codec takes for any.
	c.SetRequestID(1 + rand.Uint32N(1<<30))
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return func() {
		stop()
		_ = conn.Close()
		c.Conn, c.Context, c.Community = nil, nil, ""
		s.guard.Conn, s.guard.request, s.guard.asked = nil, s.guard.request[:0], message{}
	}, nil
}

// ask sends one request and waits for its reply. Each OID must be allowed; the walk and the get see to
// that before. The reply answers this request: the guard compared id, community, type and, in a GET,
// names. A *statusError means that the device declined.
func (s *session) ask(ctx context.Context, kind gosnmp.PDUType, oids []string, repetitions int) ([]gosnmp.SnmpPDU, error) {
	s.guard.begin()
	s.codec.Context = ctx
	var reply *gosnmp.SnmpPacket
	var err error
	switch kind {
	case gosnmp.GetRequest:
		reply, err = s.codec.Get(oids)
	case gosnmp.GetNextRequest:
		reply, err = s.codec.GetNext(oids)
	default:
		reply, err = s.codec.GetBulk(oids, 0, uint32(repetitions))
	}
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	if reply.Error != gosnmp.NoError {
		return nil, &statusError{status: reply.Error, index: int(reply.ErrorIndex)}
	}
	if len(reply.Variables) == 0 || kind != gosnmp.GetBulkRequest && len(reply.Variables) != len(oids) {
		return nil, fmt.Errorf("%w: %d values for %d names", errGarbled, len(reply.Variables), len(oids))
	}
	return reply.Variables, nil
}

// explain turns the codec's errors, some of which are texts, stack dumps or bytes of the packet, into
// ours.
func (s *session) explain(ctx context.Context, err error) error {
	switch {
	case isUnreachable(err):
		return err
	case errors.Is(context.Cause(ctx), context.Canceled):
		return context.Canceled
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, gosnmp.ErrMaxRetriesExceeded),
		errors.Is(err, net.ErrClosed):
		s.guard.metrics.timeouts.Inc()
		return errSilent
	}
	return errGarbled
}

// isUnreachable reports that an ICMP message or this host's own network said no.
func isUnreachable(err error) bool {
	for _, e := range []error{syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN,
		syscall.ENETDOWN, syscall.EACCES, syscall.EPERM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
