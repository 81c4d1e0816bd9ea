package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// diary notes the runs of jobs.
type diary struct {
	mu   sync.Mutex
	runs map[string][]runNote
}

type runNote struct{ slot, at time.Time }

func (d *diary) note(name string, slot time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.runs == nil {
		d.runs = map[string][]runNote{}
	}
	d.runs[name] = append(d.runs[name], runNote{slot, time.Now()})
}

func (d *diary) of(name string) []runNote {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]runNote(nil), d.runs[name]...)
}

// schedule runs a scheduler inside a bubble for a while.
func schedule(t *testing.T, workers int, length time.Duration, jobs ...Job) *Scheduler {
	t.Helper()
	s := NewScheduler(workers, nil, prometheus.NewRegistry(), quiet())
	for _, j := range jobs {
		s.Add(j)
	}
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	s.Run(ctx)
	return s
}

func (d *diary) job(device string, period time.Duration, run func(ctx context.Context) error) Job {
	return Job{Device: device, Lane: LaneLive, Period: period, Devices: 1000, Deadline: period, Run: func(ctx context.Context, slot time.Time) error {
		d.note(device, slot)
		return run(ctx)
	}}
}

func answers(context.Context) error { return nil }

func TestSchedulerKeepsSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		schedule(t, 4, 5*time.Minute, d.job("r1", 10*time.Second, answers))
		runs := d.of("r1")
		if n := len(runs); n < 29 || n > 31 {
			t.Fatalf("%d runs in 5 minutes of 10 s", n)
		}
		phase := (&entry{Job: Job{Device: "r1", Lane: LaneLive, Period: 10 * time.Second, Devices: 1000}}).phase()
		for i, r := range runs[1:] {
			if off := time.Duration(r.slot.UnixNano()) % (10 * time.Second); off != phase {
				t.Fatalf("run %d: slot %v is not at phase %v", i, r.slot, phase)
			}
			if r.at.Sub(r.slot).Abs() > time.Millisecond {
				t.Fatalf("run %d: slot %v ran at %v", i, r.slot, r.at)
			}
			if gap := r.slot.Sub(runs[i].slot); gap != 10*time.Second && i > 0 || gap < 5*time.Second {
				t.Fatalf("run %d came %v after the last", i, gap)
			}
		}
	})
}

func TestSchedulerSpreadsDevices(t *testing.T) {
	quarters := map[int]int{}
	for i := range 1000 {
		e := &entry{Job: Job{Device: fmt.Sprint("r", i), Lane: LaneLive, Period: time.Minute}}
		quarters[int(e.phase()/(15*time.Second))]++
	}
	for q, n := range quarters {
		if n < 180 || n > 320 {
			t.Errorf("%d of 1000 devices are in quarter %d", n, q)
		}
	}
}

// However large the fleet, not many more than maxTogether devices start at once, and in a small one as many as
// a second has.
func TestPhasesOfAFleet(t *testing.T) {
	const period = 10 * time.Second
	for devices, least := range map[int]int{10: 1, 500: 30, 10_000: 30, 100_000: 30} {
		together := map[time.Duration]int{}
		for i := range devices {
			phase := Phase(fmt.Sprint("r", i), LaneLive, period, devices)
			if off := phase % step(period, devices); off != 0 || phase < 0 || phase >= period {
				t.Fatalf("of %d devices, one has the phase %v", devices, phase)
			}
			if small := Phase(fmt.Sprint("r", i), LaneLive, period, 1); phase.Truncate(maxStep) != small {
				t.Fatalf("of %d devices, one has the phase %v, and alone %v", devices, phase, small)
			}
			together[phase]++
		}
		most := slices.Max(slices.Collect(maps.Values(together)))
		if most < least || most > 2*maxTogether {
			t.Errorf("of %d devices, %d start at once", devices, most)
		}
	}
	if s := step(time.Second, 1); s != 100*time.Millisecond {
		t.Errorf("phases of a period of a second are %v apart", s)
	}
}

func TestSchedulerSkipsOverruns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		job := d.job("slow", 10*time.Second, func(context.Context) error { time.Sleep(25 * time.Second); return nil })
		job.Deadline = time.Minute
		s := schedule(t, 4, 5*time.Minute, job)
		runs := d.of("slow")
		for i, r := range runs[1:] {
			if gap := r.at.Sub(runs[i].at); gap < 25*time.Second {
				t.Errorf("runs %d and %d overlap: %v apart", i, i+1, gap)
			}
		}
		skipped := testutil.ToFloat64(s.metrics.skipped.WithLabelValues("live", "overrun"))
		if int(skipped)+len(runs) < 29 {
			t.Errorf("%d runs and %v skipped slots do not account for 5 minutes", len(runs), skipped)
		}
	})
}

func TestSchedulerBacksOffAndReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		var s *Scheduler
		dead := d.job("dead", 10*time.Second, func(context.Context) error { return errors.New("silence") })
		status := d.job("checked", 10*time.Second, func(context.Context) error { return errors.New("silence") })
		status.Lane = LaneStatus
		s = schedule(t, 4, 20*time.Minute, dead, status)
		if n := len(d.of("dead")); n < 6 || n > 18 {
			t.Errorf("a dead device was polled %d times in 20 minutes of 10 s", n)
		}
		if n := len(d.of("checked")); n < 118 {
			t.Errorf("status backed off: %d checks in 20 minutes of 10 s", n)
		}
		if testutil.ToFloat64(s.metrics.skipped.WithLabelValues("live", "backoff")) < 60 {
			t.Error("skipped slots are not counted")
		}

		e := s.devices["dead"][0]
		if e.resumeAt.IsZero() {
			t.Fatal("not backed off")
		}
		s.Answered("dead")
		if e.failures != 0 || !e.resumeAt.IsZero() {
			t.Error("an answer does not end the back-off")
		}
	})
}

// Dead devices, however many, wait for each other and delay nobody else.
func TestSchedulerKeepsTheBeatBesideDeadDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		var jobs []Job
		for i := range 100 {
			jobs = append(jobs, d.job(fmt.Sprint("dead", i), 10*time.Second, func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			}))
		}
		for i := range 100 {
			jobs = append(jobs, d.job(fmt.Sprint("live", i), 10*time.Second, func(context.Context) error {
				time.Sleep(20 * time.Millisecond)
				return nil
			}))
		}
		schedule(t, 125, 3*time.Minute, jobs...)
		for i := range 100 {
			runs := d.of(fmt.Sprint("live", i))
			if len(runs) < 17 {
				t.Fatalf("live%d ran %d times in 3 minutes of 10 s", i, len(runs))
			}
			for _, r := range runs[2:] { // from when it is known who is dead
				if late := r.at.Sub(r.slot); late > time.Millisecond {
					t.Fatalf("live%d ran %v late", i, late)
				}
			}
		}
	})
}

func TestSchedulerHurries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		s := NewScheduler(2, nil, prometheus.NewRegistry(), quiet())
		s.Add(d.job("r1", time.Minute, answers))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { s.Run(ctx); close(done) }()
		time.Sleep(61 * time.Second)
		before := len(d.of("r1"))
		at := time.Now()
		s.Hurry("r1", LaneLive, 5*time.Second)
		time.Sleep(5*time.Second + time.Millisecond)
		runs := d.of("r1")
		if len(runs) != before+1 || runs[before].at.Sub(at) != 5*time.Second {
			t.Errorf("%d runs, then %d", before, len(runs))
		}
		time.Sleep(90 * time.Second)
		if again := d.of("r1"); len(again) == before+1 {
			t.Error("no run at a slot after a hurried one")
		}
		cancel()
		<-done
	})
}

func TestSchedulerRemoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		s := NewScheduler(2, nil, prometheus.NewRegistry(), quiet())
		s.Add(d.job("stays", 10*time.Second, answers))
		s.Add(d.job("goes", 10*time.Second, answers))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		time.AfterFunc(30*time.Second, func() { s.Remove("goes") })
		s.Run(ctx)
		if n, m := len(d.of("goes")), len(d.of("stays")); n > 4 || m < 6 {
			t.Errorf("the removed device ran %d times, the other %d", n, m)
		}
	})
}

func TestSchedulerSurvivesPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		s := schedule(t, 2, 25*time.Second,
			d.job("bad", 10*time.Second, func(context.Context) error { panic("decoder") }),
			d.job("good", 10*time.Second, answers))
		if n := len(d.of("good")); n < 2 {
			t.Errorf("the other device ran %d times", n)
		}
		if testutil.ToFloat64(s.metrics.panics) < 1 {
			t.Error("the panic is not counted")
		}
	})
}

func TestSchedulerLateRunTakesItsRealStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		hog := d.job("hog", time.Hour, func(context.Context) error { time.Sleep(9 * time.Second); return nil })
		schedule(t, 1, 9500*time.Millisecond, hog, d.job("late", 20*time.Second, answers))
		runs := d.of("late")
		if len(runs) != 1 || !runs[0].slot.Equal(runs[0].at.Truncate(time.Millisecond)) {
			t.Errorf("runs: %+v", runs)
		}
	})
}

func TestSchedulerStopsRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		var d diary
		schedule(t, 1, time.Second, d.job("r1", time.Minute, func(ctx context.Context) error {
			<-ctx.Done()
			ended = true
			return ctx.Err()
		}))
		if !ended {
			t.Error("Run returned before the job did")
		}
	})
}
