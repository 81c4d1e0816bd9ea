package snmp

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

// One session polls many devices, one after the other: neither a late reply of one nor an ICMP message about
// one is taken for the next one's.
func TestASocketGoesFromDeviceToDevice(t *testing.T) {
	a, b, gone := newAgent(t, aRouter(2)...), newAgent(t, vendor(aRouter(3), ".1.3.6.1.4.1.9.1")...), newAgent(t)
	toA, toB, toGone := a.collector(t), b.collector(t), gone.collector(t)
	toB.engine, toGone.engine = toA.engine, toA.engine
	toB.lanes, toGone.lanes = map[pipeline.Lane]*lane{}, map[pipeline.Lane]*lane{}
	_ = gone.conn.Close()
	var stale []byte
	a.sending(func(_ *gosnmp.SnmpPacket, reply []byte) [][]byte {
		stale = reply
		return [][]byte{reply, reply, reply} // two come when nobody waits for them any more
	})
	for range 20 {
		wantRows(t, tableOf(t, mustCollect(t, toA), "interface"), "ether1 ether2")
		a.mu.Lock()
		_, err := a.conn.WriteToUDP(stale, a.from)
		a.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		wantRows(t, tableOf(t, mustCollect(t, toB), "interface"), "ether1 ether2 ether3")
		if err := toGone.Check(t.Context()); !errors.Is(err, pipeline.ErrUnreachable) {
			t.Error(err)
		}
	}
	if n := len(toA.engine.free); n != 1 {
		t.Errorf("%d sessions, want one that all polls use", n)
	}
}

// An interrupted connection is not used again.
func TestAnInterruptedSessionGetsANewSocket(t *testing.T) {
	a := newAgent(t, aRouter(1)...)
	a.replying(func(_, _ *gosnmp.SnmpPacket) *gosnmp.SnmpPacket { return nil })
	s := newSession(newEngine(t).metrics, newInboxes())
	defer s.socket.close()
	ctx, cancel := context.WithCancel(t.Context())
	target := a.collector(t, func(target *Target) { target.Timeout = time.Minute }).target
	leave, err := s.open(ctx, &target, "public", nil)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err = s.ask(ctx, request{kind: get, names: []name{mustName(t, sysUpTime)}})
	leave()
	if err == nil || strings.Contains(err.Error(), "bug") || s.socket.conn != nil {
		t.Errorf("%v; the socket is %v", err, s.socket.conn)
	}
}

// A host name is resolved by the library, at each poll anew.
func TestAHostName(t *testing.T) {
	if _, err := net.DefaultResolver.LookupHost(t.Context(), "localhost"); err != nil {
		t.Skip("localhost cannot be resolved here:", err)
	}
	c := newAgent(t, aRouter(1)...).collector(t, func(target *Target) { target.Address = "localhost" })
	for range 2 {
		mustCollect(t, c)
	}
}
