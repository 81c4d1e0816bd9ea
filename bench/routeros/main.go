// Command routeros measures what one poll over the RouterOS API costs: RouterPulse and mktxp, side by
// side, read the same tables of the same simulated routers over the plain API. The fleet is in this
// process, each poller in one of its own, so that its CPU is its alone; bytes are counted at the fleet.
//
//	go run ./bench/routeros -routers 10 -interfaces 20 -period 3s -polls 20
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
)

// options are the flags.
type options struct {
	routers, interfaces, polls int
	period                     time.Duration
	program, mktxp, only, out  string
}

func main() {
	var o options
	flag.IntVar(&o.routers, "routers", 10, "simulated routers")
	flag.IntVar(&o.interfaces, "interfaces", 20, "interfaces of each")
	flag.IntVar(&o.polls, "polls", 20, "polls of each router that are measured")
	flag.DurationVar(&o.period, "period", 3*time.Second, "how often each router is polled")
	flag.StringVar(&o.program, "program", "bin/routerpulse", "RouterPulse")
	flag.StringVar(&o.mktxp, "mktxp", ".tools/mktxp/bin/mktxp", "mktxp")
	flag.StringVar(&o.only, "only", "", "routerpulse or mktxp: measure this one alone")
	flag.StringVar(&o.out, "out", "bench/routeros/last.json", "where the raw figures go")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := measure(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "routeros:", err)
		os.Exit(1)
	}
}

// result is what one run found.
type result struct {
	Routers       int      `json:"routers"`
	Interfaces    int      `json:"interfaces"`
	PeriodSeconds float64  `json:"period_seconds"`
	Tables        []string `json:"tables"`
	RouterPulse   side     `json:"routerpulse"`
	Mktxp         side     `json:"mktxp"`
	Ratio         float64  `json:"ratio"`       // of CPU for each poll
	BytesRatio    float64  `json:"bytes_ratio"` // of bytes on the wire for each poll
}

// side is what one poller did. A poll is one router, once.
type side struct {
	Seconds       float64 `json:"seconds"`
	CPUSeconds    float64 `json:"cpu_seconds"`
	Polls         int     `json:"polls"`
	SentBytes     uint64  `json:"request_bytes"`
	ReceivedBytes uint64  `json:"reply_bytes"`
}

func (s side) perPoll(n float64) float64 { return n / float64(max(1, s.Polls)) }

func (s side) bytes() float64 { return float64(s.SentBytes + s.ReceivedBytes) }

// poller is a process that polls all routers, over and over.
type poller interface {
	// round lets it poll every router once, and returns when it has.
	round(ctx context.Context) error
	// check fails if it has not read what it should have.
	check(ctx context.Context) error
	CPU() float64
	Stop()
}

func measure(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "bench-routeros-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r := result{Routers: o.routers, Interfaces: o.interfaces, PeriodSeconds: o.period.Seconds(), Tables: wanted()}
	for _, side := range []struct {
		name  string
		start func(context.Context, options, *simulator.Fleet, string) (poller, error)
		to    *side
	}{{"routerpulse", startRouterPulse, &r.RouterPulse}, {"mktxp", startMktxp, &r.Mktxp}} {
		if o.only != "" && o.only != side.name {
			continue
		}
		if *side.to, err = once(ctx, o, side.start, dir); err != nil {
			return fmt.Errorf("%s: %w", side.name, err)
		}
	}
	return r.report(filepath.Clean(o.out), o.only == "")
}

// once measures one poller, on a fleet of its own.
func once(ctx context.Context, o options, start func(context.Context, options, *simulator.Fleet, string) (poller, error), dir string) (s side, err error) {
	fleet := simulator.New(simulator.Options{Routers: o.routers, Seed: 1, Quiet: true, NoSessions: true, Interfaces: o.interfaces})
	if err := fleet.Open(ctx); err != nil {
		return s, err
	}
	defer func() { _ = fleet.Close() }()
	p, err := start(ctx, o, fleet, dir)
	if err != nil {
		return s, err
	}
	defer p.Stop()
	for range 3 { // in which everything is learned
		if err := p.round(ctx); err != nil {
			return s, err
		}
	}
	begin, cpu, before := time.Now(), p.CPU(), fleet.Wire()
	for range o.polls {
		if err := p.round(ctx); err != nil {
			return s, err
		}
	}
	after := fleet.Wire()
	s = side{Seconds: time.Since(begin).Seconds(), CPUSeconds: p.CPU() - cpu, Polls: o.polls * o.routers,
		SentBytes: after.APIRequestBytes - before.APIRequestBytes, ReceivedBytes: after.APIReplyBytes - before.APIReplyBytes}
	return s, p.check(ctx)
}

// report prints the table and keeps the raw figures.
func (r *result) report(out string, both bool) error {
	fmt.Printf("%d routers of %d interfaces, every %.0f s: %v\n\n%-28s %12s %12s\n", r.Routers, r.Interfaces, r.PeriodSeconds, r.Tables, "", "RouterPulse", "mktxp")
	row := func(what, format string, of func(side) float64) {
		fmt.Printf("%-28s %12s %12s\n", what, fmt.Sprintf(format, of(r.RouterPulse)), fmt.Sprintf(format, of(r.Mktxp)))
	}
	row("CPU, seconds", "%.2f", func(s side) float64 { return s.CPUSeconds })
	row("polls", "%.0f", func(s side) float64 { return float64(s.Polls) })
	row("CPU a poll, ms", "%.3f", func(s side) float64 { return 1000 * s.perPoll(s.CPUSeconds) })
	row("bytes of requests a poll", "%.0f", func(s side) float64 { return s.perPoll(float64(s.SentBytes)) })
	row("bytes of replies a poll", "%.0f", func(s side) float64 { return s.perPoll(float64(s.ReceivedBytes)) })
	if both && r.RouterPulse.CPUSeconds > 0 {
		r.Ratio = r.Mktxp.perPoll(r.Mktxp.CPUSeconds) / r.RouterPulse.perPoll(r.RouterPulse.CPUSeconds)
		r.BytesRatio = r.Mktxp.perPoll(r.Mktxp.bytes()) / r.RouterPulse.perPoll(r.RouterPulse.bytes())
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, append(data, '\n'), 0o600); err != nil || !both {
		return err
	}
	fmt.Printf("\nbytes ratio: %.2f\nratio: %.2f\n", r.BytesRatio, r.Ratio)
	return nil
}
