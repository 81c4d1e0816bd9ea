package snmp

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

func requestsOf(c *Collector) float64 { return testutil.ToFloat64(c.engine.metrics.requests) }

func pipelineRefused(err error) bool { return errors.Is(err, pipeline.ErrRefused) }

// forgery is a datagram that comes before the true reply, and what it is counted as.
type forgery struct {
	counts rejection
	make   func(a *usmAgent, request *gosnmp.SnmpPacket, reply []byte) []byte
}

// forged makes a signed and encrypted reply of 666es and changes it before it is sealed.
func forged(change func(a *usmAgent, p *gosnmp.SnmpPacket)) func(*usmAgent, *gosnmp.SnmpPacket, []byte) []byte {
	return func(a *usmAgent, request *gosnmp.SnmpPacket, _ []byte) []byte {
		p := &gosnmp.SnmpPacket{PDUType: gosnmp.GetResponse, RequestID: request.RequestID}
		for _, v := range request.Variables {
			p.Variables = append(p.Variables, gosnmp.SnmpPDU{Name: v.Name, Type: tInt, Value: 666})
		}
		a.secure(request, p, request.MsgFlags&gosnmp.AuthPriv)
		change(a, p)
		return marshal(a.t, p)
	}
}

// unsigned turns a forgery into one that anybody can make who sees the request.
func unsigned(p *gosnmp.SnmpPacket) {
	p.MsgFlags = gosnmp.NoAuthNoPriv
	security(p).AuthenticationProtocol, security(p).PrivacyProtocol = gosnmp.NoAuth, gosnmp.NoPriv
	security(p).SecretKey, security(p).PrivacyKey, security(p).PrivacyParameters = nil, nil, nil
}

// asReport turns it into a Report.
func asReport(p *gosnmp.SnmpPacket, counter string) {
	unsigned(p)
	p.PDUType, p.Variables = gosnmp.Report, []gosnmp.SnmpPDU{{Name: counter, Type: gosnmp.Counter32, Value: uint32(9)}}
}

// forgeries of a reply to a user who signs and encrypts. The forger sees each request, and even knows
// the keys where it says so.
func forgeries() map[string]forgery {
	return map[string]forgery{
		"plaintext, empty user, request id 0": {wrongLevel, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) {
			unsigned(p)
			p.RequestID, security(p).UserName, security(p).AuthoritativeEngineID = 0, "", ""
		})},
		"plaintext, all else right":          {wrongLevel, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) { unsigned(p) })},
		"signed with the key, not encrypted": {wrongLevel, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) { p.MsgFlags = gosnmp.AuthNoPriv })},
		"wrong key": {wrongDigest, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) {
			security(p).SecretKey = slices.Repeat([]byte{7}, len(security(p).SecretKey))
		})},
		"the reply, one bit of it changed": {wrongDigest, func(_ *usmAgent, _ *gosnmp.SnmpPacket, reply []byte) []byte {
			b := slices.Clone(reply)
			b[len(b)-9] ^= 4
			return b
		}},
		"engine of another": {wrongEngine, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) {
			security(p).AuthoritativeEngineID = "\x80\x00\x1f\x88\x04agent-2"
		})},
		"user is another":       {wrongUser, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) { security(p).UserName = "admin" })},
		"message id, sealed":    {wrongMessageID, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) { p.MsgID++ })},
		"message id 0":          {wrongMessageID, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) { p.MsgID = 0 })},
		"request id, sealed":    {wrongID, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) { p.RequestID++ })},
		"request id 0":          {wrongID, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) { p.RequestID = 0 })},
		"a request, sealed":     {wrongPDU, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) { p.PDUType = gosnmp.SetRequest })},
		"from the past, sealed": {wrongTime, forged(func(a *usmAgent, p *gosnmp.SnmpPacket) { security(p).AuthoritativeEngineBoots = 1 })},
		"version 2c": {wrongVersion, func(a *usmAgent, request *gosnmp.SnmpPacket, _ []byte) []byte {
			return marshal(a.t, &gosnmp.SnmpPacket{Version: gosnmp.Version2c, Community: "public", PDUType: gosnmp.GetResponse,
				RequestID: request.RequestID, Variables: request.Variables})
		}},
		"garbage":                         {notSNMP, func(*usmAgent, *gosnmp.SnmpPacket, []byte) []byte { return []byte("0\x03\x02\x01\x03") }},
		"unsigned Report: wrong password": {wrongReport, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) { asReport(p, ".1.3.6.1.6.3.15.1.1.5.0") })},
		"unsigned Report: other engine": {wrongReport, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) {
			asReport(p, ".1.3.6.1.6.3.15.1.1.4.0")
			security(p).AuthoritativeEngineID = "\x80\x00\x1f\x88\x04agent-9"
		})},
		"unsigned Report: no engine": {wrongEngine, forged(func(_ *usmAgent, p *gosnmp.SnmpPacket) {
			asReport(p, ".1.3.6.1.6.3.15.1.1.4.0")
			security(p).AuthoritativeEngineID = ""
		})},
	}
}

// Fault 24, SNMPv3: 10,000 forged replies, each before the true one, and an old reply again. None is
// taken, each is counted by its kind, none uses up a try, and the polls read what the agent has.
func TestFault24V3Forgeries(t *testing.T) {
	a := newUSMAgent(t, v3User{"sha256", "aes128"}, aRouter(2)...)
	c := a.collector(t, func(target *Target) { target.Timeout, target.Retries = 10*time.Second, -1 })
	mustCollect(t, c) // from the first signed reply on the device's clock is known, and what is past
	want := dump(mustCollect(t, c)...)
	all := forgeries()
	var old []byte
	made, expected := 0, map[rejection]int{}
	a.sending(func(request *gosnmp.SnmpPacket, reply []byte) [][]byte {
		if security(request).AuthoritativeEngineID == "" {
			return [][]byte{reply}
		}
		out := make([][]byte, 0, len(all)+2)
		for _, f := range all {
			out = append(out, f.make(a, request, reply))
			expected[f.counts]++
		}
		if old != nil {
			out, expected[wrongMessageID] = append(out, old), expected[wrongMessageID]+1
		}
		made += len(out)
		old = slices.Clone(reply)
		return append(out, reply)
	})
	polls := 0
	for enough := false; !enough; polls++ {
		if got := dump(mustCollect(t, c)...); got != want {
			t.Fatalf("poll %d:\n%s", polls, got)
		}
		a.agent.mu.Lock()
		enough = made >= 10_000
		a.agent.mu.Unlock()
	}
	for why, n := range expected {
		if got := count(c, why); got != n {
			t.Errorf("%d counted as %s, %d were sent", got, why, n)
		}
	}
	sinktest.Fault{Row: "24", Trials: made, Figures: fmt.Sprintf("version 3: %d forgeries in %d polls, none taken: %v", made, polls, expected)}.Report(t)
}

// What a user without a password is told can be forged by who sees the request, and by nobody else.
func TestV3WithoutPassword(t *testing.T) {
	a := newUSMAgent(t, v3User{}, aRouter(2)...)
	want := dump(mustCollect(t, a.collector(t))...)
	a.sending(func(request *gosnmp.SnmpPacket, reply []byte) [][]byte {
		out := make([][]byte, 0, 8)
		for _, change := range []func(*usmAgent, *gosnmp.SnmpPacket){
			func(_ *usmAgent, p *gosnmp.SnmpPacket) { p.MsgID++ },
			func(_ *usmAgent, p *gosnmp.SnmpPacket) { p.RequestID++ },
			func(_ *usmAgent, p *gosnmp.SnmpPacket) { security(p).UserName = "" },
			func(_ *usmAgent, p *gosnmp.SnmpPacket) { p.PDUType = gosnmp.GetRequest },
		} {
			out = append(out, forged(change)(a, request, reply))
		}
		return append(out, reply)
	})
	c := a.collector(t)
	if got := dump(mustCollect(t, c)...); got != want {
		t.Errorf("got\n%s", got)
	}
	for _, why := range []rejection{wrongMessageID, wrongID, wrongUser, wrongPDU} {
		if count(c, why) == 0 {
			t.Errorf("nothing counted as %s", why)
		}
	}
}

// An unsigned Report is believed when nothing better comes, and not before.
func TestV3UnsignedReports(t *testing.T) {
	for _, late := range []bool{true, false} {
		a := newUSMAgent(t, v3User{"sha1", "aes128"}, aRouter(1)...)
		c := a.collector(t, func(target *Target) { target.Timeout = 600 * time.Millisecond })
		mustCollect(t, c)
		a.sending(func(request *gosnmp.SnmpPacket, reply []byte) [][]byte {
			report := marshal(t, a.report(request, ".1.3.6.1.6.3.15.1.1.5.0", gosnmp.NoAuthNoPriv))
			if !late {
				return [][]byte{report}
			}
			to := a.from
			time.AfterFunc(60*time.Millisecond, func() { // the true reply, long after the forged Report
				_, _ = a.conn.WriteToUDP(reply, to)
			})
			return [][]byte{report}
		})
		err := c.Check(t.Context())
		if late && err != nil || !late && (!pipelineRefused(err) || !strings.Contains(err.Error(), "auth password")) {
			t.Errorf("late reply %v: %v", late, err)
		}
	}
}

// A device that says again and again that its engine is another one is given up, not asked for ever.
func TestV3EngineThatIsNeverTheSame(t *testing.T) {
	for name, counter := range map[string]string{"engine": ".1.3.6.1.6.3.15.1.1.4.0", "time": ".1.3.6.1.6.3.15.1.1.2.0"} {
		a := newUSMAgent(t, v3User{"md5", ""}, aRouter(1)...)
		n := 0
		a.replying(func(request, _ *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
			n++
			p := a.report(request, counter, gosnmp.NoAuthNoPriv)
			if counter == ".1.3.6.1.6.3.15.1.1.4.0" {
				security(p).AuthoritativeEngineID = fmt.Sprintf("\x80\x00\x1f\x88\x04agent-%d", n)
			}
			return p
		})
		c := a.collector(t, func(target *Target) { target.Timeout = 200 * time.Millisecond })
		err := c.Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), "keeps naming another engine or time") || requestsOf(c) > maxResyncs+2 {
			t.Errorf("%s: %v after %v requests", name, err, requestsOf(c))
		}
	}
}

// Reports that say no: which are the credentials' fault, and that the poll ends with them.
func TestV3Reports(t *testing.T) {
	t.Parallel()
	for counter, test := range map[string]struct {
		refused bool
		want    string
	}{
		".1.3.6.1.6.3.15.1.1.1.0": {true, "does not let user"},
		".1.3.6.1.6.3.15.1.1.3.0": {true, "no user"},
		".1.3.6.1.6.3.15.1.1.5.0": {true, "the auth password"},
		".1.3.6.1.6.3.15.1.1.6.0": {true, "the priv password"},
		".1.3.6.1.6.3.12.1.4.0":   {true, "no context"},
		".1.3.6.1.6.3.12.1.5.0":   {true, "no context"},
		".1.3.6.1.6.3.11.2.1.1.0": {false, "user-based security"},
		".1.3.6.1.2.1.1.3.0":      {false, "unknown Report"},
	} {
		for _, level := range []gosnmp.SnmpV3MsgFlags{gosnmp.NoAuthNoPriv, gosnmp.AuthNoPriv, gosnmp.AuthPriv} {
			a := newUSMAgent(t, v3User{"sha224", "des"}, aRouter(1)...)
			c := a.collector(t, func(target *Target) { target.Timeout = 400 * time.Millisecond })
			mustCollect(t, c)
			a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket { return a.report(request, counter, level) })
			reads, err := collect(t, c)
			if err == nil || pipelineRefused(err) != test.refused || !strings.Contains(err.Error(), test.want) || len(reads) == 0 {
				t.Errorf("%s at level %v: %v", counter, level, err)
			}
		}
	}
}

// A signed reply that cannot be read ends its request at once, as with the other versions.
func TestV3GarbledReply(t *testing.T) {
	a := newUSMAgent(t, v3User{"sha1", "aes128"}, aRouter(1)...)
	c := a.collector(t)
	mustCollect(t, c)
	a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		reply = a.secured(request, reply)
		security(reply).PrivacyKey = slices.Repeat([]byte{3}, 16)
		return reply
	})
	reads, err := collect(t, c, "router")
	if got := fmt.Sprint(err, dump(reads...)); !strings.Contains(got, errGarbled.Error()) {
		t.Error(got)
	}
}

// No message, no metric and nothing that prints a device has a password in it.
func TestV3SecretsAreNotNamed(t *testing.T) {
	t.Parallel()
	u := v3User{"sha256", "aes128"}
	a := newUSMAgent(t, u, aRouter(1)...)
	c := a.collector(t, func(target *Target) { target.Timeout = 30 * time.Millisecond })
	texts := []string{}
	note := func(reads []pipeline.TableRead, err error) {
		texts = append(texts, fmt.Sprintf("%v %+v %#v", err, c.target, c.target), fmt.Sprintf("%+v", c.peer.secrets), dump(reads...))
	}
	note(collect(t, c))
	for _, f := range forgeries() {
		a.sending(func(request *gosnmp.SnmpPacket, reply []byte) [][]byte { return [][]byte{f.make(a, request, reply)} })
		note(collect(t, c))
	}
	for _, text := range texts {
		if strings.Contains(text, authSecret) || strings.Contains(text, privSecret) {
			t.Errorf("%q", text)
		}
	}
}

// Of a device asked over v3 is kept less than 2 KiB more than of one asked over v2c: the buffers belong
// to the sessions.
func TestV3MemoryOfADevice(t *testing.T) {
	const devices = 200
	perDevice := func(u *v3User) int64 {
		e := newEngine(t)
		a := newUSMAgent(t, v3User{"sha512", "aes256c"})
		plain := newAgent(t)
		keep := make([]*Collector, 0, devices)
		before := heap()
		for i := range devices {
			target := Target{Device: fmt.Sprintf("r%d", i), Address: "127.0.0.1", Port: plain.port(),
				Credential: Credential{Version: "2c", Community: configs.NewSecret("public")}}
			if u != nil {
				target.Port, target.Credential = a.port(), u.credential()
			}
			c, err := e.New(target, pipeline.NewRows(target.Device, nil))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			keep = append(keep, c)
		}
		a.taken()
		plain.taken()
		used := heap() - before
		runtime.KeepAlive(keep)
		return used / devices
	}
	base := perDevice(nil)
	v3 := perDevice(&v3User{"sha512", "aes256c"})
	t.Logf("%d bytes of heap for each device over v3, %d over v2c", v3, base)
	if v3-base > 2048 {
		t.Errorf("%d bytes more", v3-base)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
