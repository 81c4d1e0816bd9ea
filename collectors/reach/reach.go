// Package reach decides, from checks and polls, whether a device is there: the state machine behind
// router_status. It does no I/O: its owner asks the device and tells it the answer.
package reach

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// The times of the state machine.
const (
	// ConfirmAfter is how long after a failed check the second one follows that makes a device offline.
	ConfirmAfter = 5 * time.Second
	stalePeriods = 3
	flapWindow   = 10 * time.Minute
	flapChanges  = 6
	flapPause    = time.Minute
)

// Next says what the owner has to do after an answer.
type Next uint8

// What to do.
const (
	Wait     Next = iota // nothing until the next slot
	CheckNow             // a live poll got no answer: ask at once whether the device is there
	Confirm              // a check failed: ask again after ConfirmAfter
)

// Monitor is the state of one device. It is safe for concurrent use.
type Monitor struct {
	device     string
	livePeriod time.Duration

	mu      sync.Mutex
	current state  // what is shown
	hidden  *state // what it is, while flapping hides it
	changes []time.Time
	shownAt time.Time
	moved   time.Duration // what the clock was off when the present state was entered
	checked outcome
	failed  int       // checks in a row
	heard   time.Time // last live poll that gave anything
	back    time.Time // first answer since it was away
	partial string    // why the last answered live poll was not whole
}

// state is one row of the state table, entered at since.
type state struct {
	code   int64
	reason string
	since  time.Time
}

// outcome is what the last check said.
type outcome struct {
	done, up bool
	took     time.Duration
}

// New returns a monitor in the state unknown, since now. livePeriod is the period of the live lane.
func New(device string, livePeriod time.Duration, now time.Time) *Monitor {
	return &Monitor{device: device, livePeriod: livePeriod, current: state{pipeline.StateUnknown, "not answered yet", now}}
}

// Check takes the answer of a check. err is nil if the device answered over any protocol.
func (m *Monitor) Check(err error, took time.Duration, now time.Time) Next {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.checked = outcome{done: true, up: err == nil, took: took}
	if err == nil {
		m.failed = 0
		m.answered(now)
		m.enter(m.fromAnswers(now))
		return Wait
	}
	m.failed++
	switch {
	case errors.Is(err, pipeline.ErrRefused):
		m.enter(state{pipeline.StateAuthFailed, m.reasonOf(err), now})
	case m.failed == 1 && m.actual().code != pipeline.StateOffline:
		return Confirm
	default:
		m.enter(state{pipeline.StateOffline, m.reasonOf(err), now})
	}
	return Wait
}

// Poll takes the answer of a live poll: the tables that it asked for and what went wrong.
func (m *Monitor) Poll(tables []pipeline.TableRead, err error, now time.Time) Next {
	m.mu.Lock()
	defer m.mu.Unlock()
	whole, why := m.judge(tables, err)
	if !whole {
		if m.failed > 0 || m.actual().code == pipeline.StateOffline {
			return Wait // being checked already
		}
		return CheckNow
	}
	m.failed = 0
	m.answered(now)
	m.partial, m.heard = why, now
	m.enter(m.fromAnswers(now))
	return Wait
}

// judge tells whether any table was read whole, and what was amiss with the others.
func (m *Monitor) judge(tables []pipeline.TableRead, err error) (whole bool, why string) {
	var failed []string
	for i := range tables {
		switch tables[i].Status {
		case pipeline.Whole:
			whole = true
		case pipeline.Failed:
			failed = append(failed, tables[i].Table.Name+": "+tables[i].Reason)
		}
	}
	why = strings.Join(failed, "; ")
	if why == "" && err != nil {
		why = m.reasonOf(err)
	}
	return whole, why
}

// answered notes a return: from then on the device has its time to give data.
func (m *Monitor) answered(now time.Time) {
	switch m.actual().code {
	case pipeline.StateUnknown, pipeline.StateOffline, pipeline.StateAuthFailed:
		m.back = now
	}
}

// actual is the state that the device is in, shown or not.
func (m *Monitor) actual() state {
	if m.hidden != nil {
		return *m.hidden
	}
	return m.current
}

// fromAnswers is the state of a device that answers. Why its last live poll was not whole matters only
// as long as there are live polls that give anything.
func (m *Monitor) fromAnswers(now time.Time) state {
	last := m.heard
	if last.Before(m.back) {
		last = m.back
	}
	switch {
	case now.Sub(last) > stalePeriods*m.livePeriod:
		return state{pipeline.StateStale, fmt.Sprintf("answers checks, but gave no complete data for %s", now.Sub(last).Round(time.Second)), now}
	case m.partial != "":
		return state{pipeline.StateDegraded, m.partial, now}
	}
	return state{pipeline.StateOnline, "", now}
}

// enter changes the state. A device that changes too often is flapping: its changes are shown at most
// once a minute.
func (m *Monitor) enter(to state) {
	now := to.since
	was := m.actual()
	if to.code == was.code {
		to.since = was.since
	} else {
		m.changes = append(m.changes, now)
	}
	for len(m.changes) > 0 && now.Sub(m.changes[0]) > flapWindow {
		m.changes = m.changes[1:]
	}
	if len(m.changes) > flapChanges {
		to.reason = strings.TrimSuffix(fmt.Sprintf("flapping, %d changes in %d min: %s", len(m.changes), int(flapWindow.Minutes()), to.reason), ": ")
		if to.code != m.current.code && now.Sub(m.shownAt) < flapPause {
			m.hidden = &to
			return
		}
	}
	m.hidden = nil
	if to.code != m.current.code {
		m.shownAt = now
	}
	if to.since != m.current.since {
		m.moved = 0
	}
	m.current = to
}

// reasonOf is an error in one line of reasonable length, without the device's name, which stands beside
// it wherever it is shown.
func (m *Monitor) reasonOf(err error) string {
	var parts []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		line = strings.TrimPrefix(strings.TrimPrefix(line, m.device), ": ")
		if line = strings.TrimSpace(line); !slices.Contains(parts, line) {
			parts = append(parts, line)
		}
	}
	s := strings.Join(parts, "; ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

// clockStep is from when on the clock that states are dated by was wrong, not late.
const clockStep = 10 * time.Minute

// correct dates the present state anew where the clock was wrong when it was entered: a machine without a
// battery begins in 1970. How long ago that is, the monotonic clock knows.
func (m *Monitor) correct(now, at time.Time) {
	is := m.current.since.Round(0).Add(m.moved + now.Sub(m.current.since))
	if off := at.Sub(is); off.Abs() > clockStep {
		m.moved += off
	}
}

// Sample writes the state as the row of router_status. now is the machine's time, at the one that the
// sample will have: they differ where the machine's clock is not believed, or was set.
func (m *Monitor) Sample(series *pipeline.Series, now, at time.Time) pipeline.Sample {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.correct(now, at)
	t := series.Table()
	fields := []pipeline.Field{
		{Def: t.Field("state"), Value: pipeline.EnumValue(m.current.code)},
		{Def: t.Field("reason"), Value: pipeline.TextValue(m.current.reason)},
		{Def: t.Field("since_timestamp_seconds"), Value: pipeline.TimestampValue(m.current.since.Add(m.moved))},
	}
	if m.checked.done {
		fields = append(fields,
			pipeline.Field{Def: t.Field("up"), Value: pipeline.BoolValue(m.checked.up)},
			pipeline.Field{Def: t.Field("check_seconds"), Value: pipeline.DurationValue(m.checked.took)})
	}
	return pipeline.Sample{Series: series, Fields: fields}
}

// State returns the code that is shown, why, and since when.
func (m *Monitor) State() (code int64, reason string, since time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.current.code, m.current.reason, m.current.since
}
