// Package collectors turns the devices of the config into jobs: what to ask which router, over which
// protocols, and what its answers say about its state.
package collectors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/collectors/reach"
	"github.com/routerpulse/routerpulse/collectors/routeros"
	"github.com/routerpulse/routerpulse/collectors/snmp"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// Scheduler is what jobs need of the one that runs them.
type Scheduler interface {
	Add(job pipeline.Job)
	Remove(device string)
	Answered(device string)
	Hurry(device string, lane pipeline.Lane, after time.Duration)
	Now() time.Time // that samples of now have
}

// Collectors is every configured device, ready to be polled.
type Collectors struct {
	schema    *pipeline.Schema
	log       *slog.Logger
	metrics   *metrics
	custom    []snmp.CustomTable // they are compiled into the engine, once
	catalogue *catalogue
	snmp      *snmp.Engine
	routeros  *routeros.Shared
	sched     Scheduler // from Start on
	publish   func(pipeline.Batch)

	mu      sync.RWMutex // of what Apply changes
	devices []*polled
	byName  map[string]*polled
}

// polled is a device with its state and where its batches go.
type polled struct {
	*Collectors
	config  DeviceConfig
	from    settings
	device  *Device
	monitor *reach.Monitor
	status  *pipeline.Series

	life    sync.RWMutex // held for reading while something is published
	retired bool         // another config has taken its place: nothing more is published

	told      sync.Mutex // one status at a time: checks and polls both publish it
	toldAt    time.Time  // the time of the last
	toldState int64      // the code that was last logged

	up       atomic.Int32 // what the last check said: 0 (none yet), isUp or isDown
	lastGood atomic.Int64 // Unix milliseconds of the last complete live data
}

// pollLanes are the lanes that read tables, the most urgent first.
func pollLanes() []pipeline.Lane {
	return []pipeline.Lane{pipeline.LaneLive, pipeline.LaneSessions, pipeline.LaneSlow}
}

// maxAPIConnections bounds the kept connections of the RouterOS API, one for each router.
const maxAPIConnections = 4000

// New builds the devices of a valid config. It touches no network.
func New(cfg Config, schema *pipeline.Schema, reg prometheus.Registerer, log *slog.Logger) (*Collectors, error) {
	c := &Collectors{schema: schema, log: log, metrics: newMetrics(reg), custom: cfg.SNMPTables, catalogue: newCatalogue(schema, cfg.SNMPTables)}
	var err error
	if c.snmp, err = snmp.NewEngine(schema, min(Workers(len(cfg.Devices)), idleSessions), reg, cfg.SNMPTables...); err != nil {
		return nil, err
	}
	if c.routeros, err = routeros.NewShared(schema, maxAPIConnections, reg); err != nil {
		return nil, err
	}
	change, err := c.Prepare(cfg)
	if err != nil {
		return nil, err
	}
	c.devices, c.byName = change.devices, change.byName()
	return c, nil
}

// Workers is how many polls may run at a time for a number of devices: enough that a fifth of them
// may be silent, each for seconds, while the others keep their slots.
func Workers(devices int) int { return min(max(64, devices/4), 512) }

// Files is how many files polls of a number of devices may have open at a time: a socket for each that is under
// way, and for each router a connection for polls and one that listens.
func Files(devices int) int { return Workers(devices) + 2*min(devices, maxAPIConnections) }

// idleSessions are the SNMP sessions, each with its buffers, that are kept while nobody uses them: what
// polls need at a time that are answered. More are made for a burst of silent devices, and dropped.
const idleSessions = 256

// builder holds what devices share while they are built.
type builder struct {
	*Collectors
	credentials map[string]credential
	planner     *planner
}

func newBuilder(c *Collectors, cfg *Config) *builder {
	b := &builder{Collectors: c, credentials: map[string]credential{}, planner: newPlanner(c.catalogue, cfg.Tables)}
	for _, cred := range cfg.Credentials {
		b.credentials[cred.Name] = credential{cred, configs.SumFiles(cred.files()...)}
	}
	return b
}

func (b *builder) polled(from settings) (*polled, error) {
	cfg := from.Device
	rows := pipeline.NewLimitedRows(cfg.Name, cfg.tags(), cfg.Limits.RowsPerTable)
	device, err := b.device(cfg, rows)
	if err != nil {
		return nil, err
	}
	return &polled{
		Collectors: b.Collectors, config: cfg, from: from, device: device,
		monitor: reach.New(cfg.Name, device.plan.pace(pipeline.LaneLive, cfg.Lanes.Live.Std()), time.Now()),
		status:  rows.One(b.schema.Table("router_status")),
	}, nil
}

func (b *builder) device(cfg DeviceConfig, rows *pipeline.Rows) (*Device, error) {
	d := &Device{name: cfg.Name, log: b.log, metrics: b.metrics, rowLimit: cfg.Limits.RowsPerTable}
	var protocols []string
	for _, name := range cfg.Credentials {
		cred := b.credentials[name].Credential
		if cred.SNMP != nil {
			c, err := b.snmp.New(cfg.target(cred.SNMP), rows)
			if err != nil {
				return nil, err
			}
			d.snmp = c
			protocols = append(protocols, sourceSNMP)
		}
		if cred.RouterOS != nil {
			target := routeros.Target{Device: cfg.Name, Address: cfg.Address, Port: cfg.RouterOS.Port, Credential: *cred.RouterOS}
			c, err := routeros.New(target, rows, b.routeros)
			if err != nil {
				return nil, err
			}
			d.api, d.keeps = c, c
			if cfg.RouterOS.listens(cred.RouterOS) {
				d.listen = c.Listen
			}
			protocols = append(protocols, sourceAPI)
		}
	}
	slices.Sort(protocols)
	d.plan = b.planner.of(protocols, cfg.Tables)
	return d, nil
}

// Start shows every device in the state unknown and schedules its jobs, status first.
func (c *Collectors) Start(sched Scheduler, publish func(pipeline.Batch)) {
	c.sched, c.publish = sched, publish
	c.begin(c.all())
}

func (c *Collectors) begin(devices []*polled) {
	for _, d := range devices {
		d.publishStatus(d.sched.Now())
		d.listen()
	}
	fleet := len(c.all())
	for _, lane := range append([]pipeline.Lane{pipeline.LaneStatus}, pollLanes()...) {
		for _, d := range devices {
			if job, ok := d.job(lane); ok {
				job.Devices = fleet
				c.sched.Add(job)
			}
		}
	}
}

// all are the devices of now.
func (c *Collectors) all() []*polled {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.devices
}

func (d *polled) isRetired() bool {
	d.life.RLock()
	defer d.life.RUnlock()
	return d.retired
}

// tell publishes a batch, unless the device is no longer configured like this.
func (d *polled) tell(b pipeline.Batch) {
	d.life.RLock()
	defer d.life.RUnlock()
	if !d.retired {
		d.publish(b)
	}
}

// listen brings polls forward when the router says that something has changed.
func (d *polled) listen() {
	if d.device.listen != nil {
		d.device.listen(func(lane pipeline.Lane) { d.sched.Hurry(d.config.Name, lane, 0) })
	}
}

// Close ends every connection. The jobs must have ended.
func (c *Collectors) Close() error {
	var errs []error
	for _, d := range c.all() {
		errs = append(errs, d.device.Close())
	}
	return errors.Join(errs...)
}

// The most that one check and one poll may take; a poll also ends well before its next slot.
const (
	checkDeadline = 5 * time.Second
	pollDeadline  = 30 * time.Second
)

func (d *polled) job(lane pipeline.Lane) (pipeline.Job, bool) {
	j := pipeline.Job{Device: d.config.Name, Lane: lane}
	switch lane {
	case pipeline.LaneStatus:
		j.Period, j.Run = d.config.Lanes.Status.Std(), d.check
	case pipeline.LaneLive:
		j.Period, j.Run = d.config.Lanes.Live.Std(), d.poll
	case pipeline.LaneSessions:
		j.Period, j.Run = d.config.Lanes.Sessions.Std(), d.collector(lane)
	case pipeline.LaneSlow:
		j.Period, j.Run = d.config.Lanes.Slow.Std(), d.collector(lane)
	}
	j.Deadline = min(j.Period*9/10, pollDeadline)
	if lane == pipeline.LaneStatus {
		j.Deadline = min(j.Period/2, checkDeadline)
	}
	return j, lane == pipeline.LaneStatus || d.device.plan.has(lane)
}

// check is one run of the status lane.
func (d *polled) check(ctx context.Context, slot time.Time) error {
	begin := time.Now()
	err := d.device.Check(ctx)
	if ctx.Err() == context.Canceled {
		return err // we are stopping: this says nothing about the device
	}
	before, _, _ := d.monitor.State()
	next := d.monitor.Check(err, time.Since(begin), time.Now())
	d.publishStatus(slot)
	d.up.Store(map[bool]int32{true: isUp, false: isDown}[err == nil])
	d.follow(next, begin)
	if err == nil {
		d.sched.Answered(d.config.Name)
	}
	if err == nil && before == pipeline.StateOffline {
		d.sched.Hurry(d.config.Name, pipeline.LaneLive, 0) // show what it says as soon as it is back
	}
	return err
}

// poll is one run of the live lane.
func (d *polled) poll(ctx context.Context, slot time.Time) error {
	b, err := d.collect(ctx, pipeline.LaneLive, slot)
	if ctx.Err() == context.Canceled || isIdle(b, err) {
		return err
	}
	before, _, _ := d.monitor.State()
	next := d.monitor.Poll(b.Tables, err, time.Now())
	if after, _, _ := d.monitor.State(); after != before {
		d.publishStatus(d.sched.Now())
	}
	if !answered(b) {
		d.follow(next, time.Now())
		return err
	}
	if err == nil {
		d.lastGood.Store(time.Now().UnixMilli())
	}
	return nil
}

// collector is the job of a lane that says nothing about the device's state.
func (d *polled) collector(lane pipeline.Lane) func(context.Context, time.Time) error {
	return func(ctx context.Context, slot time.Time) error {
		b, err := d.collect(ctx, lane, slot)
		if answered(b) {
			return nil
		}
		return err
	}
}

func (d *polled) collect(ctx context.Context, lane pipeline.Lane, slot time.Time) (pipeline.Batch, error) {
	b, err := d.device.Collect(ctx, lane)
	b.Time = slot
	if ctx.Err() != context.Canceled && !isIdle(b, err) {
		d.tell(b)
	}
	return b, err
}

// isIdle reports that the time of no table had come.
func isIdle(b pipeline.Batch, err error) bool { return len(b.Tables) == 0 && err == nil }

// answered reports that the device said anything useful.
func answered(b pipeline.Batch) bool {
	for i := range b.Tables {
		if b.Tables[i].Status != pipeline.Failed {
			return true
		}
	}
	return false
}

// follow does what the monitor asks for. Checks are ConfirmAfter apart from start to start: a check
// that waits for silence takes seconds itself.
func (d *polled) follow(next reach.Next, begin time.Time) {
	switch next {
	case reach.CheckNow:
		d.sched.Hurry(d.config.Name, pipeline.LaneStatus, 0)
	case reach.Confirm:
		d.sched.Hurry(d.config.Name, pipeline.LaneStatus, max(0, reach.ConfirmAfter-time.Since(begin)))
	}
}

// publishStatus says what the state is. A check began at its slot, and a poll may have changed the state
// since: a store would refuse the same or an earlier time, and go on showing what was before. So the
// times increase, unless the clock was set back.
func (d *polled) publishStatus(at time.Time) {
	d.told.Lock()
	defer d.told.Unlock()
	at = at.Truncate(time.Millisecond)
	if d.isRetired() {
		return // that it was closed says nothing about the router
	}
	at = later(at, d.toldAt)
	d.toldAt = at
	table := d.status.Table()
	d.logChange()
	d.tell(pipeline.Batch{Device: d.config.Name, Lane: pipeline.LaneStatus, Time: at, Tables: []pipeline.TableRead{
		{Table: table, ReadAt: at, Samples: []pipeline.Sample{d.monitor.Sample(d.status, time.Now(), at)}}}})
}

// logChange writes a line when the state that is shown is another one than before.
func (d *polled) logChange() {
	code, reason, _ := d.monitor.State()
	was := d.toldState
	if d.toldState = code; code == was {
		return
	}
	name := d.status.Table().Field("state").NameOf
	level := slog.LevelInfo
	if code != pipeline.StateOnline {
		level = slog.LevelWarn
	}
	d.log.Log(context.Background(), level, "router changed state", "device", d.config.Name, "from", name(was), "to", name(code), "reason", reason)
}

// Check asks a device once, outside the schedule, whether it is there; see Device.Check.
func (c *Collectors) Check(ctx context.Context, device string) error {
	for _, d := range c.all() {
		if d.config.Name == device {
			return d.device.Check(ctx)
		}
	}
	return fmt.Errorf("there is no device %q", device)
}

// ReadOnce reads every lane of a device once, outside the schedule. What could be read comes back
// even when err is not nil.
func (c *Collectors) ReadOnce(ctx context.Context, device string) (tables []pipeline.TableRead, err error) {
	for _, d := range c.all() {
		if d.config.Name != device {
			continue
		}
		var errs []error
		for _, lane := range pollLanes() {
			b, err := d.device.Collect(ctx, lane)
			if answered(b) || lane == pipeline.LaneLive {
				tables = append(tables, b.Tables...)
			}
			errs = append(errs, err)
			if err != nil && !answered(b) {
				return tables, errors.Join(errs...)
			}
		}
		return tables, errors.Join(errs...)
	}
	return nil, fmt.Errorf("there is no device %q", device)
}
