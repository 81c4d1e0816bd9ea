package pipeline

import (
	"container/heap"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Job is something to do for one device in one lane, again and again.
type Job struct {
	Device   string
	Lane     Lane
	Period   time.Duration
	Devices  int           // are polled like this one, see Phase
	Deadline time.Duration // the most that one run may take
	// Run does it. slot is the sample time of this run. An error says that the device did not answer
	// at all: the job backs off (but for the status lane) and is a suspect, see Scheduler.
	Run func(ctx context.Context, slot time.Time) error
}

// Scheduling bounds. A fifth of the workers serves the suspects, however many they are.
const (
	maxBackoff          = 5 * time.Minute
	firstRoundPerSecond = 200 // for as long as firstRoundQuick takes: a small fleet is there at once
	firstRoundQuick     = 3 * time.Second
	firstRoundThen      = 50 // a second, in a large fleet, of which most jobs come at their slots meanwhile
	suspectShare        = 5
	provenShare         = 4 // a quarter of the workers of the healthy is not for jobs that run for the first time
	// slowRun is from when on a run counts as slow: a device that answers, but keeps a worker for so
	// long, does so at the cost of the suspects, not of the healthy.
	slowRun = 2 * time.Second
)

// Scheduler runs jobs at their slots. The slots of a job are the multiples of its period plus its
// phase, a hash of device and lane, on the Clock; waiting is done on the monotonic clock, so a step of
// the Clock displaces one run at most. A run that still goes on at its next slot is not
// stacked: that slot is skipped and counted. Jobs that failed last time, or took long, are suspects:
// they wait for each other, not the others for them. Jobs that never ran leave some of
// the workers to those that did.
type Scheduler struct {
	clock   *Clock
	log     *slog.Logger
	metrics *schedulerMetrics
	wake    chan struct{}
	next    chan *run       // to a worker that waits
	idle    atomic.Int32    // of these
	stop    <-chan struct{} // of ctx
	wg      sync.WaitGroup

	mu       sync.Mutex
	entries  entryHeap
	devices  map[string][]*entry
	round    time.Time // when the next job of a first round may start
	healthy  pool
	suspects pool
	ctx      context.Context // of Run, for the runs it starts
}

// NewScheduler returns a scheduler that does at most workers runs at a time. Without a clock, it goes by the
// machine's.
func NewScheduler(workers int, clock *Clock, reg prometheus.Registerer, log *slog.Logger) *Scheduler {
	m := newSchedulerMetrics(reg)
	s := &Scheduler{
		clock: clock, log: log, metrics: m,
		wake: make(chan struct{}, 1), next: make(chan *run), devices: map[string][]*entry{},
		healthy: pool{gauge: m.busy.WithLabelValues("healthy")}, suspects: pool{gauge: m.busy.WithLabelValues("suspects")},
	}
	s.Resize(workers)
	return s
}

// Now is the time that samples of now are stored with, which is not always that of the machine's clock.
func (s *Scheduler) Now() time.Time { return s.clock.Now() }

// Resize changes how many runs go on at a time; those that go on already are not ended.
func (s *Scheduler) Resize(workers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	few := max(1, workers/suspectShare)
	s.healthy.limit, s.suspects.limit = max(1, workers-few), few
}

// Add schedules a job. It runs for the first time soon, in a rate-limited first round, then at its
// slots. It may be called before and during Run.
func (s *Scheduler) Add(j Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.round.Before(now) {
		s.round = now
	}
	e := newEntry(j, now, s.clock.Now(), s.round.Sub(now))
	e.metrics = s.metrics.of(j.Lane)
	if s.round.Sub(now) < firstRoundQuick {
		s.round = s.round.Add(time.Second / firstRoundPerSecond)
	} else {
		s.round = s.round.Add(time.Second / firstRoundThen)
	}
	heap.Push(&s.entries, e)
	s.devices[j.Device] = append(s.devices[j.Device], e)
	s.signal()
}

// Remove ends all jobs of a device: none starts any more; one that runs ends by its deadline.
func (s *Scheduler) Remove(device string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.devices[device] {
		e.removed = true
		heap.Remove(&s.entries, e.index)
	}
	delete(s.devices, device)
}

// Answered says that a device is there: its jobs run at their next slot again, without back-off. Those
// that took long stay suspects until they do not: it may answer a check and hang on a table.
func (s *Scheduler) Answered(device string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.devices[device] {
		if e.failures > 0 && e.busy && !e.running {
			s.suspects.promote(e)
		}
		e.answered()
	}
}

// Hurry runs a device's job of one lane once more after a delay, outside its slots. A run of it that
// still goes on then is waited for: what it says may be older than the reason to hurry. A job may hurry
// itself.
func (s *Scheduler) Hurry(device string, lane Lane, after time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.devices[device] {
		if e.Lane != lane {
			continue
		}
		e.again = false // the last word counts
		if due := time.Now().Add(after); due.Before(e.due) {
			e.offSlot, e.due = true, due
			heap.Fix(&s.entries, e.index)
			s.signal()
		}
	}
}

// Run starts jobs until ctx ends, then waits for those that run; their context ends with ctx.
func (s *Scheduler) Run(ctx context.Context) {
	s.mu.Lock()
	s.ctx, s.stop = ctx, ctx.Done()
	s.mu.Unlock()
	defer s.wg.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-timer.C:
		}
		timer.Reset(s.startDue())
	}
}

func (s *Scheduler) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// startDue starts what is due and returns for how long nothing will be.
func (s *Scheduler) startDue() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.entries) > 0 {
		now := time.Now()
		e := s.entries[0]
		if wait := e.due.Sub(now); wait > 0 {
			return wait
		}
		wall := s.clock.Now()
		s.offer(e, wall)
		e.plan(now, wall)
		heap.Fix(&s.entries, 0)
	}
	return time.Hour
}

// offer gives a due entry to a worker, or makes it wait for one.
func (s *Scheduler) offer(e *entry, wall time.Time) {
	switch {
	case e.busy && e.offSlot:
		e.again = e.running // else the run that waits for a worker will do
		return
	case e.busy:
		s.metrics.skipped.WithLabelValues(string(e.Lane), "overrun").Inc()
		return
	case !e.offSlot && e.slot.Before(e.resumeAt):
		s.metrics.skipped.WithLabelValues(string(e.Lane), "backoff").Inc()
		return
	}
	r := &run{entry: e, pool: &s.healthy, fresh: !e.ran, slot: e.slot, due: e.due}
	if e.failures > 0 || e.slow {
		r.pool = &s.suspects
	}
	if e.offSlot {
		r.slot = wall
	}
	e.busy = true
	if r.pool.takes(r.fresh) {
		s.start(r)
		return
	}
	r.pool.waiting[e.rank()] = append(r.pool.waiting[e.rank()], r)
}
