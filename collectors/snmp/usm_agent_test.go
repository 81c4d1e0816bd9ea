package snmp

import (
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
)

// usmAgent is an agent of SNMPv3 with one user, on gosnmp's codec and keys: none of what it encrypts
// and signs with is ours.
type usmAgent struct {
	*agent
	user v3User

	mu    sync.Mutex
	sec   *gosnmp.UsmSecurityParameters
	boots uint32
}

func newUSMAgent(t testing.TB, u v3User, mib ...entry) *usmAgent {
	t.Helper()
	c := u.credential()
	a := &usmAgent{user: u, boots: 3, sec: &gosnmp.UsmSecurityParameters{UserName: c.User, AuthoritativeEngineID: "\x80\x00\x1f\x88\x04agent-1",
		AuthenticationProtocol: gosnmp.NoAuth, PrivacyProtocol: gosnmp.NoPriv}}
	if u.auth != "" {
		a.sec.AuthenticationProtocol, _ = authProtocol(u.auth)
		a.sec.AuthenticationPassphrase = authSecret
	}
	if u.priv != "" {
		a.sec.PrivacyProtocol, _ = privProtocol(u.priv)
		a.sec.PrivacyPassphrase = privSecret
	}
	if err := a.sec.InitSecurityKeys(); err != nil {
		t.Fatal(err)
	}
	a.agent = newAgentOn(t, &gosnmp.GoSNMP{Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel,
		MsgFlags: c.level(), SecurityParameters: a.sec}, mib...)
	a.named("") // there is none
	a.replying(a.secured)
	return a
}

// secured makes of a reply one of SNMPv3; who asks another engine gets a Report.
func (a *usmAgent) secured(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
	asked := request.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	if asked.AuthoritativeEngineID != a.sec.AuthoritativeEngineID {
		return a.report(request, ".1.3.6.1.6.3.15.1.1.4.0", gosnmp.NoAuthNoPriv)
	}
	a.secure(request, reply, request.MsgFlags&gosnmp.AuthPriv)
	return reply
}

// report is a Report about a request, at a security level.
func (a *usmAgent) report(request *gosnmp.SnmpPacket, counter string, level gosnmp.SnmpV3MsgFlags) *gosnmp.SnmpPacket {
	p := &gosnmp.SnmpPacket{PDUType: gosnmp.Report, RequestID: request.RequestID,
		Variables: []gosnmp.SnmpPDU{{Name: counter, Type: gosnmp.Counter32, Value: uint32(1)}}}
	a.secure(request, p, level)
	return p
}

// secure puts a packet into an envelope for a request.
func (a *usmAgent) secure(request, p *gosnmp.SnmpPacket, level gosnmp.SnmpV3MsgFlags) {
	a.mu.Lock()
	defer a.mu.Unlock()
	salt := make([]byte, 8)
	_, _ = rand.Read(salt)
	p.Version, p.SecurityModel, p.MsgFlags, p.MsgID = gosnmp.Version3, gosnmp.UserSecurityModel, level, request.MsgID
	p.ContextEngineID, p.ContextName = a.sec.AuthoritativeEngineID, request.ContextName
	p.SecurityParameters = &gosnmp.UsmSecurityParameters{UserName: a.sec.UserName, AuthoritativeEngineID: a.sec.AuthoritativeEngineID,
		AuthoritativeEngineBoots: a.boots, AuthoritativeEngineTime: uint32(time.Now().Unix() % 1e6),
		AuthenticationProtocol: a.sec.AuthenticationProtocol, PrivacyProtocol: a.sec.PrivacyProtocol,
		SecretKey: a.sec.SecretKey, PrivacyKey: a.sec.PrivacyKey, PrivacyParameters: salt}
}

// security is what is in the envelope.
func security(p *gosnmp.SnmpPacket) *gosnmp.UsmSecurityParameters {
	return p.SecurityParameters.(*gosnmp.UsmSecurityParameters)
}

// collector reads the agent as its user.
func (a *usmAgent) collector(t testing.TB, change ...func(*Target)) *Collector {
	t.Helper()
	return a.agent.collector(t, append([]func(*Target){a.user.as}, change...)...)
}
