package pipeline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// A check that was silent for all its time asks for the second one at once, while it still runs itself.
func TestSchedulerLetsAJobHurryItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		s := NewScheduler(2, nil, prometheus.NewRegistry(), quiet())
		job := d.job("r1", time.Minute, func(context.Context) error {
			if len(d.of("r1")) == 1 {
				time.Sleep(5 * time.Second)
				s.Hurry("r1", LaneLive, 0)
				synctest.Wait() // the scheduler has seen it, and the run still goes on
			}
			return nil
		})
		s.Add(job)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begin := time.Now()
		s.Run(ctx)
		runs := d.of("r1")
		if len(runs) != 2 || runs[1].at.Sub(begin) != 5*time.Second {
			t.Errorf("runs %+v, want a second one right after the first, which began at %v", runs, begin)
		}
		if n := testutil.ToFloat64(s.metrics.skipped.WithLabelValues("live", "overrun")); n != 0 {
			t.Errorf("%v slots are said to be skipped", n)
		}
	})
}

// Of several reasons to hurry while a run goes on the last one counts: a confirmation keeps its distance.
func TestSchedulerHurriesAsLastTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		s := NewScheduler(2, nil, prometheus.NewRegistry(), quiet())
		s.Add(d.job("r1", time.Minute, func(context.Context) error {
			if len(d.of("r1")) == 1 {
				s.Hurry("r1", LaneLive, 0)
				synctest.Wait()
				s.Hurry("r1", LaneLive, 5*time.Second)
			}
			return errors.New("silence")
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		s.Run(ctx)
		if runs := d.of("r1"); len(runs) != 2 || runs[1].at.Sub(runs[0].at) != 5*time.Second {
			t.Errorf("runs %+v, want two, 5 s apart", runs)
		}
	})
}

func TestSchedulerRemovesWhatHurries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		s := NewScheduler(2, nil, prometheus.NewRegistry(), quiet())
		s.Add(d.job("r1", time.Minute, func(context.Context) error {
			s.Hurry("r1", LaneLive, 0)
			synctest.Wait()
			s.Remove("r1")
			return nil
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		s.Run(ctx)
		if n := len(d.of("r1")); n != 1 || len(s.entries) != 0 {
			t.Errorf("%d runs, %d entries left", n, len(s.entries))
		}
	})
}

func TestSampleTimeFollowsTheWallClock(t *testing.T) {
	slot := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	cases := map[string]struct {
		start time.Time
		late  time.Duration
		want  time.Time
	}{
		"on time":                        {slot.Add(3 * time.Millisecond), 3 * time.Millisecond, slot},
		"late":                           {slot.Add(2 * time.Second), 2 * time.Second, slot.Add(2 * time.Second)},
		"the clock was set back":         {slot.Add(-time.Hour), 0, slot.Add(-time.Hour)},
		"the clock was set forward":      {slot.Add(time.Hour), 0, slot.Add(time.Hour)},
		"the clock was slewed, a little": {slot.Add(-20 * time.Millisecond), 0, slot},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := &run{entry: &entry{Job: Job{Period: 10 * time.Second}}, slot: slot}
			if got := r.sampleTime(c.start, c.late); !got.Equal(c.want) {
				t.Errorf("sample time %v, want %v", got, c.want)
			}
		})
	}
}
