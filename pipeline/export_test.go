package pipeline

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// NewClockOf is a clock of another machine, for tests outside.
func NewClockOf(wall func() time.Time, synced func() bool, reg prometheus.Registerer, log *slog.Logger) *Clock {
	return newClock(wall, synced, reg, log)
}

// HoldAtMost makes the room for what is held small.
func (p *Pipeline) HoldAtMost(weight int) {
	p.holding.mu.Lock()
	defer p.holding.mu.Unlock()
	p.holding.limit = weight
}
