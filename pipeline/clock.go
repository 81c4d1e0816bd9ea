package pipeline

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// How far the machine's clock is trusted.
const (
	clockStep     = 10 * time.Minute // what it may jump without being asked why
	clockPatience = 10 * time.Minute // a jump that still stands after it was none by mistake
	clockFrozen   = 2 * time.Second  // so long the clock may show one instant
	clockYears    = 20               // so many years after clockFloor it is believed without a time server
)

// clockFloor is before every RouterPulse: a machine that says an earlier time has lost it.
func clockFloor() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// Clock is the time that polls are scheduled at and samples are stored with. It goes with the machine's
// clock for as long as that can be believed, and on with the monotonic one where it cannot: a machine
// without a battery starts in 1970 or 2098, and a time server sets it later; a person mistypes a year.
//
// A jump of more than clockStep is believed at once if the kernel says that a time server keeps the
// clock, and else when it has stood for clockPatience; until then it is open which of both times is
// right, and samples are held. A jump out of the years that can be is not believed, nor is a clock that
// stands still; samples get the time that ran on. Until a first time was believed, all are held.
type Clock struct {
	log     *slog.Logger
	wall    func() time.Time // what the machine says
	synced  func() bool      // the kernel says that a time server keeps it
	metrics *clockMetrics

	mu       sync.Mutex
	began    time.Time     // with a monotonic reading, that everything is a distance from
	line     time.Time     // the time that we go by at began
	believed bool          // a time was believed ever
	moved    time.Duration // the sum of the jumps that were believed
	jump     jump
	shown    time.Time     // what the machine's clock showed last
	shownAt  time.Duration // and since when it shows that
	doubt    clockDoubt
}

// jump is one that is neither believed nor undone yet.
type jump struct {
	off   time.Duration // how far the machine's clock is from our time
	since time.Duration // after began
}

// clockDoubt is why the machine's clock is not gone by.
type clockDoubt int

const (
	clockGood   clockDoubt = iota
	clockNever             // no time was believed yet
	clockJumped            // it may be right or wrong: samples are held
	clockAbsurd            // out of the years that can be
	clockStands
)

// holds says that samples cannot be dated.
func (d clockDoubt) holds() bool { return d == clockNever || d == clockJumped }

// NewClock returns the clock of this machine.
func NewClock(reg prometheus.Registerer, log *slog.Logger) *Clock {
	return newClock(time.Now, kernelSynced, reg, log)
}

func newClock(wall func() time.Time, synced func() bool, reg prometheus.Registerer, log *slog.Logger) *Clock {
	c := &Clock{log: log, wall: wall, synced: synced, metrics: newClockMetrics(reg), began: time.Now()}
	c.line = wall().Round(0)
	c.shown = c.line
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look()
	return c
}

// Now is the time that samples of now are stored with, without a monotonic reading.
func (c *Clock) Now() time.Time {
	if c == nil {
		return time.Now().Round(0)
	}
	return c.read().now
}

// reading is what the clock says of one instant.
type reading struct {
	now   time.Time
	moved time.Duration
	doubt clockDoubt
}

func (c *Clock) read() reading {
	c.mu.Lock()
	defer c.mu.Unlock()
	return reading{c.look(), c.moved, c.doubt}
}

// look compares the clocks, and returns our time.
func (c *Clock) look() time.Time {
	elapsed, wall := time.Since(c.began), c.wall().Round(0)
	off := wall.Sub(c.line.Add(elapsed))
	if !wall.Equal(c.shown) {
		c.shown, c.shownAt = wall, elapsed
	}
	doubt := c.judge(wall, off, elapsed)
	switch {
	case doubt != clockGood:
	case off.Abs() > clockStep || !c.believed:
		c.believe(wall, off)
		off = 0
	default:
		c.line = c.line.Add(off) // drift, and what a time server corrects
		off = 0
	}
	c.turn(doubt, wall, off)
	return c.line.Add(elapsed)
}

// judge says whether the machine's clock can be gone by.
func (c *Clock) judge(wall time.Time, off, elapsed time.Duration) clockDoubt {
	switch possible := clockPossible(wall); {
	case elapsed-c.shownAt > clockFrozen:
		if !c.believed {
			return clockNever
		}
		return clockStands
	case !c.believed && (possible || c.synced()):
		return clockGood
	case !c.believed:
		return clockNever
	case off.Abs() <= clockStep:
		return clockGood
	case !possible:
		return clockAbsurd
	case c.synced():
		return clockGood
	}
	if c.doubt != clockJumped || (off-c.jump.off).Abs() > clockStep {
		c.jump = jump{off: off, since: elapsed}
	}
	if elapsed-c.jump.since >= clockPatience {
		return clockGood
	}
	return clockJumped
}

func clockPossible(t time.Time) bool {
	floor := clockFloor()
	return t.After(floor) && t.Before(floor.AddDate(clockYears, 0, 0))
}

// believe takes the machine's time for ours.
func (c *Clock) believe(wall time.Time, off time.Duration) {
	if off.Abs() > clockStep {
		c.metrics.steps.WithLabelValues("believed").Inc()
		c.log.Warn("the machine's clock was set: that time counts from now on", "by", sayStep(off), "now", wall.UTC().Format(time.RFC3339))
	}
	c.line, c.moved, c.believed = c.line.Add(off), c.moved+off, true
}

// turn takes note of what is thought of the machine's clock, and says it when that changes.
func (c *Clock) turn(doubt clockDoubt, wall time.Time, off time.Duration) {
	c.metrics.trusted.Set(map[bool]float64{true: 1}[doubt == clockGood])
	c.metrics.off.Set(off.Seconds())
	was := c.doubt
	if c.doubt = doubt; was == doubt {
		return
	}
	says := []any{"clock", wall.UTC().Format(time.RFC3339), "off", sayStep(off)}
	switch doubt {
	case clockNever:
		c.log.Error("the machine's clock is not set: samples are held until it is; let chrony or systemd-timesyncd set it", says...)
	case clockJumped:
		c.log.Warn("the machine's clock jumped: samples are held until it is back, a time server confirms it, or it has stood for "+clockPatience.String(), says...)
	case clockAbsurd:
		c.metrics.steps.WithLabelValues("refused").Inc()
		c.log.Error("the machine's clock says a year that cannot be: samples get the time that ran on; let chrony or systemd-timesyncd set it", says...)
	case clockStands:
		c.metrics.steps.WithLabelValues("refused").Inc()
		c.log.Error("the machine's clock stands still: samples get the time that ran on", says...)
	default:
		c.log.Info("the machine's clock is believed again", says...)
	}
}

func sayStep(off time.Duration) string {
	if off < 0 {
		return fmt.Sprintf("%s back", -off.Round(time.Second))
	}
	return fmt.Sprintf("%s ahead", off.Round(time.Second))
}

// clockMetrics is what the clock tells about itself.
type clockMetrics struct {
	trusted, off prometheus.Gauge
	steps        *prometheus.CounterVec
}

func newClockMetrics(reg prometheus.Registerer) *clockMetrics {
	m := &clockMetrics{
		trusted: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "routerpulse_clock_trusted", Help: "1: samples have the time of the machine's clock; 0: it cannot be believed."}),
		off: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "routerpulse_clock_offset_seconds", Help: "How far a clock that is not believed is from the time that samples get."}),
		steps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "routerpulse_clock_steps_total", Help: "Jumps of the machine's clock by more than 10 minutes, or a stop: believed (that time counts), refused (it cannot be)."},
			[]string{"result"}),
	}
	reg.MustRegister(m.trusted, m.off, m.steps)
	return m
}
