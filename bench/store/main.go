// Command store measures the embedded store: bytes a sample takes on the disk after a week, by kind of
// series, and how long charts take, over a day of 20 interfaces and over a year of one.
//
//	go run ./bench/store -routers 10 -days 7
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"
)

// options are the flags.
type options struct {
	routers, interfaces, days, yearDays, queries int
	period                                       time.Duration
	out                                          string
}

func main() {
	var o options
	flag.IntVar(&o.routers, "routers", 10, "routers of the store that charts are asked of; a kind of series alone is measured with half of them")
	flag.IntVar(&o.interfaces, "interfaces", 20, "interfaces of each")
	flag.IntVar(&o.days, "days", 7, "days of samples")
	flag.IntVar(&o.yearDays, "year", 365, "days of the coarse store")
	flag.IntVar(&o.queries, "queries", 200, "charts of each kind that are asked for")
	flag.DurationVar(&o.period, "period", 30*time.Second, "how often a router is polled")
	flag.StringVar(&o.out, "out", "bench/store/last.json", "where the raw figures go")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ok, err := measure(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "store:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// result is what one run found.
type result struct {
	Routers       int       `json:"routers"`
	Interfaces    int       `json:"interfaces"`
	Days          int       `json:"days"`
	PeriodSeconds float64   `json:"period_seconds"`
	Sizes         []size    `json:"sizes"`
	Latencies     []latency `json:"latencies"`
	CPUs          int       `json:"cpus"`
}

func measure(ctx context.Context, o options) (ok bool, err error) {
	dir, err := os.MkdirTemp("", "bench-store-")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r := result{Routers: o.routers, Interfaces: o.interfaces, Days: o.days, PeriodSeconds: o.period.Seconds(), CPUs: runtime.NumCPU()}
	stores, err := fillAll(ctx, o, dir)
	defer func() {
		for _, b := range stores {
			err = errors.Join(err, b.store.Close())
		}
	}()
	if err != nil {
		return false, err
	}
	if r.Sizes, err = sizes(ctx, stores); err != nil {
		return false, err
	}
	if err := week(o, stores[len(stores)-1], &r); err != nil {
		return false, fmt.Errorf("a week: %w", err)
	}
	if err := year(ctx, o, filepath.Join(dir, "year"), &r); err != nil {
		return false, fmt.Errorf("a year: %w", err)
	}
	return r.report(o.out)
}

// report prints the table and keeps the raw figures; not ok: something that was asked for is missed.
func (r *result) report(out string) (ok bool, err error) {
	ok = true
	verdict := func(held bool) string {
		if held {
			return "yes"
		}
		ok = false
		return "NO"
	}
	fmt.Printf("%d days of %d routers of %d interfaces, every %.0f s; %d CPUs\n\n", r.Days, r.Routers, r.Interfaces, r.PeriodSeconds, r.CPUs)
	fmt.Printf("%-44s %9s %12s %10s %6s\n", "bytes a sample, index and all", "series", "samples", "measured", "asked")
	for i := range r.Sizes {
		s := &r.Sizes[i]
		s.PerSample = float64(s.Bytes) / float64(max(1, s.Samples))
		asked := ""
		if s.Asked > 0 {
			asked = fmt.Sprintf("%5.1f  %s", s.Asked, verdict(s.PerSample <= s.Asked))
		}
		fmt.Printf("%-44s %9d %12d %10.3f %s\n", s.Kind, s.Series, s.Samples, s.PerSample, asked)
	}
	fmt.Printf("\n%-44s %9s %8s %8s %8s %8s %6s\n", "milliseconds of a chart", "points", "CPU", "p50", "p95", "max", "asked")
	for _, l := range r.Latencies {
		asked := ""
		if l.Asked > 0 {
			asked = fmt.Sprintf("%5.0f  %s", l.Asked, verdict(l.P95 < l.Asked))
		}
		fmt.Printf("%-44s %9d %8.1f %8.1f %8.1f %8.1f %s\n", l.Chart, l.Points, l.CPU, l.P50, l.P95, l.Max, asked)
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return false, err
	}
	return ok, os.WriteFile(filepath.Clean(out), append(text, '\n'), 0o644)
}
