package main

import (
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/pipeline"
)

// requestLog notes when requests arrived at each router.
type requestLog struct {
	names map[netip.Addr]int
	dead  []bool
	mu    []sync.Mutex
	at    [][]time.Time
}

func newLog(routers int) *requestLog {
	return &requestLog{names: make(map[netip.Addr]int, routers), dead: make([]bool, routers),
		mu: make([]sync.Mutex, routers), at: make([][]time.Time, routers)}
}

// note is the simulator's hook.
func (l *requestLog) note(addr netip.Addr, _ string, at time.Time) {
	i, ok := l.names[addr]
	if !ok {
		return
	}
	l.mu[i].Lock()
	l.at[i] = append(l.at[i], at)
	l.mu[i].Unlock()
}

// statusPeriod is that of the measured config.
const statusPeriod = time.Minute

// judge takes, for each slot of each live router, the first request from a little before it on.
// Slots beside a status check are left out: whose request came cannot be told there.
func (l *requestLog) judge(fleet *simulator.Fleet, period time.Duration, from, to time.Time) (r result) {
	const early = 20 * time.Millisecond
	var late []float64
	for i, router := range fleet.Routers() {
		if l.dead[i] {
			continue
		}
		l.mu[i].Lock()
		at := l.at[i]
		l.mu[i].Unlock()
		checks := slotsOf(router.Name(), pipeline.LaneStatus, statusPeriod, from.Add(-statusPeriod), to)
		for _, slot := range slotsOf(router.Name(), pipeline.LaneLive, period, from, to) {
			if slices.ContainsFunc(checks, func(c time.Time) bool { return slot.Sub(c).Abs() < period/4 }) {
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
