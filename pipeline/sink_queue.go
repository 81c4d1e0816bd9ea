package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The bounds of the queue in front of a sink, and of one try to write.
const (
	sinkQueueSamples = 500_000
	sinkWriteTimeout = 30 * time.Second
	sinkRetryMin     = 500 * time.Millisecond
	sinkRetryMax     = 4 * time.Second // a disk that has room again is found within 5 s
)

// sinkQueue holds the batches that one sink has not taken yet. It is bounded in samples; when it is
// full the oldest batch goes, counted.
type sinkQueue struct {
	Name    string
	metrics *metrics
	queued  prometheus.Gauge    // of metrics, with the sink's name
	seconds prometheus.Observer // the same
	log     *slog.Logger
	done    chan struct{}      // closed when run has returned
	abandon context.CancelFunc // makes it return

	writing sync.Mutex // held by a try to write, and while the sink is replaced
	sink    Sink

	mu      sync.Mutex
	batches []Batch
	samples int
	ended   bool
	ready   chan struct{} // capacity 1: there is something to do
}

func newSinkQueue(s NamedSink, m *metrics, log *slog.Logger) *sinkQueue {
	return &sinkQueue{Name: s.Name, sink: s.Sink, metrics: m, queued: m.queued.WithLabelValues(s.Name),
		seconds: m.writeSeconds.WithLabelValues(s.Name), log: log.With("sink", s.Name),
		ready: make(chan struct{}, 1), done: make(chan struct{})}
}

// start begins to write.
func (q *sinkQueue) start(ctx context.Context) {
	ctx, q.abandon = context.WithCancel(ctx)
	go q.run(ctx)
}

func (q *sinkQueue) put(b Batch) {
	n := weight(b)
	q.mu.Lock()
	dropped := 0
	for q.samples+n > sinkQueueSamples && len(q.batches) > 0 {
		dropped += q.popLocked()
	}
	q.batches = append(q.batches, b)
	q.addLocked(n)
	q.mu.Unlock()
	if dropped > 0 {
		q.metrics.dropped.WithLabelValues(q.Name, "queue_full").Add(float64(dropped))
	}
	q.wake()
}

// weight is what a batch counts for in the queue: its samples, the rows that are gone, and one for being
// there.
func weight(b Batch) int { return 1 + len(b.Gone) + samplesIn(b) }

// samplesIn is what the loss of a batch costs.
func samplesIn(b Batch) (n int) {
	for i := range b.Tables {
		n += len(b.Tables[i].Samples)
	}
	return n
}

func (q *sinkQueue) popLocked() int {
	oldest := q.batches[0]
	q.batches[0] = Batch{}
	q.batches = q.batches[1:]
	q.addLocked(-weight(oldest))
	return samplesIn(oldest)
}

// addLocked keeps account of what waits. A sink that takes nothing is when the figure is needed, so it
// moves with every batch.
func (q *sinkQueue) addLocked(n int) {
	q.samples += n
	q.queued.Set(float64(q.samples))
}

func (q *sinkQueue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// end says that nothing more will be put; run returns once the queue is empty.
func (q *sinkQueue) end() {
	q.mu.Lock()
	q.ended = true
	q.mu.Unlock()
	q.wake()
}

// take hands out the oldest batch. more is false when the queue has ended and is empty.
func (q *sinkQueue) take() (b Batch, ok, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.batches) == 0 {
		return Batch{}, false, !q.ended
	}
	b = q.batches[0]
	q.popLocked()
	return b, true, true
}

// run writes batch after batch, each until the sink has it, and returns when the queue has ended and
// is empty, or when ctx ends.
func (q *sinkQueue) run(ctx context.Context) {
	defer close(q.done)
	defer q.abandon()
	for {
		b, ok, more := q.take()
		switch {
		case ok && !q.write(ctx, b):
			q.giveBack(b)
			return
		case ok:
			continue
		case !more:
			return
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return
		}
	}
}

// write offers one batch until the sink takes or rejects it; false when ctx ended first.
func (q *sinkQueue) write(ctx context.Context, b Batch) bool {
	failing := false
	for wait := sinkRetryMin; ; wait = min(2*wait, sinkRetryMax) {
		err := q.try(ctx, b)
		var rejected *RejectedError
		switch {
		case err == nil:
			if failing {
				q.log.Info("sink takes batches again")
			}
			return true
		case errors.As(err, &rejected):
			q.metrics.dropped.WithLabelValues(q.Name, "rejected").Add(float64(rejected.Samples))
			return true
		case !failing && ctx.Err() == nil:
			q.log.Error("sink does not take batches, will go on trying", "device", b.Device, "err", err)
			failing = true
		}
		q.metrics.retries.WithLabelValues(q.Name).Inc()
		select {
		case <-time.After(wait/2 + rand.N(wait/2)):
		case <-ctx.Done():
			return false
		}
	}
}

func (q *sinkQueue) try(ctx context.Context, b Batch) error {
	ctx, cancel := context.WithTimeout(ctx, sinkWriteTimeout)
	defer cancel()
	q.writing.Lock()
	defer q.writing.Unlock()
	start := time.Now()
	err := q.sink.Write(ctx, b)
	q.seconds.Observe(time.Since(start).Seconds())
	return err
}

// replace exchanges the sink between two tries to write.
func (q *sinkQueue) replace(exchange func() Sink) {
	q.writing.Lock()
	defer q.writing.Unlock()
	q.sink = exchange()
}

func (q *sinkQueue) giveBack(b Batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.batches = append([]Batch{b}, q.batches...)
	q.addLocked(weight(b))
}

// lost counts what is left after the end, and says so.
func (q *sinkQueue) lost() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for i := range q.batches {
		n += samplesIn(q.batches[i])
	}
	if n == 0 {
		return nil
	}
	q.metrics.dropped.WithLabelValues(q.Name, "shutdown").Add(float64(n))
	return fmt.Errorf("sink %s: %d samples were not written before the end", q.Name, n)
}
