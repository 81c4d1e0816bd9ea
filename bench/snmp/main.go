// Command snmp measures what one poll over SNMP costs: RouterPulse and Telegraf, side by side, read the
// same columns of the same simulated routers. The fleet is in this process, each poller in one of its
// own, so that its CPU is its alone.
//
//	go run ./bench/snmp -routers 500 -interfaces 20 -period 10s -seconds 20
//
// With -influxd both write what they read to a real InfluxDB, each to one of its own: then the cost is that
// of a poll up to the acknowledged write.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"

	"github.com/routerpulse/routerpulse/bench/process"
)

// options are the flags.
type options struct {
	routers, interfaces, seconds int
	period                       time.Duration
	program, telegraf, only, out string
	profile                      string
	influxd                      bool
}

func main() {
	var o options
	flag.IntVar(&o.routers, "routers", 500, "simulated routers")
	flag.IntVar(&o.interfaces, "interfaces", 20, "interfaces of each")
	flag.IntVar(&o.seconds, "seconds", 20, "how long to measure; a multiple of the period")
	flag.DurationVar(&o.period, "period", 10*time.Second, "how often each router is polled")
	flag.StringVar(&o.program, "program", "bin/routerpulse", "RouterPulse")
	flag.StringVar(&o.telegraf, "telegraf", ".tools/bin/telegraf-v1.37.2-influxdb", "Telegraf")
	flag.StringVar(&o.only, "only", "", "routerpulse or telegraf: measure this one alone")
	flag.StringVar(&o.profile, "profile", "", "file for a CPU profile of RouterPulse; empty: none")
	flag.BoolVar(&o.influxd, "influxd", false, "both write to a real InfluxDB 1.8; without it they discard what they read")
	flag.StringVar(&o.out, "out", "bench/snmp/last.json", "where the raw figures go")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := measure(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "snmp:", err)
		os.Exit(1)
	}
}

// result is what one run found.
type result struct {
	Routers       int     `json:"routers"`
	Interfaces    int     `json:"interfaces"`
	PeriodSeconds float64 `json:"period_seconds"`
	InfluxDB      bool    `json:"influxdb"` // written to; else what was read is discarded
	RouterPulse   side    `json:"routerpulse"`
	Telegraf      side    `json:"telegraf"`
	Ratio         float64 `json:"ratio"` // of CPU for each poll
}

// side is what one poller did.
type side struct {
	Program       string  `json:"program"`
	Seconds       float64 `json:"seconds"`
	CPUSeconds    float64 `json:"cpu_seconds"`
	Polls         int     `json:"polls"`
	Written       int     `json:"written_polls,omitempty"` // of which the database has the router's row
	Rows          int     `json:"written_rows,omitempty"`
	ValuesPerPoll float64 `json:"values_per_poll"` // that it makes of a poll
	PDUs          uint64  `json:"pdus"`
	SentBytes     uint64  `json:"request_bytes"`
	ReceivedBytes uint64  `json:"reply_bytes"`
}

func (s side) perPoll(n float64) float64 { return n / float64(max(1, s.Polls)) }

func measure(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "bench-snmp-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r := result{Routers: o.routers, Interfaces: o.interfaces, PeriodSeconds: o.period.Seconds(), InfluxDB: o.influxd}
	for _, side := range []struct {
		name string
		to   *side
	}{{"routerpulse", &r.RouterPulse}, {"telegraf", &r.Telegraf}} {
		if o.only != "" && o.only != side.name {
			continue
		}
		// A fleet for each: what one poller asks must not count for the other.
		if *side.to, err = once(ctx, o, side.name, dir); err != nil {
			return fmt.Errorf("%s: %w", side.name, err)
		}
	}
	return r.report(filepath.Clean(o.out), o.only == "")
}

// once measures one poller.
func once(ctx context.Context, o options, name, dir string) (s side, err error) {
	fleet := simulator.New(simulator.Options{Routers: o.routers, Seed: 1, Quiet: true, NoSessions: true,
		Interfaces: o.interfaces, Objects: oids()})
	polls := countPolls(fleet, o.period)
	if err := fleet.Open(ctx); err != nil {
		return s, err
	}
	defer func() { _ = fleet.Close() }()
	if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
		return s, err
	}
	perPoll, err := values(ctx, o, name, fleet, filepath.Join(dir, name))
	if err != nil {
		return s, err
	}
	db, err := openDatabase(ctx, o, filepath.Join(dir, name))
	if err != nil {
		return s, err
	}
	defer db.close()
	c, err := start(ctx, o, name, fleet, filepath.Join(dir, name), db)
	if err != nil {
		return s, err
	}
	defer c.Stop()
	// The first round, in which everything is learned, and then to the middle between two rounds.
	if err := process.Wait(ctx, max(10*time.Second, o.period*3/2)); err != nil {
		return s, err
	}
	if o.profile != "" && name == "routerpulse" {
		go profile(ctx, o, c)
	}
	begin, cpu, before, polled := time.Now(), c.CPU(), fleet.Wire(), polls.count()
	if err := process.Wait(ctx, time.Duration(o.seconds)*time.Second); err != nil {
		return s, err
	}
	after := fleet.Wire()
	s = side{Program: name, Seconds: time.Since(begin).Seconds(), CPUSeconds: c.CPU() - cpu,
		PDUs: after.Requests - before.Requests, SentBytes: after.RequestBytes - before.RequestBytes,
		ReceivedBytes: after.ReplyBytes - before.ReplyBytes, ValuesPerPoll: perPoll}
	if s.Polls = polls.count() - polled; s.Polls == 0 {
		return s, errors.New("it did not poll; what it printed above says why")
	}
	c.Stop() // what it has not sent yet, it sends now
	s.Written, s.Rows, err = db.count(ctx, begin, begin.Add(time.Duration(s.Seconds*float64(time.Second))))
	return s, err
}

func (r *result) target() string {
	if r.InfluxDB {
		return "written to InfluxDB"
	}
	return "discarded"
}

// report prints the table and keeps the raw figures.
func (r *result) report(out string, both bool) error {
	fmt.Printf("%d routers of %d interfaces, every %.0f s, %s\n\n%-28s %12s %12s\n", r.Routers, r.Interfaces, r.PeriodSeconds, r.target(), "", "RouterPulse", "Telegraf")
	row := func(what, format string, of func(side) float64) {
		fmt.Printf("%-28s %12s %12s\n", what, fmt.Sprintf(format, of(r.RouterPulse)), fmt.Sprintf(format, of(r.Telegraf)))
	}
	row("CPU, seconds", "%.2f", func(s side) float64 { return s.CPUSeconds })
	row("polls", "%.0f", func(s side) float64 { return float64(s.Polls) })
	row("CPU a poll, ms", "%.3f", func(s side) float64 { return 1000 * s.perPoll(s.CPUSeconds) })
	if r.InfluxDB {
		row("polls in the database", "%.0f", func(s side) float64 { return float64(s.Written) })
		row("rows a poll there", "%.1f", func(s side) float64 { return float64(s.Rows) / float64(max(1, s.Written)) })
	}
	row("values a poll", "%.1f", func(s side) float64 { return s.ValuesPerPoll })
	row("PDUs a poll", "%.1f", func(s side) float64 { return s.perPoll(float64(s.PDUs)) })
	row("bytes of requests a poll", "%.0f", func(s side) float64 { return s.perPoll(float64(s.SentBytes)) })
	row("bytes of replies a poll", "%.0f", func(s side) float64 { return s.perPoll(float64(s.ReceivedBytes)) })
	if both && r.RouterPulse.CPUSeconds > 0 {
		r.Ratio = r.Telegraf.perPoll(r.Telegraf.CPUSeconds) / r.RouterPulse.perPoll(r.RouterPulse.CPUSeconds)
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, append(data, '\n'), 0o644); err != nil {
		return err
	}
	if !both {
		return nil
	}
	if r.RouterPulse.ValuesPerPoll != r.Telegraf.ValuesPerPoll {
		return errors.New("the two sides did not read the same number of values: no ratio")
	}
	for _, s := range []side{r.RouterPulse, r.Telegraf} {
		// A poll at either end of the window may have its time on the other side of it.
		if off := math.Abs(float64(s.Written-s.Polls)) / float64(max(1, s.Polls)); r.InfluxDB && off > 0.02 {
			return fmt.Errorf("%s polled %d times, and the database has %d of it: no ratio", s.Program, s.Polls, s.Written)
		}
	}
	due := float64(r.Routers) * r.RouterPulse.Seconds / r.PeriodSeconds
	for _, s := range []side{r.RouterPulse, r.Telegraf} {
		if missed := 1 - float64(s.Polls)/due; missed > 0.05 {
			fmt.Printf("\n%s did not keep up: %.0f %% of its polls were not begun. The machine is too busy.\n", s.Program, 100*missed)
		}
	}
	fmt.Printf("\nratio: %.2f\n", r.Ratio)
	return nil
}
