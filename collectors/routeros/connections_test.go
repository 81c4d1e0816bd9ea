package routeros

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/pipeline"
)

// TestKeptConnection: polls and checks share one login.
func TestKeptConnection(t *testing.T) {
	stub := newStub(t, v7().serve)
	c := stub.collector()
	for range 3 {
		if err := c.Check(within(t, 5*time.Second)); err != nil {
			t.Fatal(err)
		}
		for _, lane := range []pipeline.Lane{pipeline.LaneLive, pipeline.LaneSessions} {
			if _, err := c.Collect(within(t, 5*time.Second), lane, firstOf(lane)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := stub.connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
	if n := strings.Count(stub.heard(), "/login"); n != 1 {
		t.Errorf("%d logins", n)
	}
}

// TestDeadConnection: a router that has rebooted, or closed the connection, costs no poll.
func TestDeadConnection(t *testing.T) {
	stub := newStub(t, v7().serve)
	c := stub.collector()
	for i := range 4 {
		if i%2 == 0 {
			if err := c.Check(within(t, 5*time.Second)); err != nil {
				t.Fatal(err)
			}
		} else if reads, err := c.Collect(within(t, 5*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive)); err != nil {
			t.Fatal(err, names(reads))
		}
		stub.hangUp()
	}
	if n := stub.connections(); n != 4 {
		t.Errorf("%d connections", n)
	}
}

// TestBlackHole: a connection that died without a word is given half the time, then a new one is made.
func TestBlackHole(t *testing.T) {
	var dead atomic.Bool
	stub := newStub(t, func(c *stubConn) {
		if !c.login() {
			return
		}
		for words := c.sentence(); words != nil; words = c.sentence() {
			if dead.CompareAndSwap(true, false) {
				gone(c)
				return
			}
			v7().answer(c, words)
		}
	})
	c := stub.collector()
	for i := range 3 {
		reads, err := c.Collect(within(t, 4*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
		if err != nil {
			t.Fatal(i, err, names(reads))
		}
		dead.Store(i == 0)
	}
	if n := stub.connections(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

// TestSilentTable: one table that is never answered does not hide those behind it.
func TestSilentTable(t *testing.T) {
	stub := newStub(t, func(c *stubConn) {
		if !c.login() {
			return
		}
		for words := c.sentence(); words != nil; words = c.sentence() {
			if !prints(words, "/system/health") {
				v7().answer(c, words)
			}
		}
	})
	c := stub.collector()
	c.patience = patience{total: 5 * time.Second, silence: time.Second}
	reads, err := c.Collect(within(t, 10*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
	if got := names(reads); err != nil || !slices.Equal(got, []string{"router whole", "cpu whole", "health failed", "interface whole"}) {
		t.Error(err, got)
	}
}

// TestCheckDuringLongTable: a check waits for one table at most, and if that takes longer than the
// check may, the answers that came meanwhile prove that the router is there.
func TestCheckDuringLongTable(t *testing.T) {
	began, goOn := make(chan struct{}), make(chan struct{})
	stub := newStub(t, func(c *stubConn) {
		if !c.login() {
			return
		}
		for words := c.sentence(); words != nil; words = c.sentence() {
			if !prints(words, "/interface") {
				v7().answer(c, words)
				continue
			}
			close(began)
			for i := 0; ; i++ {
				select {
				case <-goOn:
				case <-time.After(10 * time.Millisecond):
					c.say("!re", fmt.Sprintf("=.id=*%d", i), fmt.Sprintf("=name=ether%d", i), "=rx-byte=1")
					continue
				}
				break
			}
			c.say("!done")
		}
	})
	c := stub.collector()
	done := make(chan error)
	go func() {
		_, err := c.Collect(within(t, 20*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive))
		done <- err
	}()
	<-began
	if err := c.Check(within(t, 300*time.Millisecond)); err != nil {
		t.Error(err)
	}
	checked := make(chan error)
	go func() { checked <- c.Check(within(t, 20*time.Second)) }()
	close(goOn)
	if err := <-checked; err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestBusy: when the router says nothing to anybody, a check that cannot even ask says so.
func TestBusy(t *testing.T) {
	asked := make(chan struct{}, 1)
	stub := newStub(t, func(c *stubConn) {
		if c.login() && c.sentence() != nil {
			asked <- struct{}{}
			gone(c)
		}
	})
	c := stub.collector()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := c.Collect(ctx, pipeline.LaneLive, firstOf(pipeline.LaneLive))
		done <- err
	}()
	<-asked
	if err := c.Check(within(t, 50*time.Millisecond)); !errors.Is(err, errBusy) {
		t.Error(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestCap: the connection least recently used is closed first, and its router is connected anew when
// its turn comes.
func TestCap(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	shared, err := NewShared(pipeline.NewSchema(), 3, registry)
	if err != nil {
		t.Fatal(err)
	}
	var stubs []*stub
	var collectors []*Collector
	for range 5 {
		s := newStub(t, v7().serve)
		stubs, collectors = append(stubs, s), append(collectors, collect(t, s.target(), shared))
	}
	check := func(indexes ...int) {
		t.Helper()
		for _, i := range indexes {
			if err := collectors[i].Check(within(t, 5*time.Second)); err != nil {
				t.Fatal(err)
			}
			if n := shared.connections(); n > 3 {
				t.Errorf("%d connections are kept", n)
			}
		}
	}
	check(0, 1, 2, 0, 3) // closes 1
	check(0, 2, 3)
	check(4, 1) // closes 0 and 2
	check(3)
	for i, want := range []int{1, 2, 1, 1, 1} {
		if got := stubs[i].connections(); got != want {
			t.Errorf("router %d: %d connections, want %d", i, got, want)
		}
	}
	err = testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP routerpulse_routeros_connections Connections that are open.
# TYPE routerpulse_routeros_connections gauge
routerpulse_routeros_connections 3
# HELP routerpulse_routeros_connections_dropped_total Connections that were closed, by reason.
# TYPE routerpulse_routeros_connections_dropped_total counter
routerpulse_routeros_connections_dropped_total{reason="surplus"} 3
# HELP routerpulse_routeros_logins_total Connections with login that were tried, by result (ok, or why not).
# TYPE routerpulse_routeros_logins_total counter
routerpulse_routeros_logins_total{result="ok"} 6
`), "routerpulse_routeros_connections", "routerpulse_routeros_connections_dropped_total", "routerpulse_routeros_logins_total")
	if err != nil {
		t.Error(err)
	}
}

// TestAtOnce: lanes, checks and a cap that is too small, all at once, lose nothing.
func TestAtOnce(t *testing.T) {
	shared, err := NewShared(pipeline.NewSchema(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		stub := newStub(t, v7().serve)
		c := collect(t, stub.target(), shared)
		for _, lane := range []pipeline.Lane{pipeline.LaneLive, pipeline.LaneSessions, pipeline.LaneStatus} {
			wg.Go(func() {
				for range 10 {
					if err := c.Check(within(t, 20*time.Second)); err != nil {
						t.Error(err)
					}
					reads, err := c.Collect(within(t, 20*time.Second), lane, firstOf(lane))
					if err != nil || slices.ContainsFunc(reads, func(r pipeline.TableRead) bool { return r.Status != pipeline.Whole || len(r.Samples) == 0 }) {
						t.Error(err, names(reads))
					}
				}
			})
		}
	}
	wg.Wait()
	if n := shared.connections(); n > 2 {
		t.Errorf("%d connections are kept", n)
	}
}

// TestVersionOverConnections: a poll that goes on over a new connection still knows the version.
func TestVersionOverConnections(t *testing.T) {
	stub := newStub(t, v7().serve)
	c := stub.collector()
	p := &poll{collector: c, ctx: within(t, 5*time.Second), lane: pipeline.LaneLive, want: func(table string) bool { return table == "health" }}
	defer p.release()
	if err := p.ask(func() []*call { return []*call{p.vitalCall()} }); err != nil {
		t.Fatal(err)
	}
	if s := c.surrender(); s == nil { // as when there are too many connections
		t.Fatal("no session")
	} else {
		s.close()
	}
	p.run()
	if got := names(p.reads()); !slices.Equal(got, []string{"health whole"}) || stub.connections() != 2 {
		t.Error(got, stub.connections())
	}
}

// TestMetrics: requests, bytes and reasons are counted.
func TestMetrics(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	shared, err := NewShared(pipeline.NewSchema(), 0, registry)
	if err != nil {
		t.Fatal(err)
	}
	router := v7()
	delete(router, "/system/health")
	if _, err := collect(t, newStub(t, router.serve).target(), shared).Collect(within(t, 5*time.Second), pipeline.LaneLive, firstOf(pipeline.LaneLive)); err != nil {
		t.Fatal(err)
	}
	hostile := newStub(t, func(c *stubConn) {
		if c.login() && c.sentence() != nil {
			c.raw([]byte{0xFF})
		}
	})
	if _, err := collect(t, hostile.target(), shared).Collect(within(t, 5*time.Second), pipeline.LaneSessions, firstOf(pipeline.LaneSessions)); err == nil {
		t.Fatal("no error")
	}
	m := shared.metrics
	for result, want := range map[string]float64{"done": 6, "trap": 4, "failed": 1} {
		if got := testutil.ToFloat64(m.requests.WithLabelValues(result)); got != want {
			t.Errorf("requests %s: %v, want %v", result, got, want)
		}
	}
	if got := testutil.ToFloat64(m.drops.WithLabelValues("protocol")); got != 1 {
		t.Errorf("drops: %v", got)
	}
	if received, sent := testutil.ToFloat64(m.received), testutil.ToFloat64(m.sent); received < 500 || sent < 500 {
		t.Errorf("%v bytes received, %v sent", received, sent)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}

func TestReasonOf(t *testing.T) {
	for err, want := range map[error]string{
		nil: "ok", pipeline.ErrNoAnswer: "no_answer", protocolError("x"): "protocol", limitError("x"): "limit", errors.New("x"): "other",
		fmt.Errorf("%w: %w", pipeline.ErrUnreachable, errLost): "unreachable", errClosed: "shutdown", context.Canceled: "cancelled",
	} {
		if got := reasonOf(err); got != want {
			t.Errorf("%v: %s", err, got)
		}
	}
}
