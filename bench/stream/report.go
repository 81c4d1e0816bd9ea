package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// report is all that was measured.
type report struct {
	Trials    []figures  `json:"trials"`
	Opening   *opening   `json:"opening,omitempty"`
	Restarted *restarted `json:"restarted,omitempty"`
	Ratio     float64    `json:"ratio,omitempty"` // r3labs' CPU for each change by ours, in the scenario load
}

func (r *report) add(f figures) { r.Trials = append(r.Trials, f) }

// find is the trial of a server in a scenario; nil if there was none.
func (r *report) find(scenario, server string) *figures {
	for i := range r.Trials {
		if f := &r.Trials[i]; f.Scenario == scenario && f.Server == server {
			return f
		}
	}
	return nil
}

// write prints the table and keeps the raw figures.
func (r *report) write(out string) error {
	fmt.Printf("\n%-10s %-12s %6s %9s %9s %8s %8s %8s %8s %9s %9s %9s %8s\n", "", "", "", "CPU,", "delivered", "bytes a", "p50,", "p99,", "memory,", "resident,",
		"missing", "publish", "sleeper")
	fmt.Printf("%-10s %-12s %6s %9s %9s %8s %8s %8s %8s %9s %9s %9s %8s\n", "scenario", "server", "subs", "µs/change", "of 1,000", "change", "ms", "ms", "KB/conn", "KB/conn",
		"changes", "p99.9, ms", "p99, ms")
	for i := range r.Trials {
		r.Trials[i].print()
	}
	r.asked()
	if a, b := r.find("load", ours), r.find("load", r3labs); a != nil && b != nil && a.CPUPer > 0 {
		r.Ratio = b.CPUPer / a.CPUPer
	}
	if a, b := r.find("page", ours), r.find("page", r3labs); a != nil && b != nil && a.CPUPer > 0 {
		fmt.Printf("\nof 1,000 subscribers, with whom all keep up: %.1f times as much CPU for each change with %s\n", b.CPUPer/a.CPUPer, r3labs)
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Clean(out), append(data, '\n'), 0o644); err != nil {
		return err
	}
	if r.Ratio > 0 {
		fmt.Printf("ratio: %.1f\n", r.Ratio)
	}
	return nil
}

func (f *figures) print() {
	share := 1000 * float64(f.Delivered) / float64(max(1, int(f.Offered)*(f.Subscribers-f.Stalled)))
	fmt.Printf("%-10s %-12s %6d %9.2f %9.0f %8.0f %8.0f %8.0f %8.1f %9.1f %9d %9.2f %8.0f\n", f.Scenario, f.Server, f.Subscribers, f.CPUPer, share,
		float64(f.Bytes)/float64(max(1, f.Delivered)), f.P50, f.P99, f.Memory/1024, f.Resident/1024, f.Missing, f.PublishP999, f.Control)
}

// asked prints RouterPulse's figures beside what was asked for.
func (r *report) asked() {
	fmt.Printf("\n%-46s %-22s %s\n", ours, "measured", "asked")
	line := func(what, asked, format string, args ...any) {
		fmt.Printf("%-46s %-22s %s\n", what, fmt.Sprintf(format, args...), asked)
	}
	if f := r.find("load", ours); f != nil {
		line("CPU for each delivered change", "<= 2 µs", "%.2f µs", f.CPUPer)
		line("memory for each connection", "<= 6 KB", "%.1f KB", f.Memory/1024)
	}
	if f := r.find("page", ours); f != nil {
		line("change to browser, p99", "<= 300 ms", "%.0f ms", f.P99)
	}
	if f := r.find("stalled", ours); f != nil {
		line(fmt.Sprintf("%d of %d do not read: the others' p99", f.Stalled, f.Subscribers), "<= 350 ms", "%.0f ms", f.P99)
		line("  changes that they miss", "0", "%d", f.Missing)
		line("  Publish, p99.9", "< 1 ms", "%.2f ms", f.PublishP999)
		line("  heap that a stalled one adds", "<= 64 KB, a frame", "%.1f KB", max(0, float64(f.LiveStalled)-float64(f.LiveBefore))/1024/float64(f.Stalled))
		line("  stalled ones cut off", "all", "%d", f.Ended["slow"])
	}
	if o := r.Opening; o != nil {
		line(fmt.Sprintf("%d streams opened, a second", o.Streams), ">= 3000", "%.0f", o.PerSecond)
	}
	if s := r.Restarted; s != nil {
		line(fmt.Sprintf("restart: %d pages in sync again", s.Pages), "<= 15 s", "%.1f s (from stop %.1f)", s.AllBack, s.FromStop)
		line("  rows, bytes of each", "1000, <= 400", "%d, %.0f", s.Rows, s.RowBytes)
		line("  most connections in a second", "no storm", "%d", s.Peak)
		line("  pages blank at any time", "0", "%d", s.Blank)
	}
}
