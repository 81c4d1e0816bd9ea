package snmp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// Each datagram before the true reply is one that a forger or a broken agent may send. None is taken,
// each is counted by what is wrong with it, and the poll goes on with the true reply as if nothing had
// been.
func TestForgedRepliesAreDropped(t *testing.T) {
	forge := func(change func(p *gosnmp.SnmpPacket)) func(*gosnmp.SnmpPacket, []byte) []byte {
		return func(request *gosnmp.SnmpPacket, _ []byte) []byte {
			p := &gosnmp.SnmpPacket{Version: request.Version, Community: request.Community, PDUType: gosnmp.GetResponse,
				RequestID: request.RequestID}
			for _, v := range request.Variables {
				p.Variables = append(p.Variables, gosnmp.SnmpPDU{Name: v.Name, Type: tText, Value: "forged"})
			}
			change(p)
			return marshal(t, p)
		}
	}
	for name, test := range map[string]struct {
		forged func(request *gosnmp.SnmpPacket, reply []byte) []byte
		counts rejection
	}{
		"request id of another": {forge(func(p *gosnmp.SnmpPacket) { p.RequestID++ }), wrongID},
		"request id 0":          {forge(func(p *gosnmp.SnmpPacket) { p.RequestID = 0 }), wrongID},
		"community":             {forge(func(p *gosnmp.SnmpPacket) { p.Community = "private" }), wrongCommunity},
		"version":               {forge(func(p *gosnmp.SnmpPacket) { p.Version = gosnmp.Version1 }), wrongVersion},
		"a request":             {forge(func(p *gosnmp.SnmpPacket) { p.PDUType = gosnmp.GetRequest }), wrongPDU},
		"a report":              {forge(func(p *gosnmp.SnmpPacket) { p.PDUType = gosnmp.Report }), wrongPDU},
		"garbage":               {func(*gosnmp.SnmpPacket, []byte) []byte { return []byte("\x30\x82 no SNMP at all") }, notSNMP},
		"nothing":               {func(*gosnmp.SnmpPacket, []byte) []byte { return nil }, notSNMP},
		"half of the reply":     {func(_ *gosnmp.SnmpPacket, reply []byte) []byte { return reply[:len(reply)/2] }, notSNMP},
		"the reply and more":    {func(_ *gosnmp.SnmpPacket, reply []byte) []byte { return append(slices.Clone(reply), 0) }, notSNMP},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAgent(t, aRouter(3)...)
			want := dump(mustCollect(t, a.collector(t))...)
			a.sending(func(request *gosnmp.SnmpPacket, reply []byte) [][]byte {
				forged := test.forged(request, reply)
				return [][]byte{forged, forged, forged, forged, reply}
			})
			a.taken()
			c := a.collector(t)
			if got := dump(mustCollect(t, c)...); got != want {
				t.Errorf("got\n%s", got)
			}
			requests := len(a.taken())
			if n := count(c, test.counts); n < 4*requests-4 { // those after the last reply are not read
				t.Errorf("%d counted as %s in %d requests", n, test.counts, requests)
			}
		})
	}
}

func TestARepliesOtherNamesAreDropped(t *testing.T) {
	a := newAgent(t, aRouter(1)...)
	a.sending(func(request *gosnmp.SnmpPacket, reply []byte) [][]byte {
		if request.PDUType != gosnmp.GetRequest {
			return [][]byte{reply}
		}
		p := &gosnmp.SnmpPacket{Version: request.Version, Community: request.Community, PDUType: gosnmp.GetResponse,
			RequestID: request.RequestID}
		for i := range request.Variables {
			p.Variables = append(p.Variables, gosnmp.SnmpPDU{Name: fmt.Sprintf(".1.3.6.1.2.1.1.%d.0", i+10), Type: tText, Value: "forged"})
		}
		return [][]byte{marshal(t, p), reply}
	})
	c := a.collector(t)
	if got := dump(mustCollect(t, c)...); strings.Contains(got, "forged") || !strings.Contains(got, "identity=core-1") {
		t.Error(got)
	}
	if count(c, wrongName) == 0 {
		t.Error("not counted")
	}
}

func count(c *Collector, why rejection) int {
	return int(testutil.ToFloat64(c.engine.metrics.rejected[why]))
}

// A reply cut at any byte, or with any byte changed, is never a panic, and at worst a failed poll.
func TestRepliesTruncatedAtEveryByte(t *testing.T) {
	a := newAgent(t, aRouter(1)...)
	var whole []byte
	a.sending(func(_ *gosnmp.SnmpPacket, reply []byte) [][]byte {
		if len(reply) > len(whole) {
			whole = slices.Clone(reply)
		}
		return [][]byte{reply}
	})
	mustCollect(t, a.collector(t))
	a.sending(nil)
	for n := range whole {
		if _, err := parseMessage(whole[:n]); err == nil {
			t.Errorf("cut at %d it is still a message", n)
		}
	}
	a.sending(func(_ *gosnmp.SnmpPacket, reply []byte) [][]byte {
		flipped := slices.Clone(reply)
		flipped[rand.IntN(len(flipped))] ^= byte(1 + rand.IntN(255))
		return [][]byte{flipped, reply}
	})
	c := a.collector(t)
	for range 300 {
		_, err := collect(t, c)
		if err != nil && strings.Contains(err.Error(), "bug") {
			t.Fatal(err)
		}
	}
}

func TestSilence(t *testing.T) {
	a := newAgent(t, aRouter(3)...)
	a.named("another")
	c := a.collector(t)
	reads, err := collect(t, c)
	if !errors.Is(err, pipeline.ErrNoAnswer) || errors.Is(err, pipeline.ErrUnreachable) {
		t.Fatal(err)
	}
	for _, word := range []string{"r1", "127.0.0.1", "community", "access list", "filter", "down"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not name: %s", err, word)
		}
	}
	if strings.Contains(err.Error(), "public") {
		t.Errorf("%q names the community", err)
	}
	if n := len(a.taken()); n != 3 {
		t.Errorf("%d datagrams to a silent device, want 3 tries of one request", n)
	}
	if len(reads) != len(c.Tables(pipeline.LaneLive)) {
		t.Errorf("%d tables", len(reads))
	}
	for _, r := range reads {
		if r.Status != pipeline.Failed || r.Reason == "" || len(r.Samples) != 0 {
			t.Error(dump(r))
		}
	}
	if err := c.Check(t.Context()); !errors.Is(err, pipeline.ErrNoAnswer) {
		t.Error(err)
	}
	a.named("public")
	mustCollect(t, c)
}

func TestUnreachable(t *testing.T) {
	a := newAgent(t)
	c := a.collector(t)
	_ = a.conn.Close()
	started := time.Now()
	for _, err := range []error{c.Check(t.Context()), second(c.Collect(t.Context(), pipeline.LaneLive, nil))} {
		if !errors.Is(err, pipeline.ErrUnreachable) || errors.Is(err, pipeline.ErrNoAnswer) || !strings.Contains(err.Error(), "127.0.0.1") {
			t.Error(err)
		}
	}
	if time.Since(started) > 5*time.Second {
		t.Error("it waited for what the kernel said at once")
	}
}

func second[T any](_ T, err error) error { return err }

func TestANameThatCannotBeResolved(t *testing.T) {
	c := newAgent(t).collector(t, func(target *Target) { target.Address = "no-such-host.invalid" })
	_, err := collect(t, c)
	if !errors.Is(err, pipeline.ErrUnreachable) || !strings.Contains(err.Error(), "no-such-host.invalid") {
		t.Error(err)
	}
}

func TestChecks(t *testing.T) {
	for name, mib := range map[string][]entry{
		"a router":          aRouter(1),
		"without sysUpTime": without(aRouter(1), sysUpTime),
		"with nothing":      nil,
	} {
		for _, version := range []func(*Target){func(*Target) {}, version1} {
			a := newAgent(t, mib...)
			if err := a.collector(t, version).Check(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if n := len(a.taken()); n != 1 {
				t.Errorf("%s: %d requests", name, n)
			}
		}
	}
}

func TestAnAgentThatRefuses(t *testing.T) {
	a := newAgent(t, aRouter(1)...)
	a.replying(func(_, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		reply.Error, reply.ErrorIndex = gosnmp.AuthorizationError, 0
		return reply
	})
	if err := a.collector(t).Check(t.Context()); !errors.Is(err, pipeline.ErrRefused) {
		t.Error(err)
	}
}

// Ending the context ends a poll at once, in the middle of waiting for a device.
func TestCancel(t *testing.T) {
	a := newAgent(t, aRouter(1)...)
	c := a.collector(t, func(target *Target) { target.Timeout = time.Minute })
	a.replying(func(_, _ *gosnmp.SnmpPacket) *gosnmp.SnmpPacket { return nil })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- second(c.Collect(ctx, pipeline.LaneLive, nil)) }()
	for len(a.taken()) == 0 {
		runtime.Gosched()
	}
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the poll goes on")
	}
}

func TestDeadline(t *testing.T) {
	a := newAgent(t, aRouter(1)...)
	c := a.collector(t, func(target *Target) { target.Timeout = time.Minute })
	a.replying(func(_, _ *gosnmp.SnmpPacket) *gosnmp.SnmpPacket { return nil })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Collect(ctx, pipeline.LaneLive, nil); !errors.Is(err, pipeline.ErrNoAnswer) {
		t.Error(err)
	}
}

// A panic in the middle of a poll is that device's error, and the session is not used again.
func TestAPanicIsAnError(t *testing.T) {
	c := newAgent(t, aRouter(1)...).collector(t)
	mustCollect(t, c)
	c.rows = nil // makes the next new row panic
	c.lanes = map[pipeline.Lane]*lane{}
	reads, err := collect(t, c)
	if err == nil || !strings.Contains(err.Error(), "r1: a bug") || len(reads) != len(c.Tables(pipeline.LaneLive)) {
		t.Errorf("%v, %d tables", err, len(reads))
	}
	if n := len(c.engine.free); n != 0 {
		t.Errorf("%d sessions in the free-list", n)
	}
}

// No message of this package names the community, whatever goes wrong.
func TestSecretsAreNotNamed(t *testing.T) {
	t.Parallel()
	const canary = "c4n4ry-community"
	secret := func(target *Target) { target.Credential.Community = configs.NewSecret(canary) }
	a := newAgent(t, aRouter(2)...)
	c := a.collector(t, secret)
	texts := []string{fmt.Sprintf("%v %+v %#v", c.target, c.target, c.target)}
	note := func(reads []pipeline.TableRead, err error) {
		texts = append(texts, fmt.Sprint(err), dump(reads...))
	}
	note(collect(t, c))
	a.named(canary)
	for _, reply := range []func(_ *gosnmp.SnmpPacket, b []byte) [][]byte{
		func(_ *gosnmp.SnmpPacket, b []byte) [][]byte { return [][]byte{b[:len(b)-3]} },
		func(_ *gosnmp.SnmpPacket, b []byte) [][]byte {
			b[len(b)-8] ^= 0xff
			b[len(b)-20] ^= 0x3f
			return [][]byte{b}
		},
		func(_ *gosnmp.SnmpPacket, _ []byte) [][]byte { return nil },
	} {
		a.sending(reply)
		note(collect(t, a.collector(t, secret)))
	}
	_ = a.conn.Close()
	note(collect(t, c))
	for _, text := range texts {
		if strings.Contains(text, canary) {
			t.Errorf("%q", text)
		}
	}
}
