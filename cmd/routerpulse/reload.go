package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"reflect"
	"sync"
	"syscall"
	"time"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// watchPeriod is how often the files are looked at. A change counts when it is still the same a period
// later: who writes a file slowly has not finished.
const watchPeriod = 5 * time.Second

// reloads reads the config again while the program runs: on SIGHUP, on POST /-/reload and when a file
// changes. A config is read and checked whole, and prepared by every part, before any is touched.
type reloads struct {
	app     *app
	pipe    *pipeline.Pipeline
	read    func() (Config, *configs.Files, error)
	level   *slog.LevelVar
	metrics *reloadMetrics
	started Config         // what cannot change while the program runs is as it was then
	hangup  chan os.Signal // SIGHUP
	wake    chan struct{}
	ended   chan struct{}

	mu   sync.Mutex
	next *reload // asked for, and not begun

	// Of the loop:
	files   *configs.Files // the last that were read
	looked  string         // what they were at the last look
	restart []string       // what of the config that counts takes effect after a restart
}

// reload is one run, and what came of it once done is closed.
type reload struct {
	done   chan struct{}
	result reloaded
	err    error
}

// reloaded says what a reload changed.
type reloaded struct {
	Added   int      `json:"devices_added"`
	Changed int      `json:"devices_changed"`
	Removed int      `json:"devices_removed"`
	Restart []string `json:"restart_needed"` // keys that differ from what runs
}

func newReloads(a *app, files *configs.Files, level *slog.LevelVar, read func() (Config, *configs.Files, error)) *reloads {
	r := &reloads{app: a, read: read, level: level, metrics: newReloadMetrics(a.reg), started: a.cfg, files: files,
		hangup: make(chan os.Signal, 1), wake: make(chan struct{}, 1), ended: make(chan struct{})}
	r.metrics.good(files.Sum(), nil)
	return r
}

// hear takes SIGHUP from now on, for the loop that comes later: else it would end the process. The
// function it returns ends that.
func (r *reloads) hear() (stop func()) {
	if r == nil {
		return func() {}
	}
	signal.Notify(r.hangup, syscall.SIGHUP)
	return func() { signal.Stop(r.hangup) }
}

// start begins to listen for reasons to reload. The function it returns waits until that has ended with
// ctx, or ends it.
func (r *reloads) start(ctx context.Context, pipe *pipeline.Pipeline) (stop func()) {
	if r == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	r.pipe = pipe
	r.tell(nil)
	go r.loop(ctx)
	return func() { cancel(); <-r.ended }
}

func (r *reloads) loop(ctx context.Context) {
	defer close(r.ended)
	tick := time.NewTicker(watchPeriod)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.hangup:
			r.ask()
		case <-tick.C:
			if r.changed() {
				r.ask()
			}
		case <-r.wake:
			r.app.life.reload(func() string { r.run(); return r.app.status() })
		}
	}
}

// ask asks for a reload. Who asks while one runs shares the next one.
func (r *reloads) ask() *reload {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = &reload{done: make(chan struct{})}
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
	return r.next
}

// changed reports that files are not what was read, and are so for the second time.
func (r *reloads) changed() bool {
	now, before := r.files.Look(), r.looked
	r.looked = now
	return now != r.files.Sum() && now == before
}

func (r *reloads) run() {
	r.mu.Lock()
	now := r.next
	r.next = nil
	r.mu.Unlock()
	defer close(now.done)
	cfg, files, err := r.read()
	r.files = files
	if err == nil {
		now.result, err = r.apply(cfg)
	}
	if now.err = err; err != nil {
		r.refuse(err)
		return
	}
	r.restart = now.result.Restart
	r.metrics.good(files.Sum(), r.restart)
	r.metrics.reloads.WithLabelValues("applied").Inc()
	r.tell(nil)
	r.app.log.Info("config reloaded", "added", now.result.Added, "changed", now.result.Changed, "removed", now.result.Removed)
	for _, key := range r.restart {
		r.app.log.Warn("a change of the config takes effect after a restart", "key", key)
	}
}

// apply prepares everything, then makes the change. An error says that nothing was changed.
func (r *reloads) apply(cfg Config) (done reloaded, err error) {
	a := r.app
	if err := r.stillSafe(cfg); err != nil {
		return done, err
	}
	stream, err := a.hub.Prepare(cfg.Stream)
	if err != nil {
		return done, err
	}
	devices, err := a.collectors.Prepare(cfg.Collectors)
	if err != nil {
		return done, err
	}
	cfg.Storage.Folder = r.started.dataFolder()
	storage, err := a.sinks.Prepare(cfg.Storage)
	if err != nil {
		return done, err
	}
	stream()
	r.level.Set(cfg.Log.level())
	balanceMemory(len(cfg.Collectors.Devices))
	a.scheduler.Resize(collectors.Workers(len(cfg.Collectors.Devices)))
	a.inventory.apply(cfg.Collectors, devices.Changed)
	if err := devices.Apply(r.forget); err != nil {
		a.log.Warn("a connection to a router did not close in order", "err", err)
	}
	storage.Apply(r.pipe)
	return reloaded{len(devices.Added), len(devices.Changed), len(devices.Removed), r.restartNeeded(cfg)}, nil
}

// forget takes a device out of everything that was told of it.
func (r *reloads) forget(device string, at time.Time) {
	r.pipe.Forget(device, at) // first: the others see what it delivers
	r.app.fleet.Forget(device)
	r.app.hub.Forget(device)
}

// stillSafe checks a config with the address that the program listens on already, which may be another.
func (r *reloads) stillSafe(cfg Config) error {
	cfg.Web = r.started.Web
	var wrong []error
	cfg.Validate(configs.NewReport(func(path, message, hint string) {
		wrong = append(wrong, fmt.Errorf("%s: %s (%s)", path, message, hint))
	}))
	return errors.Join(wrong...)
}

// restartNeeded names the keys that differ from what the program was started with and cannot change.
func (r *reloads) restartNeeded(cfg Config) []string {
	keys := []string{}
	for _, k := range []struct {
		name      string
		was, next any
	}{
		{"web", r.started.Web, cfg.Web}, {"data", r.started.Data, cfg.Data}, {"log.format", r.started.Log.Format, cfg.Log.Format},
	} {
		if !reflect.DeepEqual(k.was, k.next) {
			keys = append(keys, k.name)
		}
	}
	if r.app.sinks.NeedsRestart(cfg.Storage) {
		keys = append(keys, "storage.embedded")
	}
	if r.app.collectors.NeedsRestart(cfg.Collectors) {
		keys = append(keys, "snmp_tables")
	}
	return keys
}
