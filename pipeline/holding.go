package pipeline

import (
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// holdSamples bounds what is held while the clock cannot be believed; beyond it the oldest batch goes.
const holdSamples = 500_000

// holding stands before the sinks and lets through what can be dated. What cannot be is held, in order,
// and released with the right time as soon as that is known.
type holding struct {
	clock  *Clock // nil: every batch has its time
	pass   func(Batch)
	limit  int
	held   prometheus.Gauge
	missed prometheus.Counter

	mu      sync.Mutex
	batches []heldBatch
	samples int
}

// heldBatch is one that waits, and what the clock had been moved by when it came.
type heldBatch struct {
	Batch
	moved time.Duration
}

func newHolding(clock *Clock, pass func(Batch), reg prometheus.Registerer) *holding {
	h := &holding{clock: clock, pass: pass, limit: holdSamples,
		held: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "routerpulse_clock_held_samples", Help: "Samples that no sink gets before it is clear what time it is."}),
		missed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "routerpulse_clock_dropped_samples_total", Help: "Samples that were given up because too many were held, or the program ended."}),
	}
	reg.MustRegister(h.held, h.missed)
	return h
}

// date gives a batch whose time cannot be that of now the time of now: it comes from a poll that has
// just ended, and the clock was set, or is not believed.
func (h *holding) date(b *Batch) {
	if h.clock == nil {
		return
	}
	if now := h.clock.Now(); now.Sub(b.Time).Abs() > clockStep {
		b.Time = now
	}
}

// put hands a batch on, or holds it.
func (h *holding) put(b Batch) {
	if h.clock == nil {
		h.pass(b)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.clock.read()
	if !at.doubt.holds() {
		h.release(at.moved)
		h.pass(b)
		return
	}
	h.batches = append(h.batches, heldBatch{b, at.moved})
	h.samples += weight(b)
	for h.samples > h.limit && len(h.batches) > 1 {
		oldest := h.batches[0].Batch
		h.batches[0] = heldBatch{}
		h.batches = h.batches[1:]
		h.samples -= weight(oldest)
		h.missed.Add(float64(samplesIn(oldest)))
	}
	h.held.Set(float64(h.samples))
}

// release hands on what is held. What came before the clock was set is moved with it.
func (h *holding) release(moved time.Duration) {
	if len(h.batches) == 0 {
		return
	}
	for _, b := range h.batches {
		b.Time = b.Time.Add(moved - b.moved)
		h.pass(b.Batch)
	}
	h.batches, h.samples = nil, 0
	h.held.Set(0)
}

// end hands on what can be dated by now, and gives up the rest, counted.
func (h *holding) end() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.batches) == 0 {
		return nil
	}
	if at := h.clock.read(); !at.doubt.holds() {
		h.release(at.moved)
		return nil
	}
	lost := 0
	for _, b := range h.batches {
		lost += samplesIn(b.Batch)
	}
	h.batches, h.samples = nil, 0
	h.held.Set(0)
	h.missed.Add(float64(lost))
	if lost == 0 {
		return nil
	}
	return fmt.Errorf("%d samples were not written: the machine's clock could not be believed; let chrony or systemd-timesyncd set it", lost)
}
