package snmp

import (
	"slices"

	"github.com/gosnmp/gosnmp"
)

// judge compares a datagram with the request. What it accepts is either a reply (nil if it is signed
// and makes no sense) or a Report. Anybody may send anything: nothing is taken that does not answer a
// message in flight, at the security level that it was asked at.
func (u *usm) judge(datagram []byte) (*message, *report, rejection) {
	m, why := parseUSM(datagram)
	if why != accepted {
		return nil, nil, why
	}
	asked := u.find(m.id)
	if asked == nil {
		return nil, nil, wrongMessageID
	}
	level := m.flags & gosnmp.AuthPriv
	if m.model != int64(gosnmp.UserSecurityModel) || m.encrypted != (level == gosnmp.AuthPriv) ||
		level != gosnmp.NoAuthNoPriv && level != gosnmp.AuthNoPriv && level != gosnmp.AuthPriv {
		return nil, nil, wrongLevel
	}
	if level == gosnmp.NoAuthNoPriv {
		return u.judgeUnsigned(&m, asked)
	}
	return u.judgeSigned(&m, asked, datagram)
}

// find returns the message in flight that has an ID. None has the ID 0.
func (u *usm) find(id int64) *sent {
	for i := range u.inFlight {
		if u.inFlight[i].message == id {
			return &u.inFlight[i]
		}
	}
	return nil
}

// judgeUnsigned looks at what anybody may have made: a reply only counts for a user without a password,
// a Report if it is about the engine that was asked, or names another one.
func (u *usm) judgeUnsigned(m *usmMessage, asked *sent) (*message, *report, rejection) {
	pdu, ok := parseScoped(m.scoped)
	switch {
	case !ok:
		return nil, nil, notSNMP
	case pdu.pdu == tagReport:
		return u.judgeReport(m, &pdu, asked)
	case u.level != gosnmp.NoAuthNoPriv:
		return nil, nil, wrongLevel
	case asked.discovery:
		return nil, nil, wrongPDU
	}
	if why := u.isFromPeer(m); why != accepted {
		return nil, nil, why
	}
	return u.judgeReply(&pdu, asked)
}

func (u *usm) judgeReport(m *usmMessage, pdu *message, asked *sent) (*message, *report, rejection) {
	r := &report{cause: causeOf(pdu.varbinds), engineID: slices.Clone(m.engineID),
		boots: uint32(m.boots), seconds: uint32(m.seconds)}
	same := string(m.engineID) == u.stamp.engineID
	switch {
	case asked.discovery && validEngineID(m.engineID):
	case asked.discovery, r.cause == unknownEngine && (same || !validEngineID(m.engineID)), r.cause != unknownEngine && !same:
		return nil, nil, wrongEngine
	}
	return nil, r, accepted
}

// judgeSigned looks at what only the device can have made, once its signature is checked.
func (u *usm) judgeSigned(m *usmMessage, asked *sent, datagram []byte) (*message, *report, rejection) {
	if u.level == gosnmp.NoAuthNoPriv || m.encrypted && u.level != gosnmp.AuthPriv || asked.discovery {
		return nil, nil, wrongLevel
	}
	if why := u.isFromPeer(m); why != accepted {
		return nil, nil, why
	}
	if !m.isSigned(datagram, u.auth, u.stamp.auth) {
		return nil, nil, wrongDigest
	}
	scoped := m.scoped
	if m.encrypted {
		var ok bool
		if u.plain, ok = m.decrypt(u.plain, u.priv, u.stamp.priv); !ok {
			return nil, nil, accepted
		}
		scoped = u.plain
	}
	pdu, ok := parseScoped(scoped)
	switch {
	case !ok:
		return nil, nil, accepted
	case pdu.pdu == tagReport:
		return nil, &report{cause: causeOf(pdu.varbinds), signed: true, engineID: slices.Clone(m.engineID),
			boots: uint32(m.boots), seconds: uint32(m.seconds)}, accepted
	case m.flags&gosnmp.AuthPriv != u.level:
		return nil, nil, wrongLevel
	case !u.peer.timely(uint32(m.boots), uint32(m.seconds)):
		return nil, nil, wrongTime
	}
	return u.judgeReply(&pdu, asked)
}

func (u *usm) isFromPeer(m *usmMessage) rejection {
	switch {
	case string(m.engineID) != u.stamp.engineID:
		return wrongEngine
	case string(m.user) != u.peer.credential.User:
		return wrongUser
	}
	return accepted
}

func (u *usm) judgeReply(pdu *message, asked *sent) (*message, *report, rejection) {
	switch {
	case pdu.pdu != tagResponse:
		return nil, nil, wrongPDU
	case pdu.id != asked.request:
		return nil, nil, wrongID
	case pdu.status == 0 && u.request.kind == get && !sameNames(pdu.varbinds, u.request.names):
		return nil, nil, wrongName
	}
	return pdu, nil, accepted
}
