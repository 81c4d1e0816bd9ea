package reach

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func reads(statuses ...pipeline.TableStatus) []pipeline.TableRead {
	names := []string{"router", "interface", "health"}
	var out []pipeline.TableRead
	for i, s := range statuses {
		r := pipeline.TableRead{Table: &pipeline.Table{Name: names[i]}, Status: s}
		if s == pipeline.Failed {
			r.Reason = "timed out"
		}
		out = append(out, r)
	}
	return out
}

func TestStates(t *testing.T) {
	const whole, failed, skipped = pipeline.Whole, pipeline.Failed, pipeline.Skipped
	silence := fmt.Errorf("udp 10.0.0.1:161: %w", pipeline.ErrNoAnswer)
	refused := fmt.Errorf("api 10.0.0.1:8729: %w", pipeline.ErrRefused)
	type step struct {
		after  time.Duration
		check  bool
		tables []pipeline.TableRead
		err    error
		next   Next
		state  int64
		reason string // contained
	}
	good := func(after time.Duration, state int64) step {
		return step{after: after, tables: reads(whole, whole), state: state}
	}
	cases := map[string][]step{
		"a check makes it online": {{check: true, state: pipeline.StateOnline}},
		"a poll makes it online":  {good(0, pipeline.StateOnline)},
		"a table that the device lacks does not matter": {
			{tables: reads(whole, whole, skipped), state: pipeline.StateOnline}},
		"a failed table degrades, a whole poll mends": {
			{tables: reads(whole, failed), state: pipeline.StateDegraded, reason: "interface: timed out"},
			{after: time.Second, check: true, state: pipeline.StateDegraded, reason: "interface: timed out"},
			good(30*time.Second, pipeline.StateOnline)},
		"a refused protocol degrades": {
			{tables: reads(whole, whole), err: refused, state: pipeline.StateDegraded, reason: "credentials refused"}},
		"two failed checks make it offline, an answer brings it back": {
			good(0, pipeline.StateOnline),
			{after: 60 * time.Second, check: true, err: silence, next: Confirm, state: pipeline.StateOnline},
			{after: 65 * time.Second, check: true, err: silence, state: pipeline.StateOffline, reason: "no answer"},
			{after: 125 * time.Second, check: true, err: silence, state: pipeline.StateOffline, reason: "no answer"},
			{after: 150 * time.Second, check: true, state: pipeline.StateOnline}},
		"one failed check is nothing": {
			good(0, pipeline.StateOnline),
			{after: 60 * time.Second, check: true, err: silence, next: Confirm, state: pipeline.StateOnline},
			{after: 65 * time.Second, check: true, state: pipeline.StateOnline},
			good(70*time.Second, pipeline.StateOnline)},
		"a poll without answer asks for a check at once": {
			good(0, pipeline.StateOnline),
			{after: 30 * time.Second, tables: reads(failed, failed), err: silence, next: CheckNow, state: pipeline.StateOnline},
			{after: 31 * time.Second, check: true, err: silence, next: Confirm, state: pipeline.StateOnline},
			{after: 33 * time.Second, tables: reads(failed, failed), err: silence, state: pipeline.StateOnline},
			{after: 36 * time.Second, check: true, err: silence, state: pipeline.StateOffline}},
		"checks without data are stale": {
			good(0, pipeline.StateOnline),
			{after: 60 * time.Second, check: true, state: pipeline.StateOnline},
			{after: 100 * time.Second, check: true, state: pipeline.StateStale, reason: "no complete data for 1m40s"},
			good(120*time.Second, pipeline.StateOnline)},
		"a degraded device that gives nothing any more is stale": {
			{tables: reads(whole, whole), err: refused, state: pipeline.StateDegraded, reason: "credentials refused"},
			{after: 60 * time.Second, tables: reads(failed, failed), err: silence, next: CheckNow, state: pipeline.StateDegraded},
			{after: 61 * time.Second, check: true, state: pipeline.StateDegraded, reason: "credentials refused"},
			{after: 100 * time.Second, check: true, state: pipeline.StateStale, reason: "no complete data for 1m40s"},
			{after: 120 * time.Second, tables: reads(whole, failed), state: pipeline.StateDegraded, reason: "interface: timed out"}},
		"refused credentials need no second check": {
			{check: true, err: refused, state: pipeline.StateAuthFailed, reason: "credentials refused"},
			{after: time.Minute, check: true, err: silence, state: pipeline.StateOffline},
			{after: 2 * time.Minute, check: true, err: refused, state: pipeline.StateAuthFailed}},
	}
	for name, steps := range cases {
		t.Run(name, func(t *testing.T) {
			m := New("r1", 30*time.Second, start)
			for i, s := range steps {
				var next Next
				if now := start.Add(s.after); s.check {
					next = m.Check(s.err, time.Millisecond, now)
				} else {
					next = m.Poll(s.tables, s.err, now)
				}
				code, reason, _ := m.State()
				if next != s.next || code != s.state || !strings.Contains(reason, s.reason) {
					t.Fatalf("step %d: next %d, state %d, reason %q; want %d, %d, %q", i, next, code, reason, s.next, s.state, s.reason)
				}
			}
		})
	}
}

func TestReasonsAreShort(t *testing.T) {
	m := New("core-1", time.Minute, start)
	cause := errors.New("core-1: SNMP v2c at 10.0.0.1:161: no answer")
	err := errors.Join(cause, cause, fmt.Errorf("core-1 (10.0.0.1:8729): %w", pipeline.ErrRefused))
	m.Check(err, 0, start)
	if _, reason, _ := m.State(); reason != "SNMP v2c at 10.0.0.1:161: no answer; (10.0.0.1:8729): credentials refused" {
		t.Errorf("reason %q", reason)
	}
}

func TestSinceIsWhenTheStateWasEntered(t *testing.T) {
	m := New("r1", time.Minute, start)
	for i := range 5 {
		m.Check(nil, 0, start.Add(time.Duration(i+1)*time.Second))
	}
	if _, _, since := m.State(); !since.Equal(start.Add(time.Second)) {
		t.Errorf("since %v", since)
	}
}

// A machine without a battery enters states in 1970; once its clock is set they are dated by it.
func TestSinceIsCorrectedWithTheClock(t *testing.T) {
	series := pipeline.NewSeries(pipeline.NewSchema().Table("router_status"), "r1", nil)
	since := func(s pipeline.Sample) time.Time {
		return time.UnixMilli(int64(s.Value("since_timestamp_seconds").Float() * 1000)).UTC()
	}
	const wrong = -56 * 365 * 24 * time.Hour
	m := New("r1", time.Minute, start)
	m.Check(nil, 0, start.Add(time.Second))
	for _, step := range []struct{ passed, clock, want time.Duration }{
		{2 * time.Second, wrong, wrong + time.Second}, // nobody knows better
		{time.Minute, 0, time.Second},
		{2 * time.Minute, -20 * time.Second, time.Second}, // the time of a slot is before that of its poll
		{time.Hour, time.Hour, time.Hour + time.Second},
	} {
		now := start.Add(step.passed)
		if got := since(m.Sample(series, now, now.Add(step.clock))); !got.Equal(start.Add(step.want)) {
			t.Errorf("after %v: since %v, want %v", step.passed, got, start.Add(step.want))
		}
	}
	m.Check(errors.New("silence"), 0, start.Add(2*time.Hour))
	m.Check(errors.New("silence"), 0, start.Add(2*time.Hour))
	if got := since(m.Sample(series, start.Add(2*time.Hour), start.Add(2*time.Hour))); !got.Equal(start.Add(2 * time.Hour)) {
		t.Errorf("the next state is since %v", got)
	}
}

func TestFlappingIsShownOnceAMinute(t *testing.T) {
	m := New("r1", time.Minute, start)
	shown, last := 0, int64(pipeline.StateUnknown)
	for i := range 120 { // 10 minutes of a device that comes and goes every 5 s
		now := start.Add(time.Duration(i) * 5 * time.Second)
		if i%2 == 0 {
			m.Check(nil, 0, now)
		} else {
			m.Check(errors.New("gone"), 0, now)
			m.Check(errors.New("gone"), 0, now)
		}
		if code, _, _ := m.State(); code != last {
			shown, last = shown+1, code
		}
	}
	if shown < 7 || shown > 7+10 {
		t.Errorf("%d changes were shown in 10 minutes", shown)
	}
	if _, reason, _ := m.State(); !strings.HasPrefix(reason, "flapping, ") {
		t.Errorf("reason %q does not say that it is flapping", reason)
	}
	now := start.Add(30 * time.Minute)
	m.Check(nil, 0, now)
	m.Poll(reads(pipeline.Whole), nil, now)
	if code, reason, _ := m.State(); code != pipeline.StateOnline || reason != "" {
		t.Errorf("after it has calmed down: %d %q", code, reason)
	}
}

func TestSample(t *testing.T) {
	table := pipeline.NewSchema().Table("router_status")
	series := pipeline.NewSeries(table, "r1", nil)
	m := New("r1", time.Minute, start)
	if s := m.Sample(series, start, start); s.Value("state") != pipeline.EnumValue(pipeline.StateUnknown) || !s.Value("up").IsNone() {
		t.Errorf("before any check: %v", s.Fields)
	}
	m.Check(nil, 20*time.Millisecond, start.Add(time.Second))
	s := m.Sample(series, start.Add(time.Second), start.Add(time.Second))
	want := map[string]pipeline.Value{"state": pipeline.EnumValue(pipeline.StateOnline), "up": pipeline.BoolValue(true), "reason": pipeline.TextValue(""),
		"check_seconds": pipeline.DurationValue(20 * time.Millisecond), "since_timestamp_seconds": pipeline.TimestampValue(start.Add(time.Second))}
	for name, w := range want {
		if got := s.Value(name); got != w {
			t.Errorf("%s = %v, want %v", name, got, w)
		}
	}
}

// While flapping hides that a device is back, it is treated as what it is: a failed check is confirmed
// before it counts, and a poll without an answer asks for one.
func TestFlappingHidesNothingFromTheMachine(t *testing.T) {
	m := New("r1", time.Minute, start)
	now := start
	down := func() { m.Check(errors.New("gone"), 0, now); m.Check(errors.New("gone"), 0, now) }
	for range 4 { // 8 changes at once
		m.Check(nil, 0, now)
		now = now.Add(time.Second)
		down()
		now = now.Add(time.Second)
	}
	now = now.Add(flapPause)
	m.Check(nil, 0, now)
	now = now.Add(flapPause)
	down() // shown at once
	now = now.Add(time.Second)
	m.Check(nil, 0, now)
	if code, _, _ := m.State(); code != pipeline.StateOffline || m.hidden == nil || m.hidden.code != pipeline.StateOnline {
		t.Fatalf("state %d, hidden %+v: the test wants online hidden behind offline", code, m.hidden)
	}
	if next := m.Poll(reads(pipeline.Failed), errors.New("silence"), now); next != CheckNow {
		t.Errorf("after a poll without an answer: %d, want a check at once", next)
	}
	if next := m.Check(errors.New("gone"), 0, now); next != Confirm || m.actual().code != pipeline.StateOnline {
		t.Errorf("after one failed check: %d, state %d, want a confirmation first", next, m.actual().code)
	}
}
