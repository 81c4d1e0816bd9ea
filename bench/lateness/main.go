// Command lateness measures, at the simulator, how late the polls of a large fleet start while a part
// of it is dead: the first datagram of each poll against its slot. It runs the real program as a
// process of its own, so that its memory and CPU are its alone.
//
//	go run ./bench/lateness -routers 1000 -dead 200 -period 10s -seconds 120
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
	"github.com/routerpulse/routerpulse/pipeline"
)

// options are the flags.
type options struct {
	routers, dead, seconds int
	period                 time.Duration
	program, out           string
}

func main() {
	var o options
	flag.IntVar(&o.routers, "routers", 1000, "simulated routers")
	flag.IntVar(&o.dead, "dead", 200, "how many of them never answer")
	flag.IntVar(&o.seconds, "seconds", 120, "how long to measure")
	flag.DurationVar(&o.period, "period", 10*time.Second, "period of the live lane")
	flag.StringVar(&o.program, "program", "bin/routerpulse", "the program to measure")
	flag.StringVar(&o.out, "out", "bench/lateness/last.json", "where the raw figures go")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := measure(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lateness:", err)
		os.Exit(1)
	}
}

// result is what one run found.
type result struct {
	Routers        int     `json:"routers"`
	Dead           int     `json:"dead"`
	PeriodSeconds  float64 `json:"period_seconds"`
	Seconds        float64 `json:"seconds"`
	Polls          int     `json:"polls"`
	Missed         int     `json:"missed"`
	Excluded       int     `json:"excluded"`
	P50            float64 `json:"lateness_p50_ms"`
	P99            float64 `json:"lateness_p99_ms"`
	Max            float64 `json:"lateness_max_ms"`
	CPUSeconds     float64 `json:"cpu_seconds"`
	CPUMsPerPoll   float64 `json:"cpu_ms_per_poll"`
	MaxRSSMegabyte float64 `json:"max_rss_mb"`
}

func measure(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "lateness-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	log := newLog(o.routers)
	fleet := simulator.New(simulator.Options{Routers: o.routers, Seed: 1, Quiet: true, Interfaces: 20})
	fleet.OnRequest(log.note)
	if err := fleet.Open(ctx); err != nil {
		return err
	}
	defer func() { _ = fleet.Close() }()
	for i, r := range fleet.Routers() {
		log.names[r.Address()] = i
		if i*o.dead/o.routers != (i+1)*o.dead/o.routers {
			r.SetDown(true)
			log.dead[i] = true
		}
	}
	child, err := startProgram(ctx, o, fleet, dir)
	if err != nil {
		return err
	}
	defer child.stop()
	settle := 3 * o.period // the first round, and whoever is dead is known
	fmt.Printf("%d routers, %d dead, every %s; settling %s, then measuring %d s\n", o.routers, o.dead, o.period, settle, o.seconds)
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	begin, cpu := time.Now(), child.cpu()
	if err := sleep(ctx, time.Duration(o.seconds)*time.Second); err != nil {
		return err
	}
	end := time.Now()
	r := log.judge(fleet, o.period, begin, end.Add(-o.period/2))
	r.Routers, r.Dead, r.PeriodSeconds, r.Seconds = o.routers, o.dead, o.period.Seconds(), end.Sub(begin).Seconds()
	r.CPUSeconds = child.cpu() - cpu
	r.CPUMsPerPoll = 1000 * r.CPUSeconds / (float64(o.routers-o.dead) * r.Seconds / o.period.Seconds())
	r.MaxRSSMegabyte = child.maxRSS()
	return report(r, filepath.Clean(o.out))
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func report(r result, out string) error {
	fmt.Printf("polls measured     %d (missed %d, %d excluded beside a status check)\n", r.Polls, r.Missed, r.Excluded)
	fmt.Printf("lateness           p50 %.1f ms, p99 %.1f ms, max %.1f ms\n", r.P50, r.P99, r.Max)
	fmt.Printf("CPU                %.1f s in %.0f s, %.2f ms a poll of a live router\n", r.CPUSeconds, r.Seconds, r.CPUMsPerPoll)
	fmt.Printf("memory             %.0f MB at most\n", r.MaxRSSMegabyte)
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(data, '\n'), 0o644)
}

// slotsOf lists the slots of a job in a span of time.
func slotsOf(device string, lane pipeline.Lane, period time.Duration, from, to time.Time) []time.Time {
	phase := pipeline.Phase(device, lane, period)
	n := from.Add(-phase).UnixNano()
	slot := time.Unix(0, n-n%int64(period)+int64(period)+int64(phase))
	var slots []time.Time
	for ; slot.Before(to); slot = slot.Add(period) {
		slots = append(slots, slot)
	}
	return slots
}
