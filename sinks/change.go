package sinks

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/influxdb"
)

// How long a reload goes on sending what a destination is still to get: one that goes, and one that is
// opened again with another config, whose spool waits for it.
const (
	leaveTime   = 3 * time.Second
	replaceTime = time.Second
)

// Change is what a new config makes of the destinations. The embedded store does not change while the
// program runs (NeedsRestart).
type Change struct {
	sinks   *Sinks
	gone    []string         // names
	other   []*influxdb.Sink // take the place of those of their names
	added   []*influxdb.Sink
	configs []influxdb.Config
}

// NeedsRestart reports that the embedded store would be another.
func (s *Sinks) NeedsRestart(cfg Config) bool { return !reflect.DeepEqual(s.store, cfg.Store()) }

// Prepare finds what a config that was validated changes, and touches nothing.
func (s *Sinks) Prepare(cfg Config) (*Change, error) {
	c := &Change{sinks: s, configs: cfg.InfluxDB}
	was := map[string]influxdb.Config{}
	for _, dest := range s.cfg.InfluxDB {
		was[dest.Name] = dest
	}
	for _, dest := range cfg.InfluxDB {
		before, there := was[dest.Name]
		delete(was, dest.Name)
		if there && reflect.DeepEqual(before, dest) {
			continue
		}
		sink, err := s.newDestination(dest)
		switch {
		case err != nil:
			return nil, err
		case there:
			c.other = append(c.other, sink)
		default:
			c.added = append(c.added, sink)
		}
	}
	c.gone = slices.Sorted(maps.Keys(was))
	return c, nil
}

// Apply makes the change, destination by destination at once; the others notice nothing. A destination
// that cannot be opened, as when its disk is full, is opened as soon as it can be: until then batches
// wait, and go, oldest first, when too many do. It must not run beside Open or Close.
func (c *Change) Apply(pipe *pipeline.Pipeline) {
	var wg sync.WaitGroup
	for _, name := range c.gone {
		wg.Go(func() { c.sinks.leave(pipe, name) })
	}
	late := make([]*late, len(c.other))
	for i, sink := range c.other {
		wg.Go(func() { late[i] = c.sinks.exchange(pipe, sink) })
	}
	wg.Wait()
	for i, sink := range c.other {
		c.sinks.all[c.sinks.place(sink.Name())] = c.sinks.destination(late[i])
	}
	for _, name := range c.gone {
		i := c.sinks.place(name)
		c.sinks.all = slices.Delete(c.sinks.all, i, i+1)
	}
	for _, sink := range c.added {
		l := c.sinks.openLate(sink)
		o := c.sinks.destination(l)
		c.sinks.all = append(c.sinks.all, o)
		pipe.AddSink(o.NamedSink)
	}
	c.sinks.opened = len(c.sinks.all)
	c.sinks.cfg.InfluxDB = c.configs
}

// place of a destination among all sinks.
func (s *Sinks) place(name string) int {
	return slices.IndexFunc(s.all, func(o opener) bool { return o.Name == sinkName(name) })
}

// leave takes a destination out. What it does not get any more stays in its spool.
func (s *Sinks) leave(pipe *pipeline.Pipeline, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	o := s.all[s.place(name)]
	if err := pipe.RemoveSink(ctx, o.Name); err != nil {
		s.log.Error("a destination was removed with samples that it had not taken", "sink", o.Name, "err", err)
	}
	if err := o.close(ctx); err != nil {
		s.log.Error("a destination that was removed did not close in order", "sink", o.Name, "err", err)
	}
}

// exchange closes a destination and opens the one of the same name in its place.
func (s *Sinks) exchange(pipe *pipeline.Pipeline, sink *influxdb.Sink) (l *late) {
	o := s.all[s.place(sink.Name())]
	err := pipe.ReplaceSink(o.Name, func() pipeline.Sink {
		ctx, cancel := context.WithTimeout(context.Background(), replaceTime)
		defer cancel()
		if err := o.close(ctx); err != nil {
			s.log.Error("a destination with another config did not close in order", "sink", o.Name, "err", err)
		}
		l = s.openLate(sink)
		return l
	})
	if err != nil {
		panic(fmt.Sprintf("sinks and pipeline differ: %v", err)) // both have the same list
	}
	return l
}

// openLate opens a destination, or lets the next batch try again.
func (s *Sinks) openLate(sink *influxdb.Sink) *late {
	l := &late{Sink: sink}
	if err := l.tryOpen(); err != nil {
		s.log.Error("a destination cannot be opened: its batches wait, and are lost when too many do; it is tried again with each",
			"sink", sinkName(sink.Name()), "err", err)
	}
	return l
}

func (s *Sinks) destination(l *late) opener {
	return opener{pipeline.NamedSink{Name: sinkName(l.Name()), Sink: l}, l.tryOpen, l.Shutdown}
}

// late is a destination that may not be open yet.
type late struct {
	*influxdb.Sink

	mu     sync.Mutex
	opened bool
}

func (l *late) tryOpen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.opened {
		return nil
	}
	if err := l.Open(); err != nil {
		return err
	}
	l.opened = true
	return nil
}

// Write opens the destination if that is still to be done.
func (l *late) Write(ctx context.Context, b pipeline.Batch) error {
	if err := l.tryOpen(); err != nil {
		return err
	}
	return l.Sink.Write(ctx, b)
}
