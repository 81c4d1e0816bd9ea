package snmp

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// forger races an agent: before each true reply it sends forged ones, of each kind in turn.
type forger struct {
	agent   *agent
	forge   *net.UDPConn // another address, the agent's port
	sent    map[string]int
	version gosnmp.SnmpVersion
}

// forge makes what a forger sends who saw the request, and what it has to guess wrong to be one.
func (f *forger) packets(t *testing.T, request *gosnmp.SnmpPacket) [][]byte {
	var out [][]byte
	for _, kind := range []string{"request-id", "request-id 0", "community", "pdu-type", "version", "name"} {
		p := &gosnmp.SnmpPacket{Version: request.Version, Community: request.Community, PDUType: gosnmp.GetResponse, RequestID: request.RequestID}
		for _, v := range request.Variables {
			p.Variables = append(p.Variables, gosnmp.SnmpPDU{Name: v.Name, Type: tInt, Value: 666})
		}
		switch kind {
		case "request-id":
			p.RequestID = rand.Uint32() >> 1
			if p.RequestID == request.RequestID {
				continue
			}
		case "request-id 0":
			p.RequestID = 0
		case "community":
			p.Community = "publi"
		case "pdu-type":
			p.PDUType = gosnmp.GetRequest
		case "version":
			p.Version = gosnmp.Version1
			if f.version == gosnmp.Version1 {
				p.Version = gosnmp.Version2c
			}
		case "name":
			if request.PDUType != gosnmp.GetRequest {
				continue // a walk takes any name that follows: see below
			}
			for i := range p.Variables {
				p.Variables[i].Name = fmt.Sprintf(".1.3.6.1.2.1.1.%d.0", i+10)
			}
		}
		out = append(out, marshal(t, p))
		f.sent[kind]++
	}
	return out
}

// elsewhere sends what is right in everything but where it comes from.
func (f *forger) elsewhere(t *testing.T, request *gosnmp.SnmpPacket) {
	p := &gosnmp.SnmpPacket{Version: request.Version, Community: request.Community, PDUType: gosnmp.GetResponse, RequestID: request.RequestID}
	for _, v := range request.Variables {
		p.Variables = append(p.Variables, gosnmp.SnmpPDU{Name: v.Name, Type: tInt, Value: 666})
	}
	if _, err := f.forge.WriteToUDP(marshal(t, p), f.agent.from); err != nil {
		t.Error(err)
	}
	f.sent["other source"]++
}

// Fault 24, versions 1 and 2c: 10,000 forged replies race the agent. None is taken, each kind is
// counted (but what comes from another address, which the kernel drops), and every poll succeeds as if
// nothing had been. SNMPv3 has a test of its own.
func TestFault24ForgedReplies(t *testing.T) {
	for _, version := range []gosnmp.SnmpVersion{gosnmp.Version1, gosnmp.Version2c} {
		t.Run(version.String(), func(t *testing.T) {
			a := newAgent(t, aRouter(2)...)
			other, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 99, 0, 1), Port: a.port()})
			if err != nil {
				t.Skipf("NOT RUN: no second loopback address: %v", err)
			}
			defer func() { _ = other.Close() }()
			c := a.collector(t, func(target *Target) { // a request that is sent again would change the count
				target.Credential.Version, target.Timeout = version.String(), 5*time.Second
			})
			plain := dump(mustCollect(t, a.collector(t, func(target *Target) { target.Credential.Version = version.String() }))...)
			f := &forger{agent: a, forge: other, sent: map[string]int{}, version: version}
			a.sending(func(request *gosnmp.SnmpPacket, reply []byte) [][]byte {
				f.elsewhere(t, request)
				return append(f.packets(t, request), reply)
			})
			total, polls := 0, 0
			for total < 5000 { // of each version
				got := dump(mustCollect(t, c)...)
				if strings.Contains(got, "666") {
					t.Fatalf("a forgery was taken\n%s", got)
				}
				if polls++; polls == 1 && got != plain {
					t.Fatalf("got\n%s\nwithout a forger\n%s", got, plain)
				}
				total = 0
				a.mu.Lock()
				for _, n := range f.sent {
					total += n
				}
				a.mu.Unlock()
			}
			counted := map[string]int{"request-id": count(c, wrongID), "community": count(c, wrongCommunity), "pdu-type": count(c, wrongPDU),
				"version": count(c, wrongVersion), "name": count(c, wrongName)}
			figures := fmt.Sprintf("version %s: accepted 0 of %d forged replies in %d polls, all of which succeeded; sent %v, counted %v", version, total, polls, f.sent, counted)
			if timeouts := testutil.ToFloat64(c.engine.metrics.timeouts); timeouts > 0 {
				t.Errorf("%v requests went unanswered", timeouts)
			}
			f.sent["request-id"] += f.sent["request-id 0"]
			for kind, n := range counted {
				if n != f.sent[kind] {
					t.Errorf("%d counted as %s, %d were sent", n, kind, f.sent[kind])
				}
			}
			sinktest.Fault{Row: "24", Trials: total, Figures: figures}.Report(t)
		})
	}
}
