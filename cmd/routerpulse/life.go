package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
)

// stage is where the program stands between its start and its end.
type stage int32

const (
	starting stage = iota
	running
	stopping
)

// String says it to people.
func (s stage) String() string { return [...]string{"starting", "running", "stopping"}[s] }

// Hearts beat while the program does its work. The scheduler's is a job of its own; the pipeline's is
// any batch that went through all taps, and the fleet's statistics are one every fleetPeriod.
const (
	beatPeriod     = 5 * time.Second
	schedulerQuiet = 6 * beatPeriod
	pipelineQuiet  = 3 * fleetPeriod
)

// laneBeat is the job that shows that the scheduler schedules; it belongs to no device.
const laneBeat = pipeline.Lane("beat")

// life says where the program stands and whether its hearts beat: to systemd, on /-/ready and /-/healthy,
// and as metrics.
type life struct {
	log       *slog.Logger
	began     time.Time // what beats are counted from, on the monotonic clock
	stage     atomic.Int32
	scheduler heart
	pipeline  heart
}

// heart is when a part last showed that it works, after life.began; 0: not yet.
type heart struct{ last atomic.Int64 }

func newLife(reg prometheus.Registerer, log *slog.Logger) *life {
	l := &life{log: log, began: time.Now()}
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "routerpulse_ready",
		Help: "1: everything runs; 0: it starts or stops."}, func() float64 {
		return map[bool]float64{true: 1}[l.at() == running]
	}))
	for part, h := range map[string]*heart{"scheduler": &l.scheduler, "pipeline": &l.pipeline} {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "routerpulse_heartbeat_age_seconds",
			Help: "Since a part last showed that it works.", ConstLabels: prometheus.Labels{"part": part}}, func() float64 {
			return l.quiet(h).Seconds()
		}))
	}
	return l
}

func (l *life) at() stage { return stage(l.stage.Load()) }

// enter goes to the next stage and tells systemd.
func (l *life) enter(s stage, status string) {
	if s == running {
		l.beat(&l.scheduler)
		l.beat(&l.pipeline)
	}
	l.stage.Store(int32(s))
	switch s {
	case starting:
		l.tell("STATUS=" + status)
	case running:
		l.tell(daemon.SdNotifyReady, "STATUS="+status)
	case stopping:
		l.tell(daemon.SdNotifyStopping, "STATUS="+status)
	}
}

// reload tells systemd that the config is read again, for as long as do takes.
func (l *life) reload(do func() (status string)) {
	l.tell(daemon.SdNotifyReloading, daemon.SdNotifyMonotonicUsec(), "STATUS=reading the config again")
	l.tell("STATUS="+do(), daemon.SdNotifyReady)
}

// tell sends lines to systemd, where it waits for them.
func (l *life) tell(lines ...string) {
	if _, err := daemon.SdNotify(false, strings.Join(lines, "\n")); err != nil {
		l.log.Warn("systemd cannot be told how this goes: is NOTIFY_SOCKET a socket that this user may write to?", "err", err)
	}
}

func (l *life) beat(h *heart) { h.last.Store(int64(time.Since(l.began))) }

func (l *life) quiet(h *heart) time.Duration {
	return time.Since(l.began) - time.Duration(h.last.Load())
}

// tap is the pipeline's heart: the last of its taps.
func (l *life) tap(pipeline.Batch) { l.beat(&l.pipeline) }

// job is the scheduler's heart.
func (l *life) job() pipeline.Job {
	return pipeline.Job{Lane: laneBeat, Period: beatPeriod, Deadline: time.Second,
		Run: func(context.Context, time.Time) error { l.beat(&l.scheduler); return nil }}
}

// sick says which heart stands still; "" if all beat. Before everything runs there is none to listen to,
// and at the end they stop.
func (l *life) sick() string {
	if l.at() != running {
		return ""
	}
	if q := l.quiet(&l.scheduler); q > schedulerQuiet {
		return "no poll was scheduled for " + q.Round(time.Second).String()
	}
	if q := l.quiet(&l.pipeline); q > pipelineQuiet {
		return "nothing went through the pipeline for " + q.Round(time.Second).String()
	}
	return ""
}

// watch tells systemd's watchdog that the program lives, until ctx ends; while a heart stands still it
// does not, and the watchdog restarts the program.
func (l *life) watch(ctx context.Context) {
	within, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		l.log.Warn("the watchdog of systemd is not answered: WATCHDOG_USEC or WATCHDOG_PID is no number", "err", err)
	}
	if err != nil || within <= 0 {
		return
	}
	ticker := time.NewTicker(max(within/3, time.Millisecond))
	defer ticker.Stop()
	for said := false; ; {
		switch why := l.sick(); {
		case why == "":
			l.tell(daemon.SdNotifyWatchdog)
			said = false
		case !said:
			l.log.Error("the watchdog is not answered any more, and will restart this program; please report this", "reason", why)
			said = true
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// gate lets requests through once everything runs. Until then it answers for itself whether it is ready.
func (l *life) gate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/-/healthy" || r.URL.Path == "/-/ready" || l.at() != starting:
			next.ServeHTTP(w, r)
		default:
			w.Header().Set("Retry-After", "2")
			http.Error(w, "RouterPulse is starting: it opens what is stored. Try again in a moment.", http.StatusServiceUnavailable)
		}
	})
}

// ready answers 200 while everything runs.
func (l *life) ready(w http.ResponseWriter, r *http.Request) {
	if s := l.at(); s != running {
		w.Header().Set("Retry-After", "2")
		http.Error(w, "RouterPulse is "+s.String()+".", http.StatusServiceUnavailable)
		return
	}
	plain("RouterPulse is ready.\n")(w, r)
}

// healthy answers 200 while every heart beats.
func (l *life) healthy(w http.ResponseWriter, r *http.Request) {
	if why := l.sick(); why != "" {
		http.Error(w, "RouterPulse is not healthy: "+why+". Restart it, and report this, please.", http.StatusServiceUnavailable)
		return
	}
	plain("RouterPulse is healthy.\n")(w, r)
}
