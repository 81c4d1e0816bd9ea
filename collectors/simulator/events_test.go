package simulator

import (
	"testing"
	"time"
)

// alive asks every second of a span whether the fleet's routers answer.
func outages(f *Fleet, r *Router, from, to time.Duration) (total, longest time.Duration, first time.Duration) {
	var run time.Duration
	first = -1
	for d := from; d < to; d += time.Second {
		if r.answers(f.made+d.Milliseconds(), r.changes.Load()) {
			run = 0
			continue
		}
		if first < 0 {
			first = d
		}
		run += time.Second
		total += time.Second
		longest = max(longest, run)
	}
	return total, longest, first
}

func started(opts Options) *Fleet {
	opts.Clock = newClock().now
	f := New(opts)
	f.origin.Store(f.made)
	return f
}

func TestSomebodyGoesAwayWithinTheFirstMinuteAndAHalf(t *testing.T) {
	for seed := range uint64(20) {
		f := started(Options{Seed: seed})
		found := false
		for _, r := range f.routers {
			_, longest, first := outages(f, r, 0, 3*time.Minute)
			if longest < 10*time.Second {
				continue // a reboot, or nothing
			}
			found = true
			if first < 60*time.Second || first > 90*time.Second || longest < 44*time.Second || longest > 92*time.Second {
				t.Errorf("seed %d: %s goes at %v for %v", seed, r.name, first, longest)
			}
		}
		if !found {
			t.Errorf("seed %d: nobody goes away", seed)
		}
	}
}

func TestEveryRouterRebootsNowAndThen(t *testing.T) {
	f := started(Options{Seed: 3})
	for _, r := range f.routers {
		reboots, boot := 0, r.firstUp
		for d := time.Duration(0); d < 6*time.Hour; d += time.Second {
			now := f.made + d.Milliseconds()
			b := r.bootTime(now, r.changes.Load())
			if b == boot {
				continue
			}
			if b < boot || b > now || now-b > 1000 {
				t.Fatalf("%s at %v: boot moved from %d to %d", r.name, d, boot, b)
			}
			boot = b
			reboots++
			v := at(r, d)
			if v.uptime() > 1000 || v.counters(r.wan).rxBytes > 1e9 || len(v.ppp())+len(v.hotspot()) > 0 {
				t.Errorf("%s: up %d ms, %d bytes, %d sessions after a reboot", r.name, v.uptime(), v.counters(r.wan).rxBytes, len(v.ppp()))
			}
			if r.answers(now, r.changes.Load()) || (!r.answers(now+rebootAway+1000, r.changes.Load()) && !r.events.out(now+rebootAway+1000-f.made)) {
				t.Errorf("%s is not away for %d ms", r.name, rebootAway)
			}
		}
		if reboots < 1 || reboots > 3 {
			t.Errorf("%s: %d reboots in 6 hours", r.name, reboots)
		}
	}
}

func TestOneRouterIsSlow(t *testing.T) {
	f := started(Options{})
	for d := time.Minute; d < time.Hour; d += 7 * time.Second {
		slow := 0
		for _, r := range f.routers {
			delay := r.delay(f.made+d.Milliseconds(), r.changes.Load())
			if delay == 0 {
				continue
			}
			slow++
			if delay < 300*time.Millisecond || delay > 800*time.Millisecond {
				t.Errorf("%s: %v", r.name, delay)
			}
		}
		if slow != 1 {
			t.Errorf("at %v %d routers are slow", d, slow)
		}
	}
}

func TestLargeFleetsHaveTheirEventsEverywhere(t *testing.T) {
	f := started(Options{Routers: 120, Interfaces: 2})
	groups := map[int]bool{}
	for i, r := range f.routers {
		if total, _, _ := outages(f, r, 0, 15*time.Minute); total > 20*time.Second {
			groups[i/eventGroup] = true
		}
	}
	if len(groups) != 3 {
		t.Errorf("outages in %d of 3 groups", len(groups))
	}
}

func TestQuietIsQuiet(t *testing.T) {
	f := openFleet(t, Options{Quiet: true, Clock: newClock().now})
	for _, r := range f.routers {
		before := at(r, time.Minute)
		for d := time.Duration(0); d < time.Hour; d += 10 * time.Second {
			now := f.made + d.Milliseconds()
			if !r.answers(now, r.changes.Load()) || r.delay(now, r.changes.Load()) != 0 || r.bootTime(now, r.changes.Load()) != r.firstUp {
				t.Fatalf("%s at %v", r.name, d)
			}
		}
		after := at(r, 10*time.Hour)
		if len(before.ppp()) != len(after.ppp()) || len(before.hotspot()) != len(after.hotspot()) {
			t.Errorf("%s: sessions moved", r.name)
		}
		if after.counters(r.wan).rxBytes <= before.counters(r.wan).rxBytes {
			t.Errorf("%s: traffic stands still", r.name)
		}
	}
}

func TestSessionsComeAndGo(t *testing.T) {
	f := started(Options{})
	seen, gone := map[string]bool{}, 0
	last := map[string]uint32{}
	r := f.Router("tower-1")
	for d := time.Duration(0); d < 8*time.Hour; d += 30 * time.Second {
		v := at(r, d)
		now := map[string]uint32{}
		index := uint32(0)
		for i := range v.ppp() {
			s := &v.ppp()[i]
			now[string(s.user)] = s.index
			seen[string(s.user)] = true
			if s.index <= index {
				t.Fatal("indexes do not ascend")
			}
			index = s.index
			if s.start > v.now {
				t.Fatal("a session from the future")
			}
		}
		for user := range last {
			if _, ok := now[user]; !ok {
				gone++
			}
		}
		last = now
	}
	if len(seen) < 8 || gone < 10 {
		t.Errorf("%d users, %d logouts in 8 hours", len(seen), gone)
	}
}
