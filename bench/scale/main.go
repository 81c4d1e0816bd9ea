// Command scale measures one process that polls a very large fleet: lateness at the simulator, missed
// polls, and memory for each device. The fleet is in this process, the program in one of its own, so
// that its memory and CPU are its alone. A second, smaller pair of runs shows what the embedded store
// adds for each device.
//
//	go run ./bench/scale -routers 10000 -interfaces 20 -period 30s -seconds 150
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/pipeline"

	"github.com/routerpulse/routerpulse/bench/process"
	"github.com/routerpulse/routerpulse/bench/slots"
)

// options are the flags.
type options struct {
	routers, interfaces, storeRouters, seconds int
	period, settle                             time.Duration
	program, out, profiles                     string
	few                                        bool
}

// openFiles is the limit under which it must work: the program's sockets count, too.
const openFiles = 20_000

func main() {
	var o options
	flag.IntVar(&o.routers, "routers", 10_000, "simulated routers")
	flag.IntVar(&o.interfaces, "interfaces", 20, "interfaces of each")
	flag.IntVar(&o.storeRouters, "store-routers", 1000, "routers of the runs that compare with and without the store; 0: none")
	flag.IntVar(&o.seconds, "seconds", 150, "how long to measure")
	flag.DurationVar(&o.period, "period", 30*time.Second, "period of the live lane")
	flag.DurationVar(&o.settle, "settle", 5*time.Minute, "how long to wait before measuring")
	flag.StringVar(&o.program, "program", "bin/routerpulse", "the program to measure")
	flag.StringVar(&o.out, "out", "bench/scale/last.json", "where the raw figures go")
	flag.BoolVar(&o.few, "few", false, "only resources, health and interfaces; else every table that the device has")
	flag.StringVar(&o.profiles, "profiles", "", "folder for heap and CPU profiles of the large run; empty: none")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := measure(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// measure does the large run without sinks, then the pair that tells what the store adds.
func measure(ctx context.Context, o options) error {
	limit := syscall.Rlimit{Cur: openFiles, Max: openFiles}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("open files: %w", err)
	}
	var r report
	var err error
	if r.Large, err = once(ctx, o, o.routers, false, o.profiles); err != nil {
		return err
	}
	if o.storeRouters > 0 {
		if r.SmallOff, err = once(ctx, o, o.storeRouters, false, ""); err != nil {
			return err
		}
		if r.SmallStore, err = once(ctx, o, o.storeRouters, true, ""); err != nil {
			return err
		}
	}
	return r.write(o)
}

// once runs the program over a fleet of its own.
func once(ctx context.Context, o options, routers int, store bool, profiles string) (*result, error) {
	dir, err := os.MkdirTemp("", "scale-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	fleet := simulator.New(simulator.Options{Routers: routers, Seed: 1, Quiet: true, Interfaces: o.interfaces})
	log := slots.New(fleet, routers)
	if err := fleet.Open(ctx); err != nil {
		return nil, err
	}
	defer func() { _ = fleet.Close() }()
	log.Learn()
	child, err := startProgram(ctx, o, fleet, dir, store)
	if err != nil {
		return nil, err
	}
	defer child.Stop()
	// The first round, in which each device is asked for everything it may have, goes on for the period of
	// the slow lane at most; by then nearly all of it is done.
	settle := max(3*o.period, o.settle)
	fmt.Printf("%d routers of %d interfaces, every %s, store %t; settling %s, then measuring %d s\n", routers, o.interfaces, o.period, store, settle, o.seconds)
	if err := process.Wait(ctx, settle); err != nil {
		return nil, err
	}
	begin, cpu, before := time.Now(), child.CPU(), child.metrics(ctx)
	control := newControl()
	if err := process.Wait(ctx, time.Duration(o.seconds)*time.Second); err != nil {
		return nil, err
	}
	end := time.Now()
	jitter := control.stop()
	r := result{Lateness: log.Judge(o.period, otherLanes(), o.period/6, begin, end.Add(-o.period/2))}
	r.Routers, r.Interfaces, r.Store, r.PeriodSeconds, r.Seconds = routers, o.interfaces, store, o.period.Seconds(), end.Sub(begin).Seconds()
	r.CPUSeconds = child.CPU() - cpu
	r.CPUMsPerPoll = 1000 * r.CPUSeconds / (float64(routers) * r.Seconds / o.period.Seconds())
	r.ControlP99 = jitter
	r.note(before, child.metrics(ctx))
	r.RSSMegabyte, r.MaxRSSMegabyte = child.Memory("VmRSS"), child.Memory("VmHWM")
	r.OpenFiles = child.OpenFiles()
	if profiles != "" {
		child.profile(ctx, profiles)
	}
	return &r, nil
}

// otherLanes are the periods of the lanes beside live, as the measured config has them.
func otherLanes() slots.Lanes {
	return slots.Lanes{pipeline.LaneStatus: time.Minute, pipeline.LaneSessions: time.Minute, pipeline.LaneSlow: 10 * time.Minute}
}
