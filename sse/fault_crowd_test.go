//go:build linux

package sse

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// TestFault33TenthDoesNotRead: of many subscribers a tenth stops reading. The others get every change;
// those are cut off.
//
// The full figures are of 10,000 subscribers at the pace and the times of the real program; there the
// delay, the memory and how long Publish takes are judged, too.
func TestFault33TenthDoesNotRead(t *testing.T) {
	n, changes := sinktest.Trials(100, 10_000), sinktest.Trials(400, 1500)
	full := sinktest.Trials(0, 1) == 1
	opt, pace := testOptions(), 2*time.Millisecond
	opt.write = time.Second
	if full {
		opt, pace = defaultOptions(), 30*time.Millisecond
	}
	cfg := testConfig()
	cfg.Access.Limits.PerAddress, cfg.Access.Limits.Total = n, n
	s := serve(t, cfg, opt)
	f := newFleet()
	for i := range changes {
		s.hub.Publish(f.live(fmt.Sprintf("core-%d", i), fields{"cpu_percent": 1}))
	}
	eventually(t, "all rows", func() bool { rows, _ := s.counts(); return rows >= changes })
	debug.FreeOSMemory()
	before := residentBytes(t)
	c := startCrowd(t, s)
	c.do("open %d %d", n, n/10)
	c.do("stall")

	stalls := watchStalls(s.hub)
	took := make([]time.Duration, 0, changes)
	for i := range changes { // each router changes once: nothing of it can be merged
		due := time.Now().Add(pace)
		b := f.live(fmt.Sprintf("core-%d", i), fields{"identity": fmt.Sprintf("at %d %s", time.Now().UnixMicro(), strings.Repeat("x", 40))})
		start := time.Now()
		s.hub.Publish(b)
		took = append(took, time.Since(start))
		stalls.look()
		<-time.After(time.Until(due))
	}
	r := c.do("await %d", changes)
	// Until the buffers of all who do not read are full, and their time is over.
	for i := 0; s.ended(endSlow) < n/10 && i < 200*changes; i++ {
		s.hub.Publish(f.live(fmt.Sprintf("core-%d", i%changes), fields{"identity": fmt.Sprintf("again %d %s", i, strings.Repeat("y", 40))}))
		stalls.look()
		<-time.After(pace)
	}
	cut := s.ended(endSlow)
	debug.FreeOSMemory()
	memory := (residentBytes(t) - before) / n
	slices.Sort(took)
	p999 := took[len(took)*999/1000]
	figures := fmt.Sprintf("%d subscribers, %d did not read: %d cut off, at most %v after they stalled; the others' p99 %.0f ms (a sleeper's %.0f); Publish p99.9 %v",
		n, n/10, cut, stalls.longest.Round(time.Millisecond), r.P99, r.Control, p999)
	if full {
		figures += fmt.Sprintf("; %d bytes a subscriber", memory)
		switch {
		case r.P99-r.Control > float64((opt.tick+100*time.Millisecond)/time.Millisecond):
			t.Error("those who read waited too long")
		case stalls.longest > 15*time.Second:
			t.Error("those who did not read were kept too long")
		case memory > 6<<10:
			t.Error("a subscriber takes too much memory")
		case p999-time.Duration(r.Control*float64(time.Millisecond)) > time.Millisecond:
			t.Error("Publish took too long")
		}
	}
	sinktest.Fault{Row: "33", Lost: r.Missing, Wrong: r.Lost + n/10 - cut, Trials: n, Figures: figures}.Report(t)
}

// stalls is what is seen of connections that do not get on.
type stalls struct {
	pump    *pump
	since   map[uint64]time.Time
	looked  time.Time
	longest time.Duration
}

func watchStalls(h *Hub) *stalls { return &stalls{pump: h.pump, since: map[uint64]time.Time{}} }

// look takes note of who stalls now, and of who did and is gone.
func (s *stalls) look() {
	now := time.Now()
	if now.Sub(s.looked) < 100*time.Millisecond {
		return // it holds up the pump
	}
	s.looked = now
	s.pump.mu.Lock()
	defer s.pump.mu.Unlock()
	for number, at := range s.since {
		if s.pump.open[number] == nil {
			s.longest = max(s.longest, now.Sub(at))
			delete(s.since, number)
		}
	}
	for number, c := range s.pump.open {
		if at := c.stalled.Load(); at != 0 {
			s.since[number] = time.Unix(0, at)
		} else {
			delete(s.since, number)
		}
	}
}

// residentBytes is the memory that this process has.
func residentBytes(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(data))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
