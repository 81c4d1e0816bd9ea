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
	mu    []sync.Mutex
	at    [][]time.Time
}

func newLog(routers int) *requestLog {
	return &requestLog{names: make(map[netip.Addr]int, routers), mu: make([]sync.Mutex, routers), at: make([][]time.Time, routers)}
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

// otherLanes are the periods of the lanes beside live, as the measured config has them.
func otherLanes() map[pipeline.Lane]time.Duration {
	return map[pipeline.Lane]time.Duration{pipeline.LaneStatus: time.Minute, pipeline.LaneSessions: time.Minute, pipeline.LaneSlow: 10 * time.Minute}
}

// judge takes, for each slot of each router, the first request from a little before it on. Slots
// beside one of another lane are left out: whose request came cannot be told there.
func (l *requestLog) judge(fleet *simulator.Fleet, period time.Duration, from, to time.Time) (r result) {
	const early = 20 * time.Millisecond
	var late []float64
	for i, router := range fleet.Routers() {
		l.mu[i].Lock()
		at := l.at[i]
		l.mu[i].Unlock()
		var others []time.Time
		for lane, every := range otherLanes() {
			others = append(others, slotsOf(router.Name(), lane, every, from.Add(-every), to)...)
		}
		for _, slot := range slotsOf(router.Name(), pipeline.LaneLive, period, from, to) {
			if slices.ContainsFunc(others, func(o time.Time) bool { return slot.Sub(o).Abs() < period/6 }) {
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

// slotsOf lists the slots of a job in a span of time.
func slotsOf(device string, lane pipeline.Lane, period time.Duration, from, to time.Time) []time.Time {
	phase := pipeline.Phase(device, lane, period)
	n := from.Add(-phase).UnixNano()
	slot := time.Unix(0, n-n%int64(period)+int64(period)+int64(phase))
	var slots []time.Time
	for ; slot.Before(to); slot = slot.Add(period) {
		slots = append(slots, slot)
	}
	return slots
}
