// Command stream measures what it costs to keep many browsers in step: RouterPulse's hub, r3labs/sse and
// tmaxmax/go-sse, side by side, are told the same changes and have the same subscribers. Each server is a
// process of its own; the subscribers and the pacer of changes are in this one.
//
//	go run ./bench/stream -only load,stalled -seconds 30
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// options are the flags.
type options struct {
	subscribers, routers, seconds int
	period                        time.Duration
	server, peers, only, out      string
	profiles                      string
	alone                         bool
}

func main() {
	var o options
	flag.IntVar(&o.subscribers, "subscribers", 5000, "streams")
	flag.IntVar(&o.routers, "routers", 1000, "routers, each of which changes once in a period")
	flag.DurationVar(&o.period, "period", 30*time.Second, "how often each router changes")
	flag.IntVar(&o.seconds, "seconds", 30, "how long to measure")
	flag.StringVar(&o.server, "server", "bin/bench-stream-server", "RouterPulse's hub, built from bench/stream/server")
	flag.StringVar(&o.peers, "peers", "bin/bench-stream-peers", "the others, built from bench/stream/peers")
	flag.StringVar(&o.only, "only", "", "scenarios, by commas; empty: all of "+strings.Join(names(), ","))
	flag.StringVar(&o.profiles, "profiles", "", "folder for CPU profiles of RouterPulse; empty: none")
	flag.BoolVar(&o.alone, "alone", false, "RouterPulse alone, without those that it is compared with")
	flag.StringVar(&o.out, "out", "bench/stream/last.json", "where the raw figures go")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := measure(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "stream:", err)
		os.Exit(1)
	}
}

// scenario is one thing to measure.
type scenario struct {
	name string
	run  func(ctx context.Context, b *bench) error
}

func scenarios() []scenario {
	return []scenario{
		{"load", load}, {"page", page}, {"stalled", stalled}, {"gzip", compressed}, {"viewports", viewports}, {"tls", overTLS}, {"http2", overHTTP2},
		{"many", many}, {"restart", restart},
	}
}

func names() (list []string) {
	for _, s := range scenarios() {
		list = append(list, s.name)
	}
	return list
}

// bench is one run of all that was asked for.
type bench struct {
	options
	dir    string // for files that nobody needs later
	report report
}

func measure(ctx context.Context, o options) (err error) {
	wanted := names()
	if o.only != "" {
		wanted = strings.Split(o.only, ",")
	}
	for _, name := range wanted {
		if !slices.Contains(names(), name) {
			return fmt.Errorf("-only: there is no scenario %q: there are %s", name, strings.Join(names(), ", "))
		}
	}
	if err := limitFiles(); err != nil {
		return err
	}
	b := &bench{options: o}
	if b.dir, err = os.MkdirTemp("", "bench-stream-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	for _, s := range scenarios() {
		if slices.Contains(wanted, s.name) {
			if failed := s.run(ctx, b); failed != nil { // the others are measured all the same
				err = errors.Join(err, fmt.Errorf("%s: %w", s.name, failed))
			}
		}
	}
	return errors.Join(err, b.report.write(o.out))
}
