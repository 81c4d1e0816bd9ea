package sinks

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/influxdb"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// changing is a pipeline whose destinations are databases of one server.
type changing struct {
	t      *testing.T
	server string
	sinks  *Sinks
	pipe   *pipeline.Pipeline
	fleet  *sinktest.Fleet
	polls  int
}

func (c *changing) config(databases map[string]string) Config {
	cfg := Config{Folder: c.sinks.cfg.Folder}
	for name, database := range databases {
		dest := influxdb.DefaultConfig()
		dest.Name, dest.URL, dest.Database = name, c.server, database
		cfg.InfluxDB = append(cfg.InfluxDB, dest)
	}
	return cfg
}

func (c *changing) change(databases map[string]string) {
	c.t.Helper()
	change, err := c.sinks.Prepare(c.config(databases))
	if err != nil {
		c.t.Fatal(err)
	}
	change.Apply(c.pipe)
}

func (c *changing) publish(polls int) {
	for range polls {
		c.pipe.Publish(c.fleet.Poll(c.polls))
		c.polls++
	}
}

// times are those of the polls that a database has.
func (c *changing) times(database string) map[json.Number]bool {
	c.t.Helper()
	got := map[json.Number]bool{}
	for _, s := range sinktest.QueryInfluxQL(c.t, c.server, database, "SELECT cpu_percent FROM router") {
		for _, v := range s.Values {
			got[v[0].(json.Number)] = true
		}
	}
	return got
}

// expect waits until databases together have so many polls.
func (c *changing) expect(polls int, databases ...string) {
	c.t.Helper()
	all := map[json.Number]bool{}
	if !sinktest.Eventually(60*time.Second, func() bool {
		for _, db := range databases {
			maps.Copy(all, c.times(db))
		}
		return len(all) == polls
	}) {
		c.t.Errorf("%v have %d polls, not %d", databases, len(all), polls)
	}
}

// Destinations come, go and change while batches are published: each gets all that was published while
// it was there, and the one that stays the same is not touched.
func TestDestinationsChange(t *testing.T) {
	server := sinktest.StartInfluxd(t)
	for _, db := range []string{"stays", "goes", "before", "after", "comes"} {
		sinktest.QueryInfluxQL(t, server, "", "CREATE DATABASE "+db)
	}
	c := &changing{t: t, server: server, fleet: sinktest.NewFleet(pipeline.NewSchema(), "core-1"), sinks: &Sinks{cfg: Config{Folder: t.TempDir()}}}
	reg, log := prometheus.NewRegistry(), slog.New(slog.DiscardHandler)
	var err error
	if c.sinks, err = New(c.config(map[string]string{"a": "stays", "b": "goes", "c": "before"}), pipeline.NewSchema(), reg, log); err != nil {
		t.Fatal(err)
	}
	if err := c.sinks.Open(); err != nil {
		t.Fatal(err)
	}
	c.pipe = pipeline.New(nil, c.sinks.Named(), nil, reg, log)
	c.pipe.Open()
	c.publish(30)
	untouched := c.sinks.all[c.sinks.place("a")].Sink
	done := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				c.publish(1)
			}
			time.Sleep(time.Millisecond)
		}
	}()
	c.change(map[string]string{"a": "stays", "c": "after", "d": "comes"})
	close(stop)
	<-done
	during := c.polls
	c.publish(20)
	c.expect(c.polls, "stays")
	if now := c.sinks.all[c.sinks.place("a")].Sink; now != untouched {
		t.Error("the destination that stays the same was replaced")
	}
	c.expect(c.polls, "before", "after")
	if len(c.times("after")) < 20 {
		t.Error("the destination whose database changed goes on with the old one")
	}
	if n := len(c.times("goes")); n > during {
		t.Errorf("the destination that went has %d polls, of which %d were made until then", n, during)
	}
	if !sinktest.Eventually(60*time.Second, func() bool { return len(c.times("comes")) >= c.polls-during }) {
		t.Error("the destination that came misses polls")
	}
	names := []string{}
	for _, s := range c.sinks.Named() {
		names = append(names, s.Name)
	}
	if slices.Sort(names); fmt.Sprint(names) != "[influxdb/a influxdb/c influxdb/d]" {
		t.Errorf("sinks are %v", names)
	}
	if err := c.pipe.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.sinks.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// A destination whose spool cannot be opened is opened as soon as it can be, and has lost nothing.
func TestDestinationOpensLater(t *testing.T) {
	server := sinktest.StartInfluxd(t)
	sinktest.QueryInfluxQL(t, server, "", "CREATE DATABASE later")
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "spool"), nil, 0o600); err != nil { // where a folder should be
		t.Fatal(err)
	}
	c := &changing{t: t, server: server, fleet: sinktest.NewFleet(pipeline.NewSchema(), "core-1")}
	reg, log := prometheus.NewRegistry(), slog.New(slog.DiscardHandler)
	var err error
	if c.sinks, err = New(Config{Folder: folder, None: true}, pipeline.NewSchema(), reg, log); err != nil {
		t.Fatal(err)
	}
	c.pipe = pipeline.New(nil, nil, nil, reg, log)
	c.pipe.Open()
	c.change(map[string]string{"a": "later"})
	c.publish(5)
	if err := os.Remove(filepath.Join(folder, "spool")); err != nil {
		t.Fatal(err)
	}
	c.publish(5)
	c.expect(10, "later")
	if err := c.pipe.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.sinks.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
