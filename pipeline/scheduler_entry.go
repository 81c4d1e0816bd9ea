package pipeline

import (
	"math/rand/v2"
	"time"

	"github.com/cespare/xxhash/v2"
)

// entry is a job and where it stands.
type entry struct {
	Job
	due      time.Time // when to start next (monotonic)
	slot     time.Time // the sample time of that run
	offSlot  bool      // the next run is not at a slot: first round, or hurried
	busy     bool      // waits for a worker, or runs
	running  bool      // of these, the run has begun
	again    bool      // hurried while it ran: once more when it ends
	removed  bool
	ran      bool      // at least once
	slow     bool      // the last run kept its worker for slowRun or longer
	failures int       // in a row
	resumeAt time.Time // backed off until this slot
	index    int       // in the heap
	metrics  laneMetrics
}

// newEntry plans the first run: at position in the first round, or at its slot if that comes earlier.
func newEntry(j Job, now, wall time.Time, position time.Duration) *entry {
	e := &entry{Job: j, offSlot: true, due: now.Add(position)}
	if slot := nextSlot(e.phase(), j.Period, wall); slot.Sub(wall) < position {
		e.offSlot, e.slot, e.due = false, slot, now.Add(slot.Sub(wall))
	}
	return e
}

// Phase spreads devices, and the lanes of one device, over the period: the slots of a job are the
// multiples of its period since 1970 plus its phase, which is the same in every process that polls as many
// devices. Phases are whole steps: polls that start together wake the process once, and find the caches
// warm that the first of them has warmed, which is two fifths of the CPU. A step is as long as it may be for some
// maxTogether of that many devices to start at once.
func Phase(device string, lane Lane, period time.Duration, devices int) time.Duration {
	h := xxhash.Sum64String(device + "\x00" + string(lane))
	return time.Duration(h % uint64(period)).Truncate(step(period, devices))
}

const (
	maxStep     = time.Second
	maxTogether = 64
	leastSteps  = 10 // in a period
)

// step is how far two phases are apart at least. Each is a multiple of the next smaller one, so that devices that
// start together in a large fleet do so in a smaller one.
func step(period time.Duration, devices int) time.Duration {
	s := maxStep
	for _, s = range [...]time.Duration{s, s / 2, s / 4, s / 8, s / 40, s / 200, s / 1000} {
		if int64(devices)*int64(s)/maxTogether <= int64(period) {
			break
		}
	}
	return max(time.Millisecond, min(s, period/leastSteps).Truncate(time.Millisecond))
}

func (e *entry) phase() time.Duration { return Phase(e.Device, e.Lane, e.Period, e.Devices) }

// plan sets the next run after one that was due now, which is wall on the clock that slots live on. After
// one outside the slots, the next slot that
// is at least half a period away is taken, so that rates have something to span.
func (e *entry) plan(now, wall time.Time) {
	next := e.slot.Add(e.Period)
	if e.offSlot {
		next = nextSlot(e.phase(), e.Period, wall.Add(e.Period/2))
	}
	wait := next.Sub(wall)
	if wait <= 0 || wait > e.Period*3/2 { // the clock was set, or the machine slept
		e.resumeAt = e.resumeAt.Add(wall.Sub(e.slot)) // the back-off lasts as long as it was to
		next = nextSlot(e.phase(), e.Period, wall)
		wait = next.Sub(wall)
	}
	e.offSlot, e.slot, e.due = false, next, now.Add(wait)
}

// failed backs off: 1, 2, 4, … periods, at most maxBackoff, with jitter. Status checks never do.
func (e *entry) failed(slot time.Time) {
	e.failures++
	if e.Lane == LaneStatus || e.failures < 2 {
		return
	}
	pause := min(e.Period<<min(e.failures-1, 10), max(maxBackoff, e.Period))
	e.resumeAt = slot.Add(pause/2 + rand.N(pause/2))
}

func (e *entry) answered() {
	e.failures, e.resumeAt = 0, time.Time{}
}

// nextSlot is the first multiple of period plus phase, since 1970, after t.
func nextSlot(phase, period time.Duration, t time.Time) time.Time {
	n := t.UnixNano() - int64(phase)
	return time.Unix(0, n-n%int64(period)+int64(period)+int64(phase))
}

// entryHeap orders entries by when they are due.
type entryHeap []*entry

func (h entryHeap) Len() int           { return len(h) }
func (h entryHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h entryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is for container/heap.
func (h *entryHeap) Push(x any) {
	e := x.(*entry)
	e.index = len(*h)
	*h = append(*h, e)
}

// Pop is for container/heap.
func (h *entryHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return e
}
