package snmp

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// gather makes the agent answer only when it has n requests, all of them at once, in an order of choice.
func (a *agent) gather(n int, order func(replies [][]byte)) {
	var waiting [][]byte
	a.sending(func(_ *gosnmp.SnmpPacket, reply []byte) [][]byte {
		if waiting = append(waiting, reply); len(waiting) < n {
			return nil
		}
		out := waiting
		waiting = nil
		order(out)
		return out
	})
}

// A device that is as it was gets all requests of a poll at once: an agent that says nothing before it has
// them all answers each. In which order it does so does not matter.
func TestAPollAsksEverythingAtOnce(t *testing.T) {
	a := newAgent(t, aRouter(40)...)
	c := a.collector(t, func(target *Target) { target.InFlight, target.Retries = 32, -1 })
	mustCollect(t, c)
	a.taken()
	want := dump(mustCollect(t, c)...)
	n := len(a.taken())
	if n < 5 {
		t.Fatalf("a poll of %d requests", n)
	}
	for name, order := range map[string]func([][]byte){
		"as asked":  func([][]byte) {},
		"backwards": func(r [][]byte) { slices.Reverse(r) },
		"shuffled":  func(r [][]byte) { rand.Shuffle(len(r), func(i, j int) { r[i], r[j] = r[j], r[i] }) },
	} {
		a.gather(n, order)
		if got := dump(mustCollect(t, c)...); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
		if again := len(a.taken()); again != n {
			t.Errorf("%s: %d requests, want %d", name, again, n)
		}
	}
}

// No more wait for a reply than may, and one after the other where the config says so.
func TestRequestsInFlightAreBounded(t *testing.T) {
	for _, most := range []int{1, 3} {
		a := newAgent(t, aRouter(40)...)
		c := a.collector(t, func(target *Target) { target.InFlight = most })
		want := dump(mustCollect(t, c)...)
		a.taken()
		// What is in the agent's queue when it answers was asked before: at most the others.
		asked := func() int { return int(testutil.ToFloat64(c.engine.metrics.requests)) }
		before, answered, worst := asked(), 0, 0
		a.replying(func(_, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
			time.Sleep(time.Millisecond) // so that all that may be asked is
			worst = max(worst, asked()-before-answered)
			answered++
			return reply
		})
		if got := dump(mustCollect(t, c)...); got != want {
			t.Errorf("%d in flight: got\n%s", most, got)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if worst != most {
			t.Errorf("%d were in flight, want %d", worst, most)
		}
	}
}

// A lost reply costs its time once, whatever is lost beside it. Values have the time at which they came, and
// the device is asked less at once from then on, until that has gone well for long enough.
func TestLostReplies(t *testing.T) {
	a := newAgent(t, aRouter(40)...)
	c := a.collector(t, func(target *Target) { target.Timeout = 300 * time.Millisecond })
	mustCollect(t, c)
	want := dump(mustCollect(t, c)...)
	a.taken()
	calls := 0
	a.replying(func(_, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		if calls++; calls == 3 || calls == 5 {
			return nil
		}
		return reply
	})
	before := time.Now()
	reads := mustCollect(t, c)
	took := time.Since(before)
	if got := dump(reads...); got != want {
		t.Errorf("got\n%s", got)
	}
	if at := tableOf(t, reads, "interface").ReadAt; at.Sub(before) > took-200*time.Millisecond {
		t.Errorf("read %v after the poll began, which took %v", at.Sub(before), took)
	}
	pace := &c.lane("live").memory.pace
	if pace.inFlight != defaultInFlight/2 {
		t.Errorf("%d in flight after a loss", pace.inFlight)
	}
	for range minPatience {
		mustCollect(t, c)
	}
	if n := pace.limitInFlight(defaultInFlight); n != defaultInFlight {
		t.Errorf("%d in flight after %d polls without a loss", n, minPatience)
	}
}

// A device that falls silent whenever it has several requests at once is soon asked one by one; one that was
// away, twice, is not.
func TestADeviceThatCannotTakeSeveralRequests(t *testing.T) {
	for name, c := range map[string]struct {
		silent   func(together int) bool // in the nth poll that asks several things together; 0: none
		inFlight int
	}{
		"each time":   {func(together int) bool { return together > 0 }, 1},
		"it was away": {func(together int) bool { return together == 1 || together == 3 }, defaultInFlight},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAgent(t, aRouter(40)...)
			col := a.collector(t, func(target *Target) { target.Timeout, target.Retries = 500*time.Millisecond, -1 })
			mustCollect(t, col)
			m, failures, together := col.lane("live").memory, 0, 0
			for range 7 {
				nth := 0
				if !m.polled.IsZero() && m.pace.limitInFlight(defaultInFlight) > 1 {
					together++
					nth = together
				}
				a.replying(func(_, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
					if c.silent(nth) {
						return nil
					}
					return reply
				})
				if _, err := col.Collect(t.Context(), "live", nil); err != nil {
					failures++
				}
			}
			if n := m.pace.limitInFlight(defaultInFlight); failures != 2 || n != c.inFlight {
				t.Errorf("%d polls failed, want 2; %d in flight, want %d", failures, n, c.inFlight)
			}
		})
	}
}

// A device that takes long for each answer is not asked anew while it works on the others: its time counts
// from the last one.
func TestASlowDeviceIsNotAskedTwice(t *testing.T) {
	a := newAgent(t, aRouter(40)...)
	c := a.collector(t, func(target *Target) { target.Timeout = time.Second })
	mustCollect(t, c)
	want := dump(mustCollect(t, c)...)
	a.taken()
	mustCollect(t, c)
	n := len(a.taken())
	a.replying(func(_, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		time.Sleep(250 * time.Millisecond)
		return reply
	})
	if got := dump(mustCollect(t, c)...); got != want {
		t.Errorf("got\n%s", got)
	}
	if again := len(a.taken()); again != n {
		t.Errorf("%d requests, want %d", again, n)
	}
}

// Whatever changes in a table between two polls, what was asked ahead of it spoils nothing: the poll reads what one
// does that knows nothing.
func TestTablesChangeUnderWhatIsAskedAhead(t *testing.T) {
	a := newAgent(t)
	fill := func(indexes []int) {
		mib := system("RouterOS x")
		for _, i := range indexes {
			mib = append(mib, port(i, fmt.Sprint("ether", i))...)
		}
		a.set(mib...)
	}
	all := rand.Perm(60)
	fill(all[:20])
	c := a.collector(t)
	mustCollect(t, c, "interface")
	for range 40 {
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		indexes := all[:5+rand.N(36)] // of fewer rows a new one is seen later: they are read with GET
		fill(indexes)
		got := dump(mustCollect(t, c, "interface")...)
		if want := dump(mustCollect(t, a.collector(t), "interface")...); got != want {
			t.Fatalf("of %v got\n%s\nwant\n%s", indexes, got, want)
		}
		mustCollect(t, c, "interface")
	}
}
