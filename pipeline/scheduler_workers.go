package pipeline

import (
	"container/heap"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// pool is a bounded set of workers and the runs that wait for one, by rank.
type pool struct {
	gauge       prometheus.Gauge // of busy
	limit, busy int
	fresh       int // of the busy ones, those that run their job for the first time
	waiting     [ranks][]*run
}

// takes says whether a run could begin now. Of a job that never ran nobody knows whether its device is
// there: a hundred silent ones that come at once must not hold every worker, also if the pool shrinks then.
func (p *pool) takes(fresh bool) bool {
	forProven := p.limit / provenShare
	if fresh {
		return p.busy < p.limit && p.fresh < max(1, p.limit-forProven)
	}
	return p.busy < p.limit || p.busy-p.fresh < forProven
}

// What waits for a worker: whether a device is there comes first, then what is likely to be answered.
const (
	rankStatus = iota
	rankAnswering
	rankFailing
	rankFresh
	ranks
)

func (e *entry) rank() int {
	switch {
	case !e.ran:
		return rankFresh
	case e.Lane == LaneStatus:
		return rankStatus
	case e.failures == 0:
		return rankAnswering
	}
	return rankFailing
}

// next takes the run that has waited longest of the first rank that has any and may begin; nil if there
// is none.
func (p *pool) next() *run {
	for i := range p.waiting {
		if list := p.waiting[i]; len(list) > 0 && p.takes(i == rankFresh) {
			p.waiting[i] = list[1:]
			return list[0]
		}
	}
	return nil
}

// run is one time that a job is done.
type run struct {
	*entry
	pool  *pool
	fresh bool // the job's first
	slot  time.Time
	due   time.Time
}

// promote moves the run of an entry, which was failing, among those that are likely to be answered.
func (p *pool) promote(e *entry) {
	for i, r := range p.waiting[rankFailing] {
		if r.entry == e {
			p.waiting[rankFailing] = slices.Delete(p.waiting[rankFailing], i, i+1)
			p.waiting[rankAnswering] = append(p.waiting[rankAnswering], r)
			return
		}
	}
}

func (s *Scheduler) start(r *run) {
	r.pool.busy++
	if r.fresh {
		r.pool.fresh++
	}
	r.pool.gauge.Inc()
	r.running = true
	select {
	case s.next <- r:
	default:
		s.wg.Go(func() { s.work(r) })
	}
}

// The bounds of workers that wait for the next run: a new one first has to grow its stack to what a poll
// needs.
const (
	idleWorkers = 64
	idleTime    = 15 * time.Second
)

// work is the life of a worker: a run, and those that are handed to it while it waits.
func (s *Scheduler) work(r *run) {
	idle := time.NewTimer(idleTime)
	defer idle.Stop()
	for {
		s.do(r)
		if s.idle.Add(1) > idleWorkers {
			s.idle.Add(-1)
			return
		}
		idle.Reset(idleTime)
		select {
		case r = <-s.next:
			s.idle.Add(-1)
		case <-idle.C:
			s.idle.Add(-1)
			return
		case <-s.stop:
			return
		}
	}
}

// do does one run.
func (s *Scheduler) do(r *run) {
	now := time.Now()
	late := now.Sub(r.due)
	r.slot = r.sampleTime(s.clock.Now(), late)
	r.metrics.lateness.Observe(late.Seconds())
	ctx, cancel := context.WithTimeout(s.ctx, r.Deadline)
	err := s.guarded(ctx, r)
	cancel()
	took := time.Since(now)
	r.metrics.duration.Observe(took.Seconds())
	s.finish(r, took, err)
}

// sampleTime is the slot, unless the run starts more than a tenth of its period from it: late, or
// because the clock was set since the slot was planned. Then it is the real start.
func (r *run) sampleTime(now time.Time, late time.Duration) time.Time {
	if off := now.Sub(r.slot).Abs(); late > r.Period/10 || off > r.Period/10 {
		return now
	}
	return r.slot
}

// guarded turns a panic into an error: one bad device never harms another.
func (s *Scheduler) guarded(ctx context.Context, r *run) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("poll of %s (%s) panicked: %v", r.Device, r.Lane, p)
			s.metrics.panics.Inc()
			s.log.Error("poll panicked; please report this", "device", r.Device, "lane", r.Lane, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	return r.Run(ctx, r.slot.UTC().Truncate(time.Millisecond))
}

func (s *Scheduler) finish(r *run, took time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.busy, r.running, r.ran, r.slow = false, false, true, took >= slowRun
	if err == nil {
		r.answered()
	} else if s.ctx.Err() == nil {
		r.failed(r.slot)
		s.metrics.failures.WithLabelValues(string(r.Lane)).Inc()
	}
	if e := r.entry; e.again && !e.removed {
		e.again, e.offSlot, e.due = false, true, time.Now()
		heap.Fix(&s.entries, e.index)
		s.signal()
	}
	r.pool.busy--
	if r.fresh {
		r.pool.fresh--
	}
	r.pool.gauge.Dec()
	for next := r.pool.next(); next != nil; next = r.pool.next() {
		if next.removed || s.ctx.Err() != nil {
			next.busy = false
			continue
		}
		s.start(next)
	}
}
