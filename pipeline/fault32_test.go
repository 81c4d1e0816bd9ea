package pipeline_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// start is the true time at which trials begin.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// store is a sink that remembers.
type store struct {
	mu      sync.Mutex
	batches []pipeline.Batch
}

func (s *store) Write(_ context.Context, b pipeline.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, b)
	return nil
}

func (s *store) Close() error { return nil }

func (s *store) all() []pipeline.Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]pipeline.Batch(nil), s.batches...)
}

// machine is a machine's clock, beside the true time, which is that of the bubble moved to start.
type machine struct {
	began time.Time

	mu     sync.Mutex
	off    time.Duration
	stands time.Time // not zero: all that it shows
	synced bool
}

func newMachine(off time.Duration) *machine { return &machine{began: time.Now(), off: off} }

func (m *machine) truth() time.Time { return start.Add(time.Since(m.began)) }

func (m *machine) wall() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.stands.IsZero() {
		return m.stands
	}
	return m.truth().Add(m.off)
}

func (m *machine) isSynced() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.synced
}

// set is what settimeofday does: the kernel forgets that a time server kept the clock.
func (m *machine) set(off time.Duration) { m.change(func() { m.off, m.synced = off, false }) }

// serve is a time server that sets the clock.
func (m *machine) serve() { m.change(func() { m.off, m.synced = 0, true }) }

func (m *machine) freeze() {
	now := m.wall()
	m.change(func() { m.stands = now })
}

func (m *machine) thaw() { m.change(func() { m.stands = time.Time{} }) }

func (m *machine) change(do func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	do()
}

// clockTrial is a small fleet that is polled on a machine whose clock fails.
type clockTrial struct {
	*machine
	clock *pipeline.Clock
	pipe  *pipeline.Pipeline
	sink  *store
	reg   *prometheus.Registry
	polls map[string][]time.Time // when, in truth; of each device
	mu    sync.Mutex
	stop  func()
}

const clockDevices, clockPeriod = 20, 10 * time.Second

func openClockTrial(t *testing.T, m *machine) *clockTrial {
	t.Helper()
	reg, quiet := prometheus.NewRegistry(), slog.New(slog.DiscardHandler)
	c := &clockTrial{machine: m, sink: &store{}, reg: reg, polls: map[string][]time.Time{}}
	c.clock = pipeline.NewClockOf(m.wall, m.isSynced, reg, quiet)
	c.pipe = pipeline.New(nil, []pipeline.NamedSink{{Name: "memory", Sink: c.sink}}, c.clock, reg, quiet)
	c.pipe.Open()
	s := pipeline.NewScheduler(clockDevices, c.clock, reg, quiet)
	table := pipeline.NewSchema().Table("interface")
	for i := range clockDevices {
		device := fmt.Sprintf("r%d", i)
		port := pipeline.NewRows(device, nil).Of(table, []pipeline.RowKey{{Index: "1", Values: []string{"ether1"}}})[0]
		s.Add(pipeline.Job{Device: device, Lane: pipeline.LaneLive, Period: clockPeriod, Deadline: clockPeriod, Run: func(_ context.Context, slot time.Time) error {
			taken := m.truth() // the sample says it
			c.mu.Lock()
			c.polls[device] = append(c.polls[device], taken)
			c.mu.Unlock()
			c.pipe.Publish(pipeline.Batch{Device: device, Lane: pipeline.LaneLive, Time: slot, Tables: []pipeline.TableRead{{Table: table, ReadAt: time.Now(),
				Samples: []pipeline.Sample{{Series: port, Fields: []pipeline.Field{{Def: table.Field("rx_bytes"), Value: pipeline.CounterValue(uint64(taken.UnixMilli()))}}}}}}})
			return nil
		}})
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	c.stop = func() { cancel(); <-done }
	return c
}

// clockOutcome is what came of a trial.
type clockOutcome struct {
	polled, stored, missed, wrongYear int
	misdated                          int // samples further from the truth than allowed
}

func (c *clockTrial) end(t *testing.T, allowed time.Duration) (o clockOutcome) {
	t.Helper()
	c.stop()
	held := c.figure(t, "routerpulse_clock_held_samples") > 0
	if err := c.pipe.Close(t.Context()); (err != nil) != held {
		t.Errorf("held samples %v, closed with %v", held, err)
	}
	for _, polls := range c.polls {
		o.polled += len(polls)
		for i := range polls[1:] {
			gap := polls[i+1].Sub(polls[i])
			o.missed = max(o.missed, int((gap-clockPeriod/2)/clockPeriod))
		}
	}
	for _, b := range c.sink.all() {
		truth := time.UnixMilli(b.Tables[0].Samples[0].Value("rx_bytes").Int())
		o.stored++
		if b.Time.Year() != truth.UTC().Year() {
			o.wrongYear++
		}
		if b.Time.Sub(truth).Abs() > allowed {
			o.misdated++
		}
	}
	if dropped := int(c.figure(t, "routerpulse_clock_dropped_samples_total")); o.stored+dropped != o.polled {
		t.Errorf("%d polled, %d stored, %d counted as dropped", o.polled, o.stored, dropped)
	}
	return o
}

// figure is a metric; of several the one with that label, 0 if there is none yet.
func (c *clockTrial) figure(t *testing.T, name string, label ...string) float64 {
	t.Helper()
	families, err := c.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (len(label) == 0 || hasValue(m, label[0])) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func hasValue(m *dto.Metric, value string) bool {
	for _, l := range m.GetLabel() {
		if l.GetValue() == value {
			return true
		}
	}
	return false
}

func (c *clockTrial) steps(t *testing.T, result string) int {
	t.Helper()
	return int(c.figure(t, "routerpulse_clock_steps_total", result))
}

func after(years int) time.Duration { return start.AddDate(years, 0, 0).Sub(start) }

// A poll's time is its slot, unless it was displaced by a step: then it is when it began.
const clockBlur = clockPeriod

func TestFault32ClockSteps(t *testing.T) {
	total := sinktest.Fault{Row: "32"}
	most := 0
	for name, c := range map[string]struct {
		off     time.Duration // at the start
		fail    func(*clockTrial)
		allowed time.Duration
		lost    bool // what is polled until the end cannot be dated
		steps   [2]int
	}{
		"an hour back, and corrected":      {0, func(c *clockTrial) { c.set(-time.Hour); pass(c, 5*time.Minute); c.serve() }, clockBlur, false, [2]int{0, 0}},
		"an hour ahead, and corrected":     {0, func(c *clockTrial) { c.set(time.Hour); pass(c, 5*time.Minute); c.serve() }, clockBlur, false, [2]int{0, 0}},
		"an hour ahead, and stays":         {0, func(c *clockTrial) { c.set(time.Hour + 7*time.Second); pass(c, 15*time.Minute) }, time.Hour + 2*clockBlur, false, [2]int{1, 0}},
		"an hour back, and stays":          {0, func(c *clockTrial) { c.set(-time.Hour - 7*time.Second); pass(c, 15*time.Minute) }, time.Hour + 2*clockBlur, false, [2]int{1, 0}},
		"2098, and corrected":              {0, func(c *clockTrial) { c.set(after(72)); pass(c, 30*time.Minute); c.serve() }, clockBlur, false, [2]int{0, 1}},
		"1970, and corrected":              {0, func(c *clockTrial) { c.set(after(-56)); pass(c, 30*time.Minute); c.serve() }, clockBlur, false, [2]int{0, 1}},
		"2098, and stays":                  {0, func(c *clockTrial) { c.set(after(72)); pass(c, 30*time.Minute) }, clockBlur, false, [2]int{0, 1}},
		"frozen, and goes on":              {0, func(c *clockTrial) { c.freeze(); pass(c, 25*time.Minute); c.thaw() }, clockBlur, false, [2]int{0, 1}},
		"started in 1970":                  {after(-56), func(c *clockTrial) { pass(c, 3*time.Minute); c.serve() }, clockBlur, false, [2]int{1, 0}},
		"started in 2098":                  {after(72), func(c *clockTrial) { pass(c, 3*time.Minute); c.serve() }, clockBlur, false, [2]int{1, 0}},
		"started in 2098, never corrected": {after(72), func(c *clockTrial) { pass(c, 3*time.Minute) }, clockBlur, true, [2]int{0, 0}},
		"1970, then 2098, then right":      {after(-56), func(c *clockTrial) { pass(c, time.Minute); c.set(after(72)); pass(c, time.Minute); c.serve() }, clockBlur, false, [2]int{1, 0}},
		"a time server sets it by an hour": {-time.Hour - 7*time.Second, func(c *clockTrial) { c.serve(); pass(c, time.Minute) }, time.Hour + 2*clockBlur, false, [2]int{1, 0}},
		"to and fro": {0, func(c *clockTrial) {
			for range 20 {
				c.set(time.Hour)
				pass(c, time.Minute)
				c.set(-time.Hour)
				pass(c, time.Minute)
			}
			c.serve()
		}, clockBlur, false, [2]int{0, 0}},
		"nine minutes": {0, func(c *clockTrial) { c.set(9 * time.Minute); pass(c, 5*time.Minute); c.serve() }, 9*time.Minute + clockBlur, false, [2]int{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				trial := openClockTrial(t, newMachine(c.off))
				pass(trial, 2*time.Minute)
				c.fail(trial)
				pass(trial, 2*time.Minute)
				o := trial.end(t, c.allowed)
				if c.lost != (o.stored == 0) || !c.lost && o.stored != o.polled {
					t.Errorf("%d of %d polls are stored", o.stored, o.polled)
				}
				if o.missed > 1 || o.wrongYear > 0 || o.misdated > 0 || o.polled == 0 {
					t.Errorf("%d polls missed in a row, %d samples of a wrong year, %d at a wrong time", o.missed, o.wrongYear, o.misdated)
				}
				if got := [2]int{trial.steps(t, "believed"), trial.steps(t, "refused")}; got != c.steps {
					t.Errorf("%v steps are believed and refused, want %v", got, c.steps)
				}
				total.Trials++
				total.Wrong += o.wrongYear + o.misdated
				most = max(most, o.missed)
			})
		})
	}
	total.Figures = fmt.Sprintf("at most %d poll of a device missed at a step, 0 samples of a wrong year", most)
	total.Report(t)
}

func pass(c *clockTrial, d time.Duration) { time.Sleep(d); synctest.Wait() }

// While it is open which time is right, sinks get nothing; what is held is bounded and counted.
func TestFault32HeldSamplesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := openClockTrial(t, newMachine(after(72)))
		const room = 50
		c.pipe.HoldAtMost(2 * room) // a batch weighs its sample and itself
		pass(c, 10*time.Minute)
		if n := len(c.sink.all()); n != 0 {
			t.Errorf("%d batches were stored without a clock", n)
		}
		if held := c.figure(t, "routerpulse_clock_held_samples"); held != 2*room {
			t.Errorf("%v held", held)
		}
		if c.figure(t, "routerpulse_clock_trusted") != 0 {
			t.Error("2098 is trusted")
		}
		c.serve()
		pass(c, clockPeriod)
		if c.figure(t, "routerpulse_clock_held_samples") != 0 || c.figure(t, "routerpulse_clock_trusted") != 1 {
			t.Error("the right clock is not trusted")
		}
		o := c.end(t, clockBlur)
		if dropped := int(c.figure(t, "routerpulse_clock_dropped_samples_total")); dropped == 0 || o.stored < room {
			t.Errorf("%d dropped, %d stored", dropped, o.stored)
		}
	})
}
