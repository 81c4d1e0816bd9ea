package pipeline

import (
	"context"
	"errors"
	"log/slog"
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
	queues   []*sinkQueue
	metrics  *metrics
	wg       sync.WaitGroup
	cancel   context.CancelFunc
}

// New builds a pipeline over open sinks. It is inert until Open. Without a clock, batches are stored at the
// time that they have, whatever that is.
func New(taps []Tap, sinks []NamedSink, clock *Clock, reg prometheus.Registerer, log *slog.Logger) *Pipeline {
	p := &Pipeline{rates: NewRates(), presence: newPresence(), taps: taps, metrics: newMetrics(reg)}
	p.holding = newHolding(clock, p.queue, reg)
	for _, s := range sinks {
		p.queues = append(p.queues, newSinkQueue(s, p.metrics, log.With("sink", s.Name)))
	}
	return p
}

// Open starts one writer for each sink.
func (p *Pipeline) Open() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	for _, q := range p.queues {
		p.wg.Go(func() { q.run(ctx) })
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
	for _, q := range p.queues {
		q.put(b)
	}
}

// Close drains the queues until ctx ends, then gives up what is left, counted and logged. Nobody may
// publish any more. The sinks are the caller's to close.
func (p *Pipeline) Close(ctx context.Context) error {
	errs := []error{p.holding.end()}
	for _, q := range p.queues {
		q.end()
	}
	done := make(chan struct{})
	go func() { p.wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	p.cancel()
	<-done
	for _, q := range p.queues {
		errs = append(errs, q.lost())
	}
	return errors.Join(errs...)
}
