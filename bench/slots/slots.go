// Package slots tells, from when requests arrived at simulated routers, how late the polls of a fleet
// began: the first datagram of each against the slot that the scheduler gives it.
package slots

import (
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/pipeline"
)

// Log notes when requests arrived at each router.
type Log struct {
	fleet  *simulator.Fleet
	names  map[netip.Addr]int
	silent []bool
	mu     []sync.Mutex
	at     [][]time.Time
}

// Lanes are the periods of the lanes beside live, which are polled at the same routers.
type Lanes map[pipeline.Lane]time.Duration

// Lateness is how late the polls of a span of time began, in milliseconds.
type Lateness struct {
	Polls    int     `json:"polls"`
	Missed   int     `json:"missed"`
	Excluded int     `json:"excluded"` // beside a slot of another lane
	P50      float64 `json:"lateness_p50_ms"`
	P99      float64 `json:"lateness_p99_ms"`
	Max      float64 `json:"lateness_max_ms"`
}

// early is how long before its slot a poll may begin: the clocks of both sides are read apart.
const early = 20 * time.Millisecond

// New makes a log of a fleet of so many routers that is not open yet.
func New(fleet *simulator.Fleet, routers int) *Log {
	l := &Log{fleet: fleet, names: make(map[netip.Addr]int, routers), silent: make([]bool, routers),
		mu: make([]sync.Mutex, routers), at: make([][]time.Time, routers)}
	fleet.OnRequest(l.note)
	return l
}

// Learn takes note of who has which address. Call it when the fleet is open and before it is polled.
func (l *Log) Learn() {
	for i, r := range l.fleet.Routers() {
		l.names[r.Address()] = i
	}
}

// Silence makes the i-th router silent: nobody judges its polls.
func (l *Log) Silence(i int) {
	l.fleet.Routers()[i].SetDown(true)
	l.silent[i] = true
}

// note is the simulator's hook.
func (l *Log) note(addr netip.Addr, _ string, at time.Time) {
	i, ok := l.names[addr]
	if !ok {
		return
	}
	l.mu[i].Lock()
	l.at[i] = append(l.at[i], at)
	l.mu[i].Unlock()
}

// Judge takes, for each slot of each router in the lane live, the first request from a little before it on.
// Slots that are nearer than beside to one of another lane are left out: whose request came cannot be told
// there.
func (l *Log) Judge(period time.Duration, others Lanes, beside time.Duration, from, to time.Time) (r Lateness) {
	var late []float64
	for i, router := range l.fleet.Routers() {
		if l.silent[i] {
			continue
		}
		l.mu[i].Lock()
		at := l.at[i]
		l.mu[i].Unlock()
		foreign := l.slots(others, router.Name(), from, to)
		for _, slot := range l.slotsOf(router.Name(), pipeline.LaneLive, period, from, to) {
			if slices.ContainsFunc(foreign, func(o time.Time) bool { return slot.Sub(o).Abs() < beside }) {
				r.Excluded++
				continue
			}
			n, _ := slices.BinarySearchFunc(at, slot.Add(-early), time.Time.Compare)
			if n == len(at) || at[n].Sub(slot) > period/2 {
				r.Missed++
				continue
			}
			late = append(late, math.Max(0, at[n].Sub(slot).Seconds()*1000))
		}
	}
	slices.Sort(late)
	r.Polls = len(late)
	if len(late) > 0 {
		r.P50, r.P99, r.Max = late[len(late)/2], late[len(late)*99/100], late[len(late)-1]
	}
	return r
}

// slots are those of a device in all the lanes.
func (l *Log) slots(lanes Lanes, device string, from, to time.Time) (all []time.Time) {
	for lane, every := range lanes {
		all = append(all, l.slotsOf(device, lane, every, from.Add(-every), to)...)
	}
	return all
}

// slotsOf lists the slots of a job in a span of time.
func (l *Log) slotsOf(device string, lane pipeline.Lane, period time.Duration, from, to time.Time) []time.Time {
	phase := pipeline.Phase(device, lane, period, len(l.silent))
	n := from.Add(-phase).UnixNano()
	slot := time.Unix(0, n-n%int64(period)+int64(period)+int64(phase))
	var slots []time.Time
	for ; slot.Before(to); slot = slot.Add(period) {
		slots = append(slots, slot)
	}
	return slots
}
