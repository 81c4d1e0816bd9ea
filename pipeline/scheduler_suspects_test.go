package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// share notes how many runs of a kind go on at once.
type share struct {
	mu        sync.Mutex
	now, most int
}

func (s *share) during(run func()) {
	s.mu.Lock()
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	run()
	s.mu.Lock()
	s.now--
	s.mu.Unlock()
}

func (s *share) restart() {
	s.mu.Lock()
	s.most = s.now
	s.mu.Unlock()
}

// Devices that answer their checks and hang on their tables, enough to fill the healthy workers, do so
// at the cost of the suspects.
func TestSchedulerKeepsTheBeatBesideHangingDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		var hanging share
		s := NewScheduler(100, nil, prometheus.NewRegistry(), quiet())
		const period = 10 * time.Second
		for i := range 140 {
			name := fmt.Sprint("hangs", i)
			s.Add(d.job(name, period, func(ctx context.Context) error {
				hanging.during(func() { time.Sleep(9 * time.Second) })
				return nil // some of its tables were answered
			}))
			check := d.job("check of "+name, period, func(context.Context) error { s.Answered(name); return nil })
			check.Device, check.Lane = name, LaneStatus
			s.Add(check)
		}
		for i := range 860 {
			s.Add(d.job(fmt.Sprint("live", i), period, func(context.Context) error { time.Sleep(20 * time.Millisecond); return nil }))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		time.AfterFunc(30*time.Second, hanging.restart) // by then it is known who hangs
		s.Run(ctx)
		var worst time.Duration
		for i := range 860 {
			runs := d.of(fmt.Sprint("live", i))
			if len(runs) < 17 {
				t.Fatalf("live%d ran %d times in 3 minutes of 10 s", i, len(runs))
			}
			for _, r := range runs {
				if r.slot.After(runs[0].slot.Add(30 * time.Second)) {
					worst = max(worst, r.at.Sub(r.slot))
				}
			}
		}
		if worst > time.Millisecond || hanging.most > 20 {
			t.Errorf("a live device ran %v late; %d of 100 workers were held at once", worst, hanging.most)
		}
		t.Logf("140 of 1000 devices hang: the others were at most %v late, %d of 100 workers were held", worst, hanging.most)
	})
}

// Among suspects, checks go first, then what has answered since, then the rest.
func TestSchedulerRanksWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		s := NewScheduler(5, nil, prometheus.NewRegistry(), quiet()) // one of them for suspects
		const period = 10 * time.Second
		silent := func(ctx context.Context) error { time.Sleep(3 * time.Second); return errors.New("silence") }
		for i := range 6 {
			s.Add(d.job(fmt.Sprint("dead", i), period, silent))
			check := d.job(fmt.Sprint("check", i), period, silent)
			check.Device, check.Lane = fmt.Sprint("dead", i), LaneStatus
			s.Add(check)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		time.AfterFunc(9*time.Minute, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.suspects.busy != 1 {
				t.Errorf("%d suspects run at once, want 1", s.suspects.busy)
			}
			if n := testutil.ToFloat64(s.metrics.busy.WithLabelValues("suspects")); n != 1 {
				t.Errorf("the gauge says %v", n)
			}
		})
		s.Run(ctx)
		checks, polls := 0, 0
		for i := range 6 {
			checks += len(d.of(fmt.Sprint("check", i)))
			polls += len(d.of(fmt.Sprint("dead", i)))
		}
		// 6 checks of 3 s every 10 s want more than the one worker there is: polls get what they had
		// before it was known, and next to nothing later.
		if checks < 180 || polls > 30 {
			t.Errorf("%d checks and %d polls of dead devices in 10 minutes", checks, polls)
		}
	})
}

// A device that answers a check while its poll waits behind those of dead ones overtakes them.
func TestSchedulerPromotesWhatAnswers(t *testing.T) {
	s := NewScheduler(5, nil, prometheus.NewRegistry(), quiet())
	var waiting []*run
	for i := range 3 {
		e := &entry{Job: Job{Device: fmt.Sprint("r", i), Lane: LaneLive}, busy: true, failures: 3}
		s.devices[e.Device] = []*entry{e}
		waiting = append(waiting, &run{entry: e, pool: &s.suspects})
	}
	s.suspects.waiting[rankFailing] = append(s.suspects.waiting[rankFailing], waiting...)
	s.Answered("r2")
	for i, want := range []*run{waiting[2], waiting[0], waiting[1], nil} {
		if got := s.suspects.next(); got != want {
			t.Errorf("place %d: %+v", i, got)
		}
	}
}
