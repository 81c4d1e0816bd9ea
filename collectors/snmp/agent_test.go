package snmp

import (
	"encoding/hex"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gosnmp/gosnmp"
)

// entry is one object of an agent.
type entry struct {
	oid   string // with leading dot
	typ   gosnmp.Asn1BER
	value any
}

// agent is an SNMP agent inside the test, on gosnmp's codec, that can misbehave in every way a test
// needs.
type agent struct {
	t         testing.TB
	conn      *net.UDPConn
	community string
	codec     *gosnmp.GoSNMP

	mu       sync.Mutex
	mib      []entry
	requests []*gosnmp.SnmpPacket
	from     *net.UDPAddr // who asked last
	biggest  int          // longest reply sent
	// reply changes the reply, or says nothing (nil) or something else (raw).
	reply func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket
	raw   func(request *gosnmp.SnmpPacket, reply []byte) [][]byte
	// repeatsAll makes it know nothing of names that a GETBULK asks for once.
	repeatsAll bool
	limit      int // bytes of a reply: GETBULK is cut, others are tooBig; 0 is none
}

func newAgent(t testing.TB, mib ...entry) *agent {
	t.Helper()
	return newAgentOn(t, &gosnmp.GoSNMP{Version: gosnmp.Version2c}, mib...)
}

// newAgentOn is an agent with a codec of its own.
func newAgentOn(t testing.TB, codec *gosnmp.GoSNMP, mib ...entry) *agent {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	a := &agent{t: t, conn: conn, community: "public", codec: codec}
	a.set(mib...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.serve()
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return a
}

// set replaces what the agent has.
func (a *agent) set(mib ...entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mib = slices.Clone(mib)
	slices.SortStableFunc(a.mib, func(x, y entry) int { return compareDotted(x.oid, y.oid) })
}

// change sets one object's value.
func (a *agent) change(oid string, value any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := a.search(oid)
	if !ok {
		a.t.Fatalf("the agent has no %s", oid)
	}
	a.mib[i].value = value
}

// replying changes its replies from now on.
func (a *agent) replying(f func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reply = f
}

// sending changes the datagrams that it answers with from now on.
func (a *agent) sending(f func(request *gosnmp.SnmpPacket, reply []byte) [][]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.raw = f
}

// named sets the community that it answers to.
func (a *agent) named(community string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.community = community
}

// longest is the length of the longest reply so far.
func (a *agent) longest() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.biggest
}

func (a *agent) port() int { return a.conn.LocalAddr().(*net.UDPAddr).Port }

// taken returns the requests since the last call.
func (a *agent) taken() []*gosnmp.SnmpPacket {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.requests
	a.requests = nil
	return r
}

func (a *agent) serve() {
	buf := make([]byte, 65535)
	for {
		n, from, err := a.conn.ReadFromUDP(buf)
		if err != nil {
			return
		}
		request, err := a.codec.SnmpDecodePacket(slices.Clone(buf[:n]))
		if err != nil {
			a.t.Errorf("agent: %v", err)
			continue
		}
		a.mu.Lock()
		a.from = from
		a.mu.Unlock()
		for _, b := range a.answer(request) {
			_, _ = a.conn.WriteToUDP(b, from)
		}
	}
}

func (a *agent) answer(request *gosnmp.SnmpPacket) [][]byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, request)
	if request.Community != a.community {
		return nil
	}
	reply := a.process(request)
	if a.reply != nil {
		reply = a.reply(request, reply)
	}
	if reply == nil {
		return nil
	}
	b := marshal(a.t, reply)
	if a.limit > 0 && len(b) > a.limit {
		b = a.shorten(request, reply)
	}
	a.biggest = max(a.biggest, len(b))
	if a.raw != nil {
		return a.raw(request, b)
	}
	return [][]byte{b}
}

func marshal(t testing.TB, p *gosnmp.SnmpPacket) []byte {
	b, err := p.MarshalMsg()
	if err != nil {
		t.Errorf("agent: %v", err)
	}
	return b
}

func (a *agent) shorten(request, reply *gosnmp.SnmpPacket) []byte {
	for request.PDUType == gosnmp.GetBulkRequest && len(reply.Variables) > len(request.Variables) {
		reply.Variables = reply.Variables[:len(reply.Variables)-1]
		if b := marshal(a.t, reply); len(b) <= a.limit {
			return b
		}
	}
	reply.Error, reply.ErrorIndex, reply.Variables = gosnmp.TooBig, 0, nil
	return marshal(a.t, reply)
}

func (a *agent) process(request *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
	reply := &gosnmp.SnmpPacket{Version: request.Version, Community: request.Community,
		PDUType: gosnmp.GetResponse, RequestID: request.RequestID}
	repetitions := 1
	if request.PDUType == gosnmp.GetBulkRequest {
		repetitions = int(request.MaxRepetitions)
	}
	names := make([]string, len(request.Variables))
	for i, v := range request.Variables {
		names[i] = v.Name
	}
	single := min(int(request.NonRepeaters), len(names))
	if a.repeatsAll || request.PDUType != gosnmp.GetBulkRequest {
		single = 0
	}
	for _, name := range names[:single] {
		reply.Variables = append(reply.Variables, a.lookup(request, name))
	}
	names = names[single:]
	for range repetitions {
		for i := range names {
			pdu := a.lookup(request, names[i])
			if request.Version == gosnmp.Version1 && (pdu.Type == gosnmp.NoSuchInstance || pdu.Type == gosnmp.EndOfMibView) {
				reply.Error, reply.ErrorIndex, reply.Variables = gosnmp.NoSuchName, uint8(i+1), request.Variables
				return reply
			}
			reply.Variables = append(reply.Variables, pdu)
			names[i] = pdu.Name
		}
	}
	return reply
}

func (a *agent) search(oid string) (int, bool) {
	return slices.BinarySearchFunc(a.mib, oid, func(e entry, oid string) int { return compareDotted(e.oid, oid) })
}

func (a *agent) lookup(request *gosnmp.SnmpPacket, oid string) gosnmp.SnmpPDU {
	i, ok := a.search(oid)
	if request.PDUType == gosnmp.GetRequest {
		if !ok {
			return gosnmp.SnmpPDU{Name: oid, Type: gosnmp.NoSuchInstance}
		}
		return gosnmp.SnmpPDU{Name: oid, Type: a.mib[i].typ, Value: a.mib[i].value}
	}
	if ok {
		i++
	}
	for i < len(a.mib) && request.Version == gosnmp.Version1 && a.mib[i].typ == gosnmp.Counter64 {
		i++
	}
	if i == len(a.mib) {
		return gosnmp.SnmpPDU{Name: oid, Type: gosnmp.EndOfMibView}
	}
	return gosnmp.SnmpPDU{Name: a.mib[i].oid, Type: a.mib[i].typ, Value: a.mib[i].value}
}

// recording reads a .snmprec file: OID|BER tag|value, with x for hex.
func recording(t testing.TB, path string) []entry {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var mib []entry
	for _, line := range strings.Split(string(data), "\n") {
		parts := strings.SplitN(strings.TrimSuffix(line, "\r"), "|", 3)
		if len(parts) < 3 {
			continue
		}
		if e, ok := recorded(parts[0], parts[1], parts[2]); ok {
			mib = append(mib, e)
		}
	}
	return mib
}

func recorded(oid, tag, text string) (entry, bool) {
	tag, isHex := strings.CutSuffix(tag, "x")
	n, err := strconv.Atoi(tag)
	if err != nil {
		return entry{}, false
	}
	e := entry{oid: "." + oid, typ: gosnmp.Asn1BER(n)}
	raw := []byte(text)
	if isHex {
		if raw, err = hex.DecodeString(text); err != nil {
			return entry{}, false
		}
	}
	switch e.typ {
	case gosnmp.Integer:
		v, err := strconv.Atoi(text)
		e.value = v
		return e, err == nil
	case gosnmp.Counter32, gosnmp.Gauge32, gosnmp.TimeTicks:
		v, err := strconv.ParseUint(text, 10, 32)
		e.value = uint32(v)
		return e, err == nil
	case gosnmp.Counter64:
		v, err := strconv.ParseUint(text, 10, 64)
		e.value = v
		return e, err == nil
	case gosnmp.OctetString:
		e.value = raw
		return e, true
	case gosnmp.ObjectIdentifier:
		e.value = text
		return e, true
	case gosnmp.IPAddress:
		e.value = raw
		if !isHex {
			e.value = text
		}
		return e, true
	}
	return entry{}, false
}

// compareDotted orders two dotted OIDs as SNMP does, by their texts: it has nothing in common with what
// the package does with names.
func compareDotted(a, b string) int {
	a, b = strings.TrimPrefix(a, "."), strings.TrimPrefix(b, ".")
	for a != "" && b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	return len(a) - len(b)
}
