package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// NamedSink is a sink under the name that metrics, logs and the config know it by.
type NamedSink struct {
	Name string
	Sink Sink
}

// Pipeline takes each batch through rates, taps and sinks, in that order; before the
// sinks it waits while it is not clear what time it is. Data flows one way; nobody
// waits for anybody slower: a publisher never waits for a sink.
type Pipeline struct {
	rates    *Rates
	presence *presence
	taps     []Tap
	holding  *holding
	metrics  *metrics
	log      *slog.Logger

	mu     sync.RWMutex // of queues
	queues []*sinkQueue
	ctx    context.Context // of the writers, once they run
	cancel context.CancelFunc
}

// New builds a pipeline over open sinks. It is inert until Open. Without a clock, batches are stored at the
// time that they have, whatever that is.
func New(taps []Tap, sinks []NamedSink, clock *Clock, reg prometheus.Registerer, log *slog.Logger) *Pipeline {
	p := &Pipeline{rates: NewRates(), presence: newPresence(), taps: taps, metrics: newMetrics(reg), log: log}
	p.holding = newHolding(clock, p.queue, reg)
	for _, s := range sinks {
		p.queues = append(p.queues, newSinkQueue(s, p.metrics, log))
	}
	return p
}

// Open starts one writer for each sink.
func (p *Pipeline) Open() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ctx, p.cancel = context.WithCancel(context.Background())
	for _, q := range p.queues {
		q.start(p.ctx)
	}
}

// Publish takes ownership of a batch: it adds rates and the rows that are gone, shows it to the taps
// and queues it for the sinks. It is safe for concurrent use and waits for nobody. A batch in which
// no table was read is still shown, so that a tap learns that a poll failed.
func (p *Pipeline) Publish(b Batch) {
	p.holding.date(&b)
	b.Time = b.Time.Truncate(time.Millisecond)
	p.presence.mark(&b)
	p.metrics.discontinuities.Add(float64(p.rates.Apply(&b)))
	p.deliver(b)
}

// Forget tells taps and sinks that every row of a device is gone, because it is no longer polled.
func (p *Pipeline) Forget(device string, at time.Time) {
	p.rates.Forget(device)
	b := Batch{Device: device, Time: at, Gone: p.presence.forget(device)}
	p.holding.date(&b)
	b.Time = b.Time.Truncate(time.Millisecond)
	p.deliver(b)
}

func (p *Pipeline) deliver(b Batch) {
	p.metrics.samples.Add(float64(samplesIn(b)))
	p.metrics.batches.Inc()
	for _, tap := range p.taps {
		tap(b)
	}
	p.holding.put(b)
}

func (p *Pipeline) queue(b Batch) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, q := range p.queues {
		q.put(b)
	}
}

// Close drains the queues until ctx ends, then gives up what is left, counted and logged. Nobody may
// publish any more. The sinks are the caller's to close.
func (p *Pipeline) Close(ctx context.Context) error {
	errs := []error{p.holding.end()}
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, q := range p.queues {
		q.end()
	}
	stop := context.AfterFunc(ctx, p.cancel)
	defer stop()
	for _, q := range p.queues {
		<-q.done
		errs = append(errs, q.lost())
	}
	p.cancel()
	return errors.Join(errs...)
}

// AddSink lets an open sink have every batch from now on.
func (p *Pipeline) AddSink(s NamedSink) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := newSinkQueue(s, p.metrics, p.log)
	p.queues = append(p.queues, q)
	q.start(p.ctx)
}

// RemoveSink lets a sink have no more batches, and waits until ctx ends for those that it has not taken
// yet. The error says how many were given up. The sink is the caller's to close.
func (p *Pipeline) RemoveSink(ctx context.Context, name string) error {
	p.mu.Lock()
	i := slices.IndexFunc(p.queues, func(q *sinkQueue) bool { return q.Name == name })
	if i < 0 {
		p.mu.Unlock()
		return fmt.Errorf("no sink %s", name)
	}
	q := p.queues[i]
	p.queues = slices.Delete(slices.Clone(p.queues), i, i+1)
	p.mu.Unlock()
	q.end()
	select {
	case <-q.done:
	case <-ctx.Done():
		q.abandon()
		<-q.done
	}
	defer p.metrics.forget(name)
	return q.lost()
}

// ReplaceSink puts another sink in the place of one while batches wait, so that none is missed: exchange
// closes the one and opens the other.
func (p *Pipeline) ReplaceSink(name string, exchange func() Sink) error {
	p.mu.RLock()
	i := slices.IndexFunc(p.queues, func(q *sinkQueue) bool { return q.Name == name })
	if i < 0 {
		p.mu.RUnlock()
		return fmt.Errorf("no sink %s", name)
	}
	q := p.queues[i]
	p.mu.RUnlock()
	q.replace(exchange)
	return nil
}
