package snmp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/gosnmp/gosnmp"
)

// usm is the exchange of SNMPv3 with its user-based security. gosnmp makes the messages that go out:
// their encoding, encryption and signature. What comes in is checked, decrypted and read here, because
// the library's side of that has taken forgeries for replies and never finds its way back to a device
// whose engine has changed.
//
// Its memory is used by one device after the other; what is kept of a device is its usmPeer.
type usm struct {
	tally   *tally
	line    line
	timeout time.Duration
	tries   int
	peer    *usmPeer

	level  gosnmp.SnmpV3MsgFlags
	auth   gosnmp.SnmpV3AuthProtocol
	priv   gosnmp.SnmpV3PrivProtocol
	packet gosnmp.SnmpPacket // the request
	pdus   []gosnmp.SnmpPDU  // its names

	request    *request
	inFlight   []sent // this request's tries
	stamp      stamp  // of the last one
	resyncs    int    // in this poll
	discovered bool   // the engine was, in this poll

	plain []byte // a reply, decrypted
	reply reply
}

// sent is what is known of a message that may still be answered.
type sent struct {
	message, request int64
	discovery        bool
}

// maxResyncs is how often in one poll the device may say that its engine or its clock is another one.
const maxResyncs = 6

// open turns to a device. The line is to it alone: the kernel drops what other hosts send.
func (u *usm) open(l line, t *Target, peer *usmPeer) {
	c := &t.Credential
	u.line, u.timeout, u.tries, u.peer = l, t.timeout(), t.retries()+1, peer
	u.auth, _ = authProtocol(c.Auth)
	u.priv, _ = privProtocol(c.Priv)
	u.level, u.resyncs, u.discovered = c.level(), 0, false
}

// close forgets the device, and the last thing it said in secret.
func (u *usm) close() {
	clear(u.plain[:cap(u.plain)])
	clear(u.pdus[:cap(u.pdus)])
	u.line, u.peer, u.request = line{}, nil, nil
	u.stamp, u.packet = stamp{}, gosnmp.SnmpPacket{}
}

// ask sends a request and waits for its reply. An unknown engine is discovered first, and what the
// device says of its engine or clock is heeded; neither takes one of the request's tries.
func (u *usm) ask(ctx context.Context, r *request) (*reply, error) {
	u.request, u.inFlight = r, u.inFlight[:0]
	u.pdus = u.pdus[:0]
	for _, n := range r.names {
		u.pdus = append(u.pdus, gosnmp.SnmpPDU{Name: n.String(), Type: gosnmp.Null})
	}
	for try := 0; try < u.tries; {
		err := u.try(ctx)
		var said *report
		switch {
		case err == nil:
			return &u.reply, nil
		case errors.As(err, &said):
			if err := u.heed(said); err != nil {
				return nil, err
			}
			continue
		case errors.Is(err, errGarbled), errors.Is(err, errUnsent), isUnreachable(err):
			return nil, err
		case errors.Is(context.Cause(ctx), context.Canceled):
			return nil, context.Canceled
		case ctx.Err() != nil, errors.Is(err, net.ErrClosed):
			return nil, errSilent
		}
		try++
	}
	if u.discovered && !u.peer.hasAnswered() {
		return nil, &refusal{silentToUser, u.peer.credential}
	}
	return nil, errSilent
}

// errUnsent is a request that the library could not encode.
var errUnsent = errors.New("the request cannot be encoded")

// try sends the request, or a discovery if the engine is unknown, and waits until the time of one try
// is up.
func (u *usm) try(ctx context.Context) error {
	datagram, err := u.encode()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(u.timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if err := u.line.waitUntil(deadline); err != nil {
		return err
	}
	u.tally.sent(len(datagram))
	return u.exchange(datagram, deadline)
}

// encode makes the next message. Its two ids are random: what answers them was made for them, neither
// an old message nor somebody's guess.
func (u *usm) encode() ([]byte, error) {
	s := sent{message: int64(randomID()), request: int64(randomID())}
	var known bool
	u.stamp, known = u.peer.stamp()
	s.discovery = !known
	u.packet = gosnmp.SnmpPacket{Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel,
		MsgFlags: gosnmp.Reportable, MsgID: uint32(s.message), RequestID: uint32(s.request), MsgMaxSize: longestReply,
		PDUType: gosnmp.GetRequest, SecurityParameters: &gosnmp.UsmSecurityParameters{AuthenticationProtocol: gosnmp.NoAuth}}
	if known {
		u.address()
	}
	datagram, err := u.packet.MarshalMsg()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnsent, err)
	}
	u.inFlight = append(u.inFlight, s)
	return datagram, nil
}

// longestReply is what fits a datagram over IPv4.
const longestReply = 65507

func randomID() uint32 { return 1 + rand.Uint32N(1<<31-1) }

// address puts the request, the engine and the user's keys into the message.
func (u *usm) address() {
	c, p := u.peer.credential, &u.packet
	p.MsgFlags |= u.level
	p.ContextEngineID, p.ContextName = u.stamp.engineID, c.Context
	p.PDUType, p.Variables = gosnmp.PDUType(u.request.kind), u.pdus
	if u.request.kind == getBulk {
		p.MaxRepetitions, p.NonRepeaters = uint32(u.request.repetitions), uint8(u.request.single)
	}
	security := &gosnmp.UsmSecurityParameters{
		UserName: c.User, AuthoritativeEngineID: u.stamp.engineID,
		AuthoritativeEngineBoots: u.stamp.boots, AuthoritativeEngineTime: u.stamp.seconds,
		AuthenticationProtocol: u.auth, PrivacyProtocol: u.priv,
		SecretKey: u.stamp.auth, PrivacyKey: u.stamp.priv,
	}
	if u.level == gosnmp.AuthPriv {
		security.PrivacyParameters = u.salt()
	}
	p.SecurityParameters = security
}

// salt never repeats under one key: with AES it is a counter from a random start, with DES the engine's
// boots and half of that counter (RFC 3414, section 8.1.1.1).
func (u *usm) salt() []byte {
	salt := binary.BigEndian.AppendUint64(nil, u.stamp.salt)
	if u.priv == gosnmp.DES {
		binary.BigEndian.PutUint32(salt, u.stamp.boots)
		binary.BigEndian.PutUint32(salt[4:], uint32(u.stamp.salt))
	}
	return salt
}

// exchange sends a message and reads datagrams until one answers. A Report that nobody signed may be
// anybody's, so the true reply has half of the time that a reply has, from then on, to prove it wrong.
func (u *usm) exchange(datagram []byte, deadline time.Time) error {
	var doubtful *report
	for ; ; datagram = nil {
		in, err := u.line.roundTrip(datagram)
		if err != nil {
			if doubtful == nil || !isTimeout(err) || u.line.ctx.Err() != nil {
				return err
			}
			u.tally.got(doubtful.bytes, accepted)
			return doubtful
		}
		m, said, why := u.judge(in)
		switch {
		case why != accepted:
			u.tally.got(len(in), why)
		case said == nil:
			u.tally.got(len(in), accepted)
			if doubtful != nil {
				u.tally.got(doubtful.bytes, wrongReport)
			}
			u.reply.size, u.reply.at = len(in), u.line.now()
			return u.decode(m)
		case said.signed || u.isDiscovery():
			u.tally.got(len(in), accepted)
			return said
		case doubtful != nil:
			u.tally.got(len(in), wrongReport)
		default:
			doubtful, said.bytes = said, len(in)
			if grace := time.Now().Add(u.timeout / 2); grace.Before(deadline) {
				if err := u.line.waitUntil(grace); err != nil {
					return err
				}
			}
		}
	}
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// isDiscovery reports that the engine was asked for by the last message, so that a Report answers it.
func (u *usm) isDiscovery() bool { return u.inFlight[len(u.inFlight)-1].discovery }

// decode reads the values of a reply. A nil message is one that was signed and makes no sense.
func (u *usm) decode(m *message) error {
	if m == nil {
		return errGarbled
	}
	u.peer.answered()
	return u.reply.decode(m, u.request)
}

// heed does what a Report asks for, or says why nothing can be done.
func (u *usm) heed(r *report) error {
	u.inFlight = u.inFlight[:0]
	if u.resyncs++; u.resyncs > maxResyncs {
		return &refusal{r.cause, u.peer.credential}
	}
	switch {
	case u.stamp.engineID == "", r.cause == unknownEngine:
		u.discovered = true
		return u.peer.discovered(r.engineID, r.boots, r.seconds)
	case r.cause == notInTimeWindow:
		u.peer.resync(r.boots, r.seconds, r.signed)
		return nil
	}
	return &refusal{r.cause, u.peer.credential}
}
