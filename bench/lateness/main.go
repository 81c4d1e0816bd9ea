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

	"github.com/routerpulse/routerpulse/bench/process"
	"github.com/routerpulse/routerpulse/bench/slots"
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
	slots.Lateness

	Routers        int     `json:"routers"`
	Dead           int     `json:"dead"`
	PeriodSeconds  float64 `json:"period_seconds"`
	Seconds        float64 `json:"seconds"`
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
	fleet := simulator.New(simulator.Options{Routers: o.routers, Seed: 1, Quiet: true, Interfaces: 20})
	log := slots.New(fleet, o.routers)
	if err := fleet.Open(ctx); err != nil {
		return err
	}
	defer func() { _ = fleet.Close() }()
	log.Learn()
	for i := range o.routers {
		if i*o.dead/o.routers != (i+1)*o.dead/o.routers {
			log.Silence(i)
		}
	}
	child, err := process.StartRouterPulse(ctx, o.program, dir, config(o, fleet, dir))
	if err != nil {
		return err
	}
	defer child.Stop()
	settle := 3 * o.period // the first round, and whoever is dead is known
	fmt.Printf("%d routers, %d dead, every %s; settling %s, then measuring %d s\n", o.routers, o.dead, o.period, settle, o.seconds)
	if err := process.Wait(ctx, settle); err != nil {
		return err
	}
	begin, cpu := time.Now(), child.CPU()
	if err := process.Wait(ctx, time.Duration(o.seconds)*time.Second); err != nil {
		return err
	}
	end := time.Now()
	r := result{Lateness: log.Judge(o.period, slots.Lanes{pipeline.LaneStatus: statusPeriod}, o.period/4, begin, end.Add(-o.period/2))}
	r.Routers, r.Dead, r.PeriodSeconds, r.Seconds = o.routers, o.dead, o.period.Seconds(), end.Sub(begin).Seconds()
	r.CPUSeconds = child.CPU() - cpu
	r.CPUMsPerPoll = 1000 * r.CPUSeconds / (float64(o.routers-o.dead) * r.Seconds / o.period.Seconds())
	r.MaxRSSMegabyte = child.Memory("VmHWM")
	return report(r, filepath.Clean(o.out))
}

// statusPeriod is that of the measured config.
const statusPeriod = time.Minute

// config polls the fleet over SNMP, with the embedded store.
func config(o options, fleet *simulator.Fleet, dir string) string {
	return fmt.Sprintf("storage: { embedded: { path: %s } }\nlanes: { live: %s, status: %s }\n", filepath.Join(dir, "data"), o.period, statusPeriod) +
		process.SNMPDevices(fleet)
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
