package snmp

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// beat is one poll of a real agent, through the rates.
type beat struct {
	failed bool // nothing could be read
	rates  int  // of all interfaces
	uptime time.Duration
}

func (b beat) String() string {
	switch {
	case b.failed:
		return "gap"
	case b.rates == 0:
		return "no rate"
	}
	return "good"
}

// Fault 21: a real snmpd is killed and started again with the same engine, and another time stopped
// and continued. The gap is marked, no delta spans the reboot, and the interval after is good.
func TestFault21SnmpdRestarts(t *testing.T) {
	d := startSnmpd(t, linuxConfig)
	c := d.collector(func(target *Target) { target.Timeout, target.Retries = 150*time.Millisecond, 1 })
	rates := pipeline.NewRates()
	poll := func() (b beat) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		reads, err := c.Collect(ctx, pipeline.LaneLive, func(table string) bool { return table == "interface" })
		batch := pipeline.Batch{Device: "linux", Lane: pipeline.LaneLive, Tables: reads}
		rates.Apply(&batch)
		read := tableOf(t, batch.Tables, "interface")
		if b.failed = read.Status == pipeline.Failed; b.failed != (err != nil) {
			t.Errorf("status %s, error %v", read.Status, err)
		}
		for _, s := range read.Samples {
			for _, f := range s.Fields {
				if strings.HasSuffix(f.Def.Name, "_per_second") && f.Def.Name != "speed_bits_per_second" {
					b.rates++
					if f.Value.Float() < 0 || f.Value.Float() > 1e12 {
						t.Errorf("%s of %s is %s", f.Def.Name, s.Series.Row(), f.Value)
					}
				}
			}
		}
		b.uptime = read.Uptime
		return b
	}
	wants := func(when, want string) beat {
		t.Helper()
		b := poll()
		if b.String() != want {
			t.Errorf("%s: %s, want %s (uptime %s)", when, b, want, b.uptime)
		}
		return b
	}
	wants("the first poll", "no rate")
	// It must be up for longer than the clocks of a poll may blur, or nothing tells the reboot.
	for wants("before", "good").uptime < 8*time.Second {
		time.Sleep(500 * time.Millisecond)
	}
	d.stop()
	down := time.Now()
	gaps := 0
	for range 3 {
		wants("killed", "gap")
		gaps++
	}
	d.start()
	back := wants("started again", "no rate")
	if back.uptime > 5*time.Second {
		t.Errorf("uptime %s after the start", back.uptime)
	}
	wants("the interval after", "good")
	killed := fmt.Sprintf("killed for %s: %d polls marked as gaps, then 1 interval without a delta, then good", time.Since(down).Round(time.Millisecond), gaps)

	if err := d.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	wants("stopped", "gap")
	wants("stopped", "gap")
	if err := d.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	wants("continued: nothing was reset, the delta spans the gap", "good")
	wants("the interval after", "good")
	sinktest.Fault{Row: "21", Trials: 2, Figures: killed + "; stopped: 2 polls marked as gaps, 0 intervals lost after"}.Report(t)
}
