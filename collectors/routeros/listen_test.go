package routeros

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// hear makes a collector listen and returns what it is told.
func hear(c *Collector) <-chan pipeline.Lane {
	told := make(chan pipeline.Lane, 1000)
	c.Listen(func(lane pipeline.Lane) { told <- lane })
	return told
}

// awaitLane waits for a lane to be told, and drops others.
func awaitLane(t *testing.T, told <-chan pipeline.Lane, want pipeline.Lane) {
	t.Helper()
	for end := time.After(10 * time.Second); ; {
		select {
		case lane := <-told:
			if lane == want {
				return
			}
		case <-end:
			t.Fatalf("nobody told of %s", want)
		}
	}
}

// listeners is a router that takes requests to listen, and then does as a test says on each connection
// that listens.
func listeners(serve func(c *stubConn, tags map[string]string)) func(*stubConn) {
	return func(c *stubConn) {
		if !c.login() {
			return
		}
		tags := map[string]string{}
		for words := c.sentence(); words != nil; words = c.sentence() {
			menu, ok := strings.CutSuffix(words[0], "/listen")
			if !ok {
				v7().answer(c, words)
				continue
			}
			if tags[menu] = c.tag; len(tags) == len(hearings()) {
				serve(c, tags)
				return
			}
		}
	}
}

// TestListenEvents: which events bring which lane forward, and which none. The listener connects only
// when a poll has a connection.
func TestListenEvents(t *testing.T) {
	event := make(chan []string)
	stub := newStub(t, listeners(func(c *stubConn, tags map[string]string) {
		for words := range event {
			c.raw(encode(append([]string{"!re", tags[words[0]]}, words[1:]...)...))
		}
	}))
	c := stub.collector()
	told := hear(c)
	if stub.connections() != 0 {
		t.Error("connected before a poll")
	}
	if err := c.Check(within(t, 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	for _, none := range [][]string{{"/interface", "=.id=*F00001", "=name=<pppoe-ann>", "=dynamic=true"}, {"/interface", "=.id=*F00001", "=.dead=true"},
		{"/interface", "=.id=*A", "=name=x", "=type=l2tp-in", "=dynamic=true"}} {
		event <- none
	}
	for _, one := range []struct {
		words []string
		lane  pipeline.Lane
	}{
		{[]string{"/ppp/active", "=.id=*1", "=name=ann"}, pipeline.LaneSessions},
		{[]string{"/interface", "=.id=*2", "=name=ether1", "=running=false"}, pipeline.LaneLive},
		{[]string{"/ip/hotspot/active", "=.id=*2", "=.dead=true"}, pipeline.LaneSessions},
		{[]string{"/interface", "=.id=*2", "=.dead=true"}, pipeline.LaneLive},
	} {
		event <- one.words
		awaitLane(t, told, one.lane)
	}
	close(event)
	if len(told) != 0 {
		t.Error("told too much")
	}
	if got := testutil.ToFloat64(c.shared.metrics.events.WithLabelValues("/interface")); got != 5 {
		t.Errorf("%v events", got)
	}
	if strings.Contains(stub.heard(), "/interface/listen=.proplist=.id,name,type,dynamic,running,disabled,.dead") == false {
		t.Error(stub.heard())
	}
}

// TestListenFlood: a router that tells without end is cut off; the polls do not notice.
func TestListenFlood(t *testing.T) {
	stub := newStub(t, listeners(func(c *stubConn, tags map[string]string) {
		repeat(c, bytes.Repeat(encode("!re", tags["/ppp/active"], "=.id=*1", "=name=ann"), 50))
	}))
	c := stub.collector()
	told := hear(c)
	if err := c.Check(within(t, 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-stub.disconnects:
	case <-time.After(20 * time.Second):
		t.Fatal("still connected")
	}
	if err := c.Check(within(t, 5*time.Second)); err != nil || stub.connections() != 2 {
		t.Error(err, stub.connections())
	}
	if n := len(told); n == 0 || n > 50 {
		t.Errorf("told %d times", n)
	}
	if got := testutil.ToFloat64(c.shared.metrics.drops.WithLabelValues("listen_limit")); got != 1 {
		t.Errorf("counted %v times", got)
	}
}

// TestListenNothing: a router that knows none of it is left alone.
func TestListenNothing(t *testing.T) {
	stub := newStub(t, listeners(func(c *stubConn, tags map[string]string) {
		for _, tag := range tags {
			c.raw(encode("!trap", "=message=no such command", tag))
			c.raw(encode("!done", tag))
		}
		gone(c)
	}))
	c := stub.collector()
	_ = hear(c)
	if err := c.Check(within(t, 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	<-stub.disconnects
	if err := c.Check(within(t, 5*time.Second)); err != nil || stub.connections() != 2 {
		t.Error(err, stub.connections())
	}
}

// TestListenAlive: a router that has nothing to tell for hours is asked whether it is still there; one
// that does not answer that is given up.
func TestListenAlive(t *testing.T) {
	var asked atomic.Int64
	serve := func(c *stubConn) {
		for words := c.sentence(); words != nil; words = c.sentence() {
			if !strings.HasSuffix(words[0], "/listen") && asked.Add(1) <= 30 {
				c.say("!re", "=name=x")
				c.say("!done")
			}
		}
	}
	bubble(t, serve, func(t *testing.T, shared *Shared, s *session) {
		c := &Collector{shared: shared}
		w := newWire()
		w.attach(context.Background(), s.conn, patience{total: 1000 * time.Hour, silence: listenSilence})
		defer w.detach()
		began := time.Now()
		err := (&listener{collector: c, now: time.Now}).listen(w)
		if took := time.Since(began); err == nil || took != 31*listenSilence+listenAnswer {
			t.Errorf("%v after %v", err, took)
		}
	})
	if asked.Load() != 31 {
		t.Errorf("asked %d times", asked.Load())
	}
}

// TestPacer: at once, then after half a second, then ever more seldom, and at once again after a pause.
// The last event is never lost.
func TestPacer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var calls []time.Duration
		p := &pacer{call: func() { calls = append(calls, time.Since(began).Round(100*time.Millisecond)) }}
		for range 200 { // 20 s of events
			p.event(time.Now())
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		p.event(time.Now())
		want := []time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond, 3500 * time.Millisecond, 7500 * time.Millisecond,
			15500 * time.Millisecond, 23500 * time.Millisecond, 80 * time.Second}
		if !slices.Equal(calls, want) {
			t.Errorf("%v, want %v", calls, want)
		}
		p.event(time.Now())
		p.stop()
		time.Sleep(time.Minute)
		if len(calls) != len(want) {
			t.Error("called after the end")
		}
	})
}

// TestListenSimulated: logins and renamed interfaces are heard, on the plain API and over TLS.
func TestListenSimulated(t *testing.T) {
	f := openFleet(t, simulator.Options{Routers: 2, Quiet: true, Seed: 7})
	for i, r := range f.Routers() {
		target := plainTarget(f, r)
		if i == 1 {
			target = tlsTarget(f, r)
		}
		target.Credential.Password = configs.NewSecret("telemetry")
		c := collect(t, target, newShared(t))
		told := hear(c)
		if err := c.Check(within(t, 5*time.Second)); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(10 * time.Second); len(told) == 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			r.RemovePPP("ann") // until the listener listens
			r.AddPPP("ann")
		}
		awaitLane(t, told, pipeline.LaneSessions)
		r.AddHotspot("carol", "AA:BB:CC:00:00:09")
		awaitLane(t, told, pipeline.LaneSessions)
		r.RenameInterface(0, "uplink")
		awaitLane(t, told, pipeline.LaneLive)
	}
}
