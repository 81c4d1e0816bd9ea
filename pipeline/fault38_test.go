package pipeline_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// slots are the runs of jobs that stay.
type slots struct {
	mu   sync.Mutex
	runs map[string][]time.Time
}

func (s *slots) job(device string, period time.Duration) pipeline.Job {
	return pipeline.Job{Device: device, Lane: pipeline.LaneLive, Period: period, Deadline: period, Run: func(_ context.Context, slot time.Time) error {
		s.mu.Lock()
		s.runs[device] = append(s.runs[device], slot)
		s.mu.Unlock()
		time.Sleep(period / 10)
		return nil
	}}
}

// crowd are the jobs of a device that comes and goes: one that answers, soon or late, or is silent.
func crowd(rnd *rand.Rand, device string) (jobs []pipeline.Job) {
	period := time.Duration(10+rnd.IntN(20)) * time.Second
	takes, silent := time.Duration(rnd.IntN(300))*time.Millisecond, rnd.IntN(3) == 0
	if rnd.IntN(10) == 0 {
		takes += 3 * time.Second
	}
	for _, lane := range []pipeline.Lane{pipeline.LaneStatus, pipeline.LaneLive} {
		jobs = append(jobs, pipeline.Job{Device: device, Lane: lane, Period: period, Deadline: 5 * time.Second, Run: func(ctx context.Context, _ time.Time) error {
			answered := time.After(takes)
			if silent {
				answered = nil
			}
			select {
			case <-answered:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}})
	}
	return jobs
}

// Fault 38, the part of the scheduler, in virtual time, where no load hides or makes anything: devices come,
// go and are replaced 1,000 times, while the number of workers changes; those that stay miss no slot.
func TestFault38SchedulerKeepsWhoStays(t *testing.T) {
	const steady, others, period = 8, 240, 2 * time.Second // and the workers of such a fleet
	fault := sinktest.Fault{Row: "38", Trials: 1000}
	polls := 0
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(38, 2))
		s := pipeline.NewScheduler(64, nil, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
		kept := &slots{runs: map[string][]time.Time{}}
		for i := range steady {
			s.Add(kept.job(fmt.Sprintf("steady-%d", i), period))
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.Run(ctx) }()
		time.Sleep(3 * period) // the first run of a job is not at a slot
		kept.mu.Lock()
		for device := range kept.runs {
			kept.runs[device] = kept.runs[device][1:]
		}
		kept.mu.Unlock()
		began := time.Now()
		for range fault.Trials {
			time.Sleep(time.Duration(rnd.Int64N(int64(time.Second))))
			s.Resize(64 + rnd.IntN(64))
			changed := rnd.IntN(8)
			if rnd.IntN(20) == 0 {
				changed = others // their credentials, say
			}
			for range changed {
				device := fmt.Sprintf("other-%d", rnd.IntN(others))
				s.Remove(device)
				if rnd.IntN(4) > 0 {
					for _, j := range crowd(rnd, device) {
						s.Add(j)
					}
				}
				s.Answered(fmt.Sprintf("other-%d", rnd.IntN(others)))
				s.Hurry(fmt.Sprintf("other-%d", rnd.IntN(others)), pipeline.LaneStatus, time.Duration(rnd.IntN(1000))*time.Millisecond)
			}
		}
		lasted := time.Since(began)
		cancel()
		<-done
		for device, runs := range kept.runs {
			polls += len(runs)
			for i := range runs[1:] {
				if gap := runs[i+1].Sub(runs[i]); gap != period {
					fault.Lost += max(1, int(gap/period)-1)
					t.Errorf("%s: %v after %v", device, gap, runs[i])
				}
			}
			if want := int(lasted / period); len(runs) < want {
				t.Errorf("%s: %d runs in %v", device, len(runs), lasted)
			}
		}
	})
	fault.Figures = fmt.Sprintf("scheduler alone, in virtual time: %d changes of the fleet, %d slots of %d devices that stay, %d missed", fault.Trials, polls, steady, fault.Lost)
	fault.Report(t)
}
