package simulator

import "math"

// view is a router at one instant. Everything is computed when it is first asked for. Views are
// reused; what they return is valid until the next reset.
type view struct {
	router  *Router
	changes *changes
	now     int64 // Unix milliseconds
	boot    int64

	have      uint
	effortNow float64
	raw       []traffic // of every static interface, offsets not included
	pppRows   []session
	hotRows   []session

	names []string // for users
	arena []byte   // texts made for this request
	index []uint32 // scratch of table look-ups
}

// What a view has computed already.
const (
	haveEffort = 1 << iota
	haveRaw
	havePPP
	havePPPCounters
	haveHotspot
	haveHotspotCounters
)

// traffic is what one interface has received and sent, in bytes.
type traffic struct{ rx, tx float64 }

func newView() *view { return &view{names: givenNames()} }

func (v *view) reset(r *Router, now int64) {
	v.router, v.now, v.changes = r, now, r.changes.Load()
	v.boot = r.bootTime(now, v.changes)
	v.have, v.arena = 0, v.arena[:0]
}

// keep returns the bytes of s for as long as the view lasts.
func (v *view) keep(s string) []byte {
	start := len(v.arena)
	v.arena = append(v.arena, s...)
	return v.arena[start:len(v.arena):len(v.arena)]
}

// keepBytes is keep for a few bytes on somebody's stack.
func (v *view) keepBytes(b []byte) []byte {
	start := len(v.arena)
	v.arena = append(v.arena, b...)
	return v.arena[start:len(v.arena):len(v.arena)]
}

// uptime is the time since boot, milliseconds.
func (v *view) uptime() int64 { return max(0, v.now-v.boot) }

func (v *view) effort() float64 {
	if v.have&haveEffort == 0 {
		v.have |= haveEffort
		v.effortNow = v.router.effortAt(v.boot, v.now)
	}
	return v.effortNow
}

func (r *Router) effortAt(boot, at int64) float64 {
	return daily{r.role.peak()}.effort(mix(r.seed^uint64(boot)), boot, at)
}

// activity is how hard the router works, 1 on average.
func (v *view) activity() float64 {
	const window = 5_000
	if v.uptime() < window {
		return 1
	}
	return (v.effort() - v.router.effortAt(v.boot, v.now-window)) / (window / 1000)
}

// traffics computes all static interfaces at once: the uplink and the bridge are sums of the ports.
func (v *view) traffics() []traffic {
	if v.have&haveRaw != 0 {
		return v.raw
	}
	v.have |= haveRaw
	v.raw = v.raw[:0]
	effort := v.effort()
	var lan traffic
	list := v.router.static
	for i := range list {
		s := &list[i]
		var t traffic
		if s.kind.physical() && s.txBase > 0 {
			t = traffic{s.rxBase * volume(s.seed, effort), s.txBase * volume(mix(s.seed), effort)}
			if i != v.router.wan {
				lan.rx, lan.tx = lan.rx+t.rx, lan.tx+t.tx
			}
		}
		v.raw = append(v.raw, t)
	}
	v.derive(lan)
	return v.raw
}

// derive fills in what is made of the ports' traffic. A little of the uplink's is the router's own.
func (v *view) derive(lan traffic) {
	const overhead = 1.01
	list := v.router.static
	if list[v.router.wan].txBase == 0 {
		v.raw[v.router.wan] = traffic{lan.tx * overhead, lan.rx * overhead}
	}
	for i := range list {
		if list[i].kind == kindBridge {
			v.raw[i] = lan
		}
	}
	for i := range list {
		if s := &list[i]; s.kind == kindVLAN {
			v.raw[i] = traffic{s.rxBase * v.raw[s.parent].rx, s.txBase * v.raw[s.parent].tx}
		}
	}
}

// counters are what an interface has counted since boot.
type counters struct {
	rxBytes, txBytes                                   uint64
	rxUnicast, rxMulticast, rxBroadcast                uint64
	txUnicast, txMulticast, txBroadcast                uint64
	rxErrors, txErrors, rxDrops, txDrops, txQueueDrops uint64
}

func (c *counters) rxPackets() uint64 { return c.rxUnicast + c.rxMulticast + c.rxBroadcast }
func (c *counters) txPackets() uint64 { return c.txUnicast + c.txMulticast + c.txBroadcast }

// setRx makes packets of the bytes. Each kind grows with them on its own, so none ever falls.
func (c *counters) setRx(bytes uint64, size float64) {
	packets := float64(bytes) / size
	c.rxBytes, c.rxUnicast, c.rxMulticast, c.rxBroadcast = bytes, uint64(packets*0.978), uint64(packets*0.014), uint64(packets*0.008)
}

func (c *counters) setTx(bytes uint64, size float64) {
	packets := float64(bytes) / size
	c.txBytes, c.txUnicast, c.txMulticast, c.txBroadcast = bytes, uint64(packets*0.991), uint64(packets*0.006), uint64(packets*0.003)
}

// counters of static interface i.
func (v *view) counters(i int) counters {
	s, t := &v.router.static[i], v.traffics()[i]
	var c counters
	c.setRx(uint64(t.rx), s.rxSize)
	c.setTx(uint64(t.tx), s.txSize)
	c.rxErrors, c.txErrors = uint64(t.rx/s.rxSize*s.rxBad), uint64(t.tx/s.txSize*s.txBad)
	c.rxDrops, c.txDrops, c.txQueueDrops = c.rxErrors/3, c.txErrors/2, uint64(t.tx/s.txSize*s.txBad*4)
	if o, ok := v.changes.counters[i]; ok && o.boot == v.boot {
		c.rxBytes += o.rx
		c.txBytes += o.tx
	}
	return c
}

// wave is a smooth wander between 0 and 1 with a knot every step milliseconds.
func (v *view) wave(seed uint64, step int64) float64 {
	knot := v.now / step
	part := float64(v.now%step) / float64(step)
	a, b := unit(hash(seed, uint64(knot))), unit(hash(seed, uint64(knot+1)))
	return a + (b-a)*(1-math.Cos(part*math.Pi))/2
}
