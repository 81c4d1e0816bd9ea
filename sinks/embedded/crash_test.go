package embedded

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// crashDir tells the test binary to be the process that is killed.
const crashDir = "ROUTERPULSE_TEST_CRASH_DIR"

// crash writes batches for ever and prints the number of each one whose Write returned.
func crash(dir string) {
	// The next process may write a batch again that this one wrote: every value must be the same then.
	sinktest.Start = time.UnixMilli(1_700_000_000_000).UTC()
	s := New(Config{Path: dir}, pipeline.NewSchema(), prometheus.NewRegistry(), discard())
	if err := s.Open(); err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	from, _ := strconv.Atoi(os.Getenv(crashDir + "_FROM"))
	fleet := sinktest.NewFleet(pipeline.NewSchema(), "core-1")
	for n := from; ; n++ {
		if err := s.Write(context.Background(), poll(fleet, n)); err != nil {
			fmt.Println("write:", err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

// poll has a time that both processes agree on.
func poll(f *sinktest.Fleet, n int) pipeline.Batch {
	b := f.Poll(n)
	b.Time = time.UnixMilli(1_700_000_000_000).Add(time.Duration(n) * time.Second)
	return b
}

// TestFault41Kill: a batch whose Write returned survives SIGKILL, again and again.
func TestFault41Kill(t *testing.T) {
	dir, next := t.TempDir(), 0
	fleet := sinktest.NewFleet(pipeline.NewSchema(), "core-1")
	row := fleet.Poll(0).Table("interface").Samples[0].Series
	fault := sinktest.Fault{Row: "41", Trials: sinktest.Trials(3, 100)}
	for round := range fault.Trials {
		last := runUntilKilled(t, dir, next, 20+rand.IntN(60))
		s := New(Config{Path: dir}, pipeline.NewSchema(), prometheus.NewRegistry(), discard())
		if err := s.Open(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		m := query(t, s, selector(row, "rx_bytes")+"[3h]", poll(fleet, last+1).Time)
		if len(m.Result) != 1 {
			t.Fatalf("round %d: %d series", round, len(m.Result))
		}
		stored := map[float64]string{}
		for _, v := range m.Result[0].Values {
			stored[v[0].(float64)] = v[1].(string)
		}
		fault.Duplicated += len(m.Result[0].Values) - len(stored)
		for n := 0; n <= last; n++ {
			b := poll(fleet, n)
			want := b.Table("interface").Samples[0].Value("rx_bytes").String()
			switch got, ok := stored[float64(b.Time.UnixMilli())/1000]; {
			case !ok:
				fault.Lost++
			case got != want:
				fault.Wrong++
				t.Logf("round %d: batch %d of %d: stored %q, want %q", round, n, last, got, want)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		next = last + 1 // it may be stored already: the same values are no conflict
	}
	fault.Figures = fmt.Sprintf("%d of %d starts, %d batches", fault.Trials, fault.Trials, next)
	fault.Report(t)
}

// crashCoarse writes minute after minute into both stores.
func crashCoarse(dir string) {
	s := New(years(dir), pipeline.NewSchema(), prometheus.NewRegistry(), discard())
	if err := s.Open(); err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	from, _ := strconv.Atoi(os.Getenv(crashDir + "_FROM"))
	for n := from; ; n++ {
		if err := s.Write(context.Background(), minuteBatch(s.schema.Table("interface"), n)); err != nil {
			fmt.Println("write:", err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

// TestFault41KillCoarse: nothing is lost in the coarse store either, or there twice, when the process is killed
// while it writes a block or before.
func TestFault41KillCoarse(t *testing.T) {
	dir, next := t.TempDir(), 0
	fault := sinktest.Fault{Row: "41", Trials: sinktest.Trials(3, 30)}
	for range fault.Trials {
		last := runUntilKilled(t, dir, next, 2*day+rand.IntN(day), crashDir+"_COARSE=1")
		s := openYears(t, dir)
		checkWindows(t, s, last-last%5)
		blocks := s.coarse.db.Blocks()
		for i := 1; i < len(blocks); i++ {
			if blocks[i].MinTime() < blocks[i-1].MaxTime() {
				fault.Duplicated++
			}
		}
		closeStore(t, s)
		next = last + 1
	}
	fault.Figures = fmt.Sprintf("coarse store: %d of %d starts, %d days", fault.Trials, fault.Trials, next/day)
	fault.Report(t)
}

// runUntilKilled lets a process write n batches, kills it and returns the last that it told of.
func runUntilKilled(t *testing.T, dir string, from, n int, env ...string) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), crashDir+"="+dir, crashDir+"_FROM="+strconv.Itoa(from)), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := -1
	for lines := bufio.NewScanner(out); lines.Scan(); {
		told, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("child: %s", lines.Text())
		}
		if last = told; told >= from+n {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait() // killed
	if last < from+n {
		t.Fatalf("child ended after batch %d", last)
	}
	return last
}
