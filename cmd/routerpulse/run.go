package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	promcollectors "github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks"
	"github.com/routerpulse/routerpulse/sse"
	"github.com/routerpulse/routerpulse/web"
)

// app is the program: every part, built and wired, in one place.
type app struct {
	cfg        Config
	log        *slog.Logger
	life       *life
	reg        *prometheus.Registry
	perDevice  *prometheus.Registry // metrics of which each device has its own; reg's are few
	clock      *pipeline.Clock
	schema     *pipeline.Schema
	sinks      *sinks.Sinks
	stored     []pipeline.NamedSink // those of sinks, as the pipeline sees them
	hub        *sse.Hub
	fleet      *pipeline.Fleet
	collectors *collectors.Collectors
	scheduler  *pipeline.Scheduler
	inventory  *inventory
	web        *web.Web
	listener   net.Listener
	reloads    *reloads // nil: the config is what it was at the start

	healthParts map[string]map[string]any // that publishHealth told last
}

// How long each step of the end may take: together under nine of the ten seconds that are promised, and
// hardly ever one. What a first round of polls makes of series is what the first step is long for.
const (
	drainTime = 6000 * time.Millisecond
	byeTime   = 1000 * time.Millisecond
	sinkTime  = 1200 * time.Millisecond
)

// fleetPeriod is how often the fleet's statistics are taken.
const fleetPeriod = 30 * time.Second

// fleetSettles is when they are taken for the second time: the first ones know no rates yet.
const fleetSettles = 10 * time.Second

// laneFleet is the job of the fleet's statistics; it belongs to no device.
const laneFleet = pipeline.Lane("fleet")

// build makes every part. It touches neither disk nor network.
func build(cfg Config, reg *prometheus.Registry, log *slog.Logger) (*app, error) {
	a := &app{cfg: cfg, log: log, reg: reg, life: newLife(reg, log), perDevice: prometheus.NewRegistry(), schema: cfg.Collectors.Schema(),
		clock: pipeline.NewClock(reg, log)}
	cfg.Storage.Folder = cfg.dataFolder()
	var err error
	if a.sinks, err = sinks.New(cfg.Storage, a.schema, reg, log); err != nil {
		return nil, err
	}
	a.stored = a.sinks.Named()
	if a.hub, err = sse.New(cfg.Stream, a.schema, reg, log); err != nil {
		return nil, err
	}
	if a.collectors, err = collectors.New(cfg.Collectors, a.schema, reg, log); err != nil {
		return nil, err
	}
	a.fleet = pipeline.NewFleet(a.schema)
	a.perDevice.MustRegister(a.collectors.DeviceMetrics())
	a.inventory = newInventory(cfg.Collectors, a.collectors.Sources)
	reg.MustRegister(a.inventory.metrics(a.schema.Table("router_status").Field("state").Names()))
	if a.web, err = web.New(cfg.Web, a.inventory, rights{a.hub.Access()}, log); err != nil {
		return nil, err
	}
	a.scheduler = pipeline.NewScheduler(collectors.Workers(len(cfg.Collectors.Devices)), a.clock, reg, log)
	reg.MustRegister(promcollectors.NewGoCollector(), promcollectors.NewProcessCollector(promcollectors.ProcessCollectorOpts{}), buildInfo())
	return a, nil
}

func buildInfo() prometheus.Collector {
	v := readVersion()
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "routerpulse_build_info", Help: "What this program was built from.",
		ConstLabels: prometheus.Labels{"version": v.Version, "revision": v.Revision, "goversion": v.Go}})
	g.Set(1)
	return g
}

func (a *app) sinkNames() string {
	var names []string
	for _, s := range a.sinks.Named() {
		names = append(names, s.Name)
	}
	if len(names) == 0 {
		return "nothing: only what is now is shown"
	}
	return strings.Join(names, ", ")
}

// pageURL is where the page is, once the program listens.
func (a *app) pageURL() string {
	return "http://" + a.listener.Addr().String() + a.cfg.Web.Prefix + "/"
}

// status says to systemd what the program does.
func (a *app) status() string {
	return fmt.Sprintf("polling %d devices; the page is at %s", len(a.inventory.Devices()), a.pageURL())
}

// run opens everything, from the sinks backwards, serves until ctx ends, and stops from the sources
// forwards. ready is called once everything runs.
func (a *app) run(ctx context.Context, ready func()) (err error) {
	defer a.reloads.hear()()
	unlock, err := lockFolder(a.cfg.dataFolder())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	var listen net.ListenConfig
	if a.listener, err = listen.Listen(ctx, "tcp", a.cfg.Web.Listen); err != nil {
		return fmt.Errorf("%w: is it running already? choose another address with --listen (port 0 takes a free one)", err)
	}
	entrance := a.guard(a.listener)
	server := entrance.Server(a.routes(), a.log)
	served := make(chan error, 1)
	go func() { served <- server.Serve(entrance) }() // it says that it is not ready
	a.life.enter(starting, "opening what is stored")
	if opened, err := a.openSinks(ctx); !opened {
		return errors.Join(err, server.Close())
	}
	a.restoreStream()
	pipe := pipeline.New([]pipeline.Tap{a.hub.Publish, a.fleet.Tap, a.inventory.Tap, a.life.tap}, a.stored, a.clock, a.reg, a.log)
	pipe.Open()
	polling := a.startPolling(ctx, pipe) // every device has its row before the first subscriber comes
	a.hub.Open()
	reloading := a.reloads.start(ctx, pipe)
	a.life.enter(running, a.status())
	ready()
	watching := a.watch()
	select {
	case <-ctx.Done():
		a.log.Info("stopping")
	case err = <-served:
		err = fmt.Errorf("web server: %w", err)
	}
	a.life.enter(stopping, "writing what was polled")
	reloading()
	polling()
	err = errors.Join(err, a.stop(pipe, server))
	watching()
	return err
}

// openPatience is how long a stop waits for what is still being opened. Nothing was polled yet: it is
// safe to go without it.
const openPatience = 2 * time.Second

// openSinks opens all sinks. That takes long where much was written since the last start, and cannot be
// broken off: if ctx ends meanwhile, opened is false and the process is to end as it is.
func (a *app) openSinks(ctx context.Context) (opened bool, err error) {
	done := make(chan error, 1)
	go func() { done <- a.sinks.Open() }()
	select {
	case err := <-done:
		return err == nil, err
	case <-ctx.Done():
	}
	a.life.enter(stopping, "it was still starting")
	select {
	case err := <-done:
		if err == nil {
			err = a.closeSinks()
		}
		return false, err
	case <-time.After(openPatience):
		go func() { // for as long as the process still lives
			if <-done == nil {
				_ = a.closeSinks()
			}
		}()
		a.log.Info("stopped while what is stored was still being opened: nothing is lost, the next start does it")
		return false, nil
	}
}

func (a *app) closeSinks() error {
	ctx, cancel := context.WithTimeout(context.Background(), sinkTime)
	defer cancel()
	return a.sinks.Close(ctx)
}

// watch answers the watchdog. The function it returns ends it and waits for that.
func (a *app) watch() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); a.life.watch(ctx) }()
	return func() { cancel(); <-done }
}

// restoreStream lets the stream go on where the last run ended.
func (a *app) restoreStream() {
	folder := a.cfg.dataFolder()
	if folder == "" {
		return
	}
	if err := a.hub.Restore(filepath.Join(folder, "stream")); err != nil {
		a.log.Warn("the stream keeps nothing over a restart: pages will fill as routers answer, and clients that are away miss events", "err", err)
	}
}

// startPolling runs the scheduler. The function it returns ends it and waits for its polls.
func (a *app) startPolling(ctx context.Context, pipe *pipeline.Pipeline) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	a.collectors.Start(a.scheduler, pipe.Publish)
	again := sync.OnceFunc(func() { a.scheduler.Hurry("", laneFleet, fleetSettles) })
	a.scheduler.Add(pipeline.Job{Lane: laneFleet, Period: fleetPeriod, Deadline: time.Second,
		Run: func(_ context.Context, slot time.Time) error { pipe.Publish(a.fleet.Batch(slot)); again(); return nil }})
	a.scheduler.Add(pipeline.Job{Lane: "health", Period: healthPeriod, Deadline: time.Second, Run: a.publishHealth})
	a.scheduler.Add(a.life.job())
	done := make(chan struct{})
	go func() { defer close(done); a.scheduler.Run(ctx) }()
	return func() { cancel(); <-done }
}

// stop ends the parts in the order that data flows, each within its time.
func (a *app) stop(pipe *pipeline.Pipeline, server *http.Server) error {
	var errs []error
	within := func(limit time.Duration, end func(context.Context) error) {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		errs = append(errs, end(ctx))
	}
	errs = append(errs, a.collectors.Close())
	within(drainTime, pipe.Close)
	within(byeTime, a.hub.Close)
	within(byeTime/2, func(ctx context.Context) error {
		if server.Shutdown(ctx) == nil {
			return nil
		}
		return server.Close() // connections that did not end in time
	})
	errs = append(errs, a.closeSinks())
	err := errors.Join(errs...)
	if err == nil {
		a.log.Info("stopped")
	}
	return err
}
