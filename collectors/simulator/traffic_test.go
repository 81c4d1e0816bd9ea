package simulator

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWarpsAreMonotoneAndStayNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := warp{rapid.Float64Range(1, 1000).Draw(t, "step"), rapid.Float64Range(0, 0.95).Draw(t, "amount")}
		seed := rapid.Uint64().Draw(t, "seed")
		a := rapid.Float64Range(0, 1e7).Draw(t, "a")
		b := a + rapid.Float64Range(0.001, 1e4).Draw(t, "later")
		x, y := w.at(seed, a), w.at(seed, b)
		if y < x {
			t.Fatalf("goes back from %v to %v", x, y)
		}
		if x < a-1e-6 || x > a+w.step+1e-6 {
			t.Fatalf("%v became %v with steps of %v", a, x, w.step)
		}
	})
}

func TestDailyCurveIsTheDerivativeOfItsIntegral(t *testing.T) {
	d := daily{peak: roleTower.peak()}
	for x := 0.0; x < 2*day; x += 1234 {
		const h = 0.5
		slope := (d.integral(x+h) - d.integral(x-h)) / (2 * h)
		if math.Abs(slope-d.rate(x)) > 1e-4 {
			t.Fatalf("at %v: slope %v, rate %v", x, slope, d.rate(x))
		}
		if d.rate(x) <= 0 {
			t.Fatalf("at %v the rate is %v", x, d.rate(x))
		}
	}
	if average := (d.integral(5*day) - d.integral(0)) / (5 * day); math.Abs(average-1) > 1e-9 {
		t.Errorf("average %v", average)
	}
	if d.rate(d.peak) < d.rate(4*3600)*2 {
		t.Errorf("evening %v, night %v", d.rate(d.peak), d.rate(4*3600))
	}
}

// at returns a view of a router at a time after its fleet was made.
func at(r *Router, after time.Duration) *view {
	v := newView()
	v.reset(r, r.fleet.made+after.Milliseconds())
	return v
}

func TestCountersNeverFall(t *testing.T) {
	f := New(Options{Quiet: true, Clock: newClock().now})
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(f.routers).Draw(t, "router")
		first := time.Duration(rapid.Int64Range(0, int64(30*24*time.Hour)).Draw(t, "first"))
		later := first + time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(time.Hour)).Draw(t, "later"))
		a, b := at(r, first), at(r, later)
		for i := range r.static {
			x, y := a.counters(i), b.counters(i)
			for j, pair := range pairs(&x, &y) {
				if pair[1] < pair[0] {
					t.Fatalf("%s %s: counter %d fell from %d to %d", r.name, r.static[i].name, j, pair[0], pair[1])
				}
			}
		}
		for i := range a.ppp() {
			if x, y := a.pppCounted()[i].counter, b.pppCounted()[i].counter; y.rxBytes < x.rxBytes || y.txBytes < x.txBytes {
				t.Fatalf("%s: session %s fell", r.name, a.ppp()[i].user)
			}
		}
	})
}

func pairs(a, b *counters) [][2]uint64 {
	return [][2]uint64{
		{a.rxBytes, b.rxBytes}, {a.txBytes, b.txBytes}, {a.rxUnicast, b.rxUnicast}, {a.rxMulticast, b.rxMulticast},
		{a.rxBroadcast, b.rxBroadcast}, {a.txUnicast, b.txUnicast}, {a.txMulticast, b.txMulticast}, {a.txBroadcast, b.txBroadcast},
		{a.rxErrors, b.rxErrors}, {a.txErrors, b.txErrors}, {a.rxDrops, b.rxDrops}, {a.txDrops, b.txDrops}, {a.txQueueDrops, b.txQueueDrops},
	}
}

func TestTheSameSeedAndClockGiveTheSameWorld(t *testing.T) {
	one, two, other := New(Options{Seed: 7, Clock: newClock().now}), New(Options{Seed: 7, Clock: newClock().now}), New(Options{Seed: 8, Clock: newClock().now})
	same := 0
	for i := range one.routers {
		a, b, c := at(one.routers[i], time.Hour), at(two.routers[i], time.Hour), at(other.routers[i], time.Hour)
		if len(a.ppp()) != len(b.ppp()) || len(a.hotspot()) != len(b.hotspot()) || a.uptime() != b.uptime() || a.cpuLoad() != b.cpuLoad() {
			t.Errorf("router %d differs", i)
		}
		for row := range a.interfaceCount() {
			if a.interfaceCounters(row) != b.interfaceCounters(row) || string(a.interfaceName(row)) != string(b.interfaceName(row)) {
				t.Errorf("router %d, interface %d differs", i, row)
			}
		}
		if a.counters(a.router.wan) == c.counters(c.router.wan) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d of %d routers do not care for the seed", same, len(one.routers))
	}
}

func TestTrafficLooksLikeTraffic(t *testing.T) {
	f := New(Options{Quiet: true, Clock: newClock().now})
	for _, r := range f.routers {
		var least, most float64 = math.Inf(1), 0
		for minute := range 24 * 60 {
			a, b := at(r, time.Duration(minute)*time.Minute), at(r, time.Duration(minute)*time.Minute+30*time.Second)
			x, y := a.counters(r.wan), b.counters(r.wan)
			bits := float64(y.rxBytes-x.rxBytes) * 8 / 30
			least, most = min(least, bits), max(most, bits)
			if speed := float64(r.static[r.wan].speed) * 1e6; bits > speed {
				t.Fatalf("%s: %.0f bit/s through a link of %.0f", r.name, bits, speed)
			}
		}
		if least <= 0 || most < 3*least {
			t.Errorf("%s: between %.0f and %.0f bit/s in a day", r.name, least, most)
		}
	}
}

func TestUplinkCarriesWhatThePortsDo(t *testing.T) {
	f := New(Options{Quiet: true, Clock: newClock().now})
	for _, r := range f.routers {
		v := at(r, time.Hour)
		var sent, received uint64
		for i := range r.static {
			if r.static[i].kind.physical() && i != r.wan {
				c := v.counters(i)
				sent, received = sent+c.txBytes, received+c.rxBytes
			}
		}
		up := v.counters(r.wan)
		for _, pair := range [][2]uint64{{up.rxBytes, sent}, {up.txBytes, received}} {
			if ratio := float64(pair[0]) / float64(pair[1]); ratio < 1 || ratio > 1.02 {
				t.Errorf("%s: uplink %d, ports %d", r.name, pair[0], pair[1])
			}
		}
	}
}

func TestPacketsFitTheirBytes(t *testing.T) {
	f := New(Options{Quiet: true, Clock: newClock().now})
	for _, r := range f.routers {
		v := at(r, 0)
		for i := range r.static {
			c := v.counters(i)
			for _, pair := range [][2]uint64{{c.rxBytes, c.rxPackets()}, {c.txBytes, c.txPackets()}} {
				if pair[0] < 10_000 {
					continue
				}
				if size := float64(pair[0]) / float64(pair[1]); size < 64 || size > 1518 {
					t.Errorf("%s %s: packets of %.0f bytes", r.name, r.static[i].name, size)
				}
			}
		}
	}
}

func TestTheCPUFollowsTheTraffic(t *testing.T) {
	f := New(Options{Quiet: true, Clock: newClock().now})
	r := f.Router("tower-1")
	var busy, quiet []float64
	for minute := range 24 * 60 {
		v := at(r, time.Duration(minute)*time.Minute)
		load := v.cpuLoad()
		if load < 0 || load > 100 {
			t.Fatalf("%d percent", load)
		}
		if v.activity() > 1.5 {
			busy = append(busy, float64(load))
		} else if v.activity() < 0.7 {
			quiet = append(quiet, float64(load))
		}
	}
	if mean(busy) < mean(quiet)+3 {
		t.Errorf("busy %.1f %%, quiet %.1f %%", mean(busy), mean(quiet))
	}
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return sum / float64(len(list))
}
