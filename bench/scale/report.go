package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/routerpulse/routerpulse/bench/slots"
)

// result is what one run found.
type result struct {
	slots.Lateness

	Routers        int     `json:"routers"`
	Interfaces     int     `json:"interfaces"`
	Store          bool    `json:"store"`
	PeriodSeconds  float64 `json:"period_seconds"`
	Seconds        float64 `json:"seconds"`
	CPUSeconds     float64 `json:"cpu_seconds"`
	CPUMsPerPoll   float64 `json:"cpu_ms_per_poll"`
	RSSMegabyte    float64 `json:"rss_mb"`
	MaxRSSMegabyte float64 `json:"max_rss_mb"`
	HeapMegabyte   float64 `json:"heap_goal_mb"` // what the heap may grow to before the next collection
	OpenFiles      int     `json:"open_files"`
	// ControlP99 is how late a goroutine that only sleeps woke in this process: what the machine, and
	// whatever else runs on it, adds to the lateness.
	ControlP99 float64 `json:"control_p99_ms"`
	// What the program itself says of the measured time. LateShare is the part of all its runs that
	// began over a quarter of a second late by its own clock.
	LateShare float64 `json:"late_share"`
	Skipped   float64 `json:"slots_skipped"`
	Timeouts  float64 `json:"snmp_timeouts"`
	Samples   float64 `json:"samples"`
}

// note takes down what the program's own metrics say of the measured time.
func (r *result) note(before, after map[string]float64) {
	grown := func(name string) float64 { return after[name] - before[name] }
	r.Skipped, r.Timeouts, r.Samples = grown("routerpulse_polls_skipped_total"), grown("routerpulse_snmp_timeouts_total"), grown("routerpulse_pipeline_samples_total")
	r.HeapMegabyte = after["go_memstats_next_gc_bytes"] / (1 << 20)
	runs := grown("routerpulse_poll_lateness_seconds_count")
	r.LateShare = 1 - grown(`routerpulse_poll_lateness_seconds_bucket{le="0.25"}`)/max(1, runs)
}

// report is the large run and the small pair.
type report struct {
	Large      *result `json:"large"`
	SmallOff   *result `json:"small_without_store"`
	SmallStore *result `json:"small_with_store"`
	// KBPerDevice is the memory for each device of the large run beyond the first 100 MB.
	KBPerDevice float64 `json:"kb_per_device"`
	// StoreKBPerDevice is what the embedded store adds.
	StoreKBPerDevice float64 `json:"store_kb_per_device"`
}

// freeMegabytes are not counted: the program without devices.
const freeMegabytes = 100

func (r *report) write(o options) error {
	r.KBPerDevice = (r.Large.MaxRSSMegabyte - freeMegabytes) * 1024 / float64(r.Large.Routers)
	fmt.Printf("\n%-28s %s\n", "", "measured        asked")
	line := func(what, format string, asked string, args ...any) {
		fmt.Printf("%-28s %-15s %s\n", what, fmt.Sprintf(format, args...), asked)
	}
	l := r.Large
	line("routers x interfaces", "%d x %d", "", l.Routers, l.Interfaces)
	line("polls measured", "%d", "", l.Polls)
	line("missed polls", "%d", "0", l.Missed)
	line("lateness p50", "%.1f ms", "", l.P50)
	line("lateness p99", "%.1f ms", "< 250 ms", l.P99)
	line("lateness max", "%.0f ms", "", l.Max)
	line("  of a mere sleeper, p99", "%.1f ms", "what the machine adds", l.ControlP99)
	line("  runs > 250 ms late", "%.2f %%", "by the program's own clock, all lanes", 100*l.LateShare)
	line("memory at most (RSS)", "%.0f MB", "", l.MaxRSSMegabyte)
	line("  goal of the collector", "%.0f MB", "", l.HeapMegabyte)
	line("  for each device", "%.1f KB", "<= 64 KB beyond the first 100 MB (stretch 32)", r.KBPerDevice)
	line("CPU", "%.2f ms/poll", "", l.CPUMsPerPoll)
	line("  of one core", "%.0f %%", "", 100*l.CPUSeconds/l.Seconds)
	line("open files", "%d", fmt.Sprintf("< %d", openFiles), l.OpenFiles)
	line("slots skipped, timeouts", "%.0f, %.0f", "", l.Skipped, l.Timeouts)
	if r.SmallStore != nil {
		r.StoreKBPerDevice = (r.SmallStore.MaxRSSMegabyte - r.SmallOff.MaxRSSMegabyte) * 1024 / float64(r.SmallStore.Routers)
		line("embedded store adds", "%.1f KB", fmt.Sprintf("a device, of %d (%.0f MB with, %.0f MB without)", r.SmallStore.Routers,
			r.SmallStore.MaxRSSMegabyte, r.SmallOff.MaxRSSMegabyte), r.StoreKBPerDevice)
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Clean(o.out), append(data, '\n'), 0o644)
}
