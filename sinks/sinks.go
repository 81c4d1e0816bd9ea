// Package sinks is the list of places where samples can be kept: one field of Config and one `if` here
// for each.
package sinks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/embedded"
	"github.com/routerpulse/routerpulse/sinks/influxdb"
)

// Config says where samples are kept. Empty: in the embedded store, with its defaults.
type Config struct {
	Embedded *embedded.Config  `yaml:"embedded"` // nil: off, if there is an InfluxDB
	InfluxDB []influxdb.Config `yaml:"influxdb"`
	None     bool              `yaml:"none"` // keep nothing: the stream, and what is now, alone

	// Folder is where spools are kept, each in its subfolder of spool. It comes from the root of the config.
	Folder string `yaml:"-"`
}

// DefaultConfig is empty.
func DefaultConfig() Config { return Config{} }

// Validate reports what cannot work.
func (c *Config) Validate(r *configs.Report) {
	if c.None && (c.Embedded != nil || len(c.InfluxDB) > 0) {
		r.At("none").Errorf("remove it, or remove embedded: and influxdb:", "none: true says that nothing is kept")
	}
	if c.Embedded != nil {
		c.Embedded.Validate(r.At("embedded"))
	}
	seen := map[string]int{}
	for i := range c.InfluxDB {
		at, dest := r.At("influxdb", i), &c.InfluxDB[i]
		dest.Validate(at)
		if first, double := seen[dest.Name]; double && dest.Name != "" {
			at.At("name").Errorf("give each destination a name of its own", "the name %q is taken by influxdb[%d]", dest.Name, first)
			continue
		}
		seen[dest.Name] = i
	}
}

// Store returns the embedded store's config, the default one when nothing is configured; nil: off.
func (c *Config) Store() *embedded.Config {
	if c.Embedded == nil && len(c.InfluxDB) == 0 && !c.None {
		store := embedded.DefaultConfig()
		return &store
	}
	return c.Embedded
}

// Sinks are all configured sinks.
type Sinks struct {
	cfg      Config
	reg      prometheus.Registerer
	log      *slog.Logger
	store    *embedded.Config // nil: off
	embedded *embedded.Store
	all      []opener
	opened   int
}

// opener is what this package needs of a sink beyond pipeline.Sink.
type opener struct {
	pipeline.NamedSink
	open  func() error
	close func(context.Context) error
}

// New prepares the configured sinks. Nothing is touched before Open.
func New(cfg Config, schema *pipeline.Schema, reg prometheus.Registerer, log *slog.Logger) (*Sinks, error) {
	s := &Sinks{cfg: cfg, reg: reg, log: log, store: cfg.Store()}
	if s.store != nil {
		s.embedded = embedded.New(*s.store, schema, reg, log)
		s.all = append(s.all, opener{pipeline.NamedSink{Name: "embedded", Sink: s.embedded}, s.embedded.Open, s.embedded.Shutdown})
	}
	for _, dest := range cfg.InfluxDB {
		sink, err := s.newDestination(dest)
		if err != nil {
			return nil, err
		}
		s.all = append(s.all, opener{pipeline.NamedSink{Name: sinkName(sink.Name()), Sink: sink}, sink.Open, sink.Shutdown})
	}
	return s, nil
}

func (s *Sinks) newDestination(cfg influxdb.Config) (*influxdb.Sink, error) {
	sink, err := influxdb.New(cfg, filepath.Join(s.cfg.Folder, "spool"), s.reg, s.log)
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	return sink, nil
}

// sinkName is how the pipeline, and metrics, know a destination.
func sinkName(destination string) string { return "influxdb/" + destination }

// Embedded is the store that answers queries; nil when it is off.
func (s *Sinks) Embedded() *embedded.Store { return s.embedded }

// Named lists the sinks, the embedded store first.
func (s *Sinks) Named() []pipeline.NamedSink {
	out := make([]pipeline.NamedSink, len(s.all))
	for i, o := range s.all {
		out[i] = o.NamedSink
	}
	return out
}

// Open opens every sink; if one cannot be opened, those before it are closed again. That a database does
// not answer is no error; that another process has the folder of the embedded store is one.
func (s *Sinks) Open() error {
	for _, o := range s.all {
		if err := o.open(); err != nil {
			ctx, cancel := context.WithCancel(context.Background())
			cancel() // nothing was written yet
			return errors.Join(fmt.Errorf("storage %s: %w", o.Name, err), s.Close(ctx))
		}
		s.opened++
	}
	return nil
}

// Close closes all sinks at once. What is new is sent to a database until ctx ends; what is left then is
// in its spool. The embedded store takes the time that its snapshot needs, too.
func (s *Sinks) Close(ctx context.Context) error {
	errs := make([]error, s.opened)
	var wg sync.WaitGroup
	for i, o := range s.all[:s.opened] {
		wg.Go(func() {
			if err := o.close(ctx); err != nil {
				errs[i] = fmt.Errorf("storage %s: %w", o.Name, err)
			}
		})
	}
	wg.Wait()
	s.opened = 0
	return errors.Join(errs...)
}
