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

// Close ends every connection. The jobs must have ended.
func (c *Collectors) Close() error {
	var errs []error
	for _, d := range c.all() {
		errs = append(errs, d.device.Close())
	}
	return errors.Join(errs...)
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
