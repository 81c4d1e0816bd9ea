package simulator

import "time"

// What happens by itself, in milliseconds. Every group of routers has one timetable for each kind of
// event, so a large fleet is as lively as a small one. Whether something is the matter with a router
// is computed from the time; nothing has to run for it.
const (
	eventGroup = 50

	outageEvery  = 240_000 // the first begins outageFirst after Open, in the first group
	outageFirst  = 60_000
	outageSpread = 25_000
	outageLength = 46_000 // and up to as much again, less a little

	rebootEvery  = 420_000
	rebootFirst  = 150_000
	rebootSpread = 120_000

	slowEvery  = 180_000
	slowFirst  = 20_000
	slowLeast  = 300 * time.Millisecond
	slowSpread = 500 // milliseconds
)

// rebootAway is how long a router is gone when it reboots, in milliseconds.
const rebootAway = 5_000

// timetable is a router's place in its group.
type timetable struct {
	seed     uint64 // of the group
	delay    int64  // by which the group's events are late, so that groups do not act in step
	size     int64  // routers in the group
	position int64
	turn     int64 // the reboot, counted modulo size, that hits this router
}

func newTimetable(seed uint64, index, routers int) timetable {
	group := index / eventGroup
	t := timetable{
		seed:     hash(seed, uint64(group)+1_000_000),
		size:     int64(min(eventGroup, routers-group*eventGroup)),
		position: int64(index % eventGroup),
	}
	if group > 0 {
		t.delay = int64(mix(t.seed) % outageEvery)
	}
	for t.rebootVictim(t.turn) != t.position {
		t.turn++
	}
	return t
}

// rebootVictim goes round the group in strides, so that its inverse is easy: every router has its
// turn once in size reboots.
func (t timetable) rebootVictim(n int64) int64 {
	stride := int64(1)
	for _, s := range []int64{7, 11, 3} {
		if t.size > s && gcd(s, t.size) == 1 {
			stride = s
			break
		}
	}
	return (int64(t.seed%1000) + n*stride) % t.size
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// lastReboot returns when the router was last rebooted by the timetable. since is the time since the
// timetable began, and so is the result.
func (t timetable) lastReboot(since int64) (int64, bool) {
	since -= t.delay
	if since < 0 {
		return 0, false
	}
	n := since / rebootEvery
	if since < t.rebootTime(n) {
		n--
	}
	n -= ((n-t.turn)%t.size + t.size) % t.size
	if n < 0 {
		return 0, false
	}
	return t.rebootTime(n) + t.delay, true
}

func (t timetable) rebootTime(n int64) int64 {
	return n*rebootEvery + rebootFirst + int64(hash(t.seed, uint64(n)+1<<32)%rebootSpread)
}

// out tells whether an outage keeps the router away.
func (t timetable) out(since int64) bool {
	since -= t.delay
	if since < 0 {
		return false
	}
	n := since / outageEvery
	h := hash(t.seed, uint64(n)+2<<32)
	if int64(h%uint64(t.size)) != t.position {
		return false
	}
	from := n*outageEvery + outageFirst + int64(h>>8%outageSpread)
	return since >= from && since < from+outageLength+int64(h>>32%(outageLength-2_000))
}

// slowness is what the router adds to every answer now.
func (t timetable) slowness(since int64) time.Duration {
	since -= t.delay + slowFirst
	if since < 0 {
		return 0
	}
	h := hash(t.seed, uint64(since/slowEvery)+3<<32)
	if int64(h%uint64(t.size)) != t.position {
		return 0
	}
	return slowLeast + time.Duration(hash(h, uint64(since/100))%slowSpread)*time.Millisecond
}
