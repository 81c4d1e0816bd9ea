package spool

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// childFolder names the folder in which this test binary, as a process of its own under strace, appends
// records and tells of each on its standard output.
const childFolder = "ROUTERPULSE_TEST_SPOOL"

// childRecords is how many it appends.
const childRecords = 120

func child(dir string) int {
	cfg := DefaultConfig()
	cfg.SegmentBytes = minSegment
	s := New(cfg, Options{Dir: dir, Destination: "main", Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	if err := s.Open(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var clock atomic.Int64 // a clock that runs fast, so that the second after a failure is over soon
	s.now = func() time.Time { return time.Unix(1_767_225_600, clock.Add(int64(300*time.Millisecond))) }
	for n := 1; n <= childRecords; n++ {
		for range 20 {
			seq, err := s.Append(Record{Points: 2, Lines: childLines(n), MinTime: int64(n), MaxTime: int64(n)})
			if err == nil {
				fmt.Println(seq, n)
				break
			}
		}
		if n%20 == 0 {
			s.syncOnce()
		}
	}
	fmt.Println("errors", int(testutil.ToFloat64(s.metrics.errors.WithLabelValues("EIO"))+testutil.ToFloat64(s.metrics.errors.WithLabelValues("ENOSPC"))))
	fmt.Println("shed", shedBy(s, shedDisk)+shedBy(s, shedCap))
	return 0 // killed as it were: nothing is closed
}

// childLines are a few kilobytes, so that segments are filled.
func childLines(n int) []byte {
	var b bytes.Buffer
	for i := range 60 {
		fmt.Fprintf(&b, "m,row=%d v=%di,w=%di %d\n", i, n*7919*(i+1), n*104729*(i+3)%1000003, n)
	}
	return b.Bytes()
}

// traced runs a child under strace with a fault, and returns what it promised and how many errors it met.
func traced(t *testing.T, dir, syscalls, inject string) (promised map[uint64]int, errs, shed int) {
	t.Helper()
	cmd := exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace="+syscalls, "-e", "inject="+inject, os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childFolder+"="+dir)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%s: %v: %s", inject, err, exit.Stderr)
		}
		t.Fatalf("strace is needed for this test (Debian: strace): %v", err)
	}
	promised = map[uint64]int{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var seq uint64
		var n int
		_, _ = fmt.Sscanf(lines.Text(), "errors %d", &errs)
		_, _ = fmt.Sscanf(lines.Text(), "shed %d", &shed)
		if _, err := fmt.Sscan(lines.Text(), &seq, &n); err == nil {
			promised[seq] = n
		}
	}
	return promised, errs, shed
}

// judge opens what a child left and compares it with what it promised.
func judge(t *testing.T, dir string, promised map[uint64]int) (lost, wrong, damaged int) {
	t.Helper()
	s := New(DefaultConfig(), Options{Dir: dir, Destination: "main", Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	got := drain(s)
	for seq, n := range promised {
		switch text, there := got[seq]; {
		case !there:
			lost++
		case text != string(childLines(n)):
			wrong++
		}
	}
	damaged = shedBy(s, shedDamaged)
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
	return lost, wrong, damaged
}

// Fault 09: the n-th write fails, for want of room or with an I/O error. What was promised is there, and
// no half record.
func TestFault09WriteFails(t *testing.T) {
	trials, lost, wrong, damaged, met := 0, 0, 0, 0, 0
	for n := 1; n <= sinktest.Trials(2, 200); n++ {
		for _, errno := range []string{"ENOSPC", "EIO"} {
			dir := t.TempDir()
			promised, errs, shed := traced(t, dir, "pwrite64", fmt.Sprintf("pwrite64:error=%s:when=%d", errno, n))
			l, w, d := judge(t, dir, promised)
			l = max(0, l-shed) // what is shed is told of
			if l > 0 {
				t.Logf("%s at write %d: %d of %d lost, %d errors", errno, n, l, len(promised), errs)
			}
			trials, lost, wrong, damaged, met = trials+1, lost+l, wrong+w, damaged+d, met+errs
		}
	}
	sinktest.Fault{Row: "09", Lost: lost, Wrong: wrong + damaged, Trials: trials,
		Figures: fmt.Sprintf("writes 1 to %d failed with ENOSPC and EIO; %d errors were met, %d damaged records found", trials/2, met, damaged)}.Report(t)
}

// Fault 10: fsync fails with an I/O error. The segment is sealed, what was not on the disk is written to
// another, and the error is counted.
func TestFault10SyncFails(t *testing.T) {
	trials, lost, wrong, met := 0, 0, 0, 0
	for n := 1; n <= sinktest.Trials(2, 12); n++ {
		dir := t.TempDir()
		promised, errs, _ := traced(t, dir, "fdatasync", fmt.Sprintf("fdatasync:error=EIO:when=%d", n))
		l, w, d := judge(t, dir, promised)
		trials, lost, wrong, met = trials+1, lost+l, wrong+w+d, met+errs
		if len(promised) != childRecords {
			t.Errorf("sync %d: %d records promised", n, len(promised))
		}
	}
	if met == 0 {
		t.Error("no error was counted")
	}
	sinktest.Fault{Row: "10", Lost: lost, Wrong: wrong, Trials: trials, Figures: fmt.Sprintf("%d errors counted", met)}.Report(t)
}

// Fault 08: the disk is full: 32 MiB with segments of 1 MiB, and the database away. The oldest segments
// go, counted to the sample; when there is room it goes on.
func TestFault08DiskFull(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: mounting a small file system needs root")
	}
	dir, mib := t.TempDir(), sinktest.Trials(8, 32)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	s := New(Config{MaxBytes: 1 << 30, SegmentBytes: int64(mib) << 15, Fsync: syncInterval}, Options{Dir: dir + "/spool", Destination: "main",
		Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	appended, refused, n := 0, 0, 0
	fillUp := func(until int) {
		for ; n < until; n++ {
			if _, err := s.Append(Record{Points: 60, Lines: childLines(n), MinTime: int64(n), MaxTime: int64(n)}); err != nil {
				refused++
			} else {
				appended++
			}
		}
	}
	fillUp(2000 * mib) // twice what there is room for
	other, err := os.Create(dir + "/other")
	if err != nil {
		t.Fatal(err)
	}
	for chunk := make([]byte, 1<<16); ; {
		if _, err := other.Write(chunk); err != nil {
			break
		}
	}
	fillUp(n + 1000) // nothing is left for the spool but what it has
	if err := errors.Join(other.Close(), os.Remove(dir+"/other")); err != nil {
		t.Fatal(err)
	}
	room := time.Now()
	for {
		if _, err := s.Append(Record{Points: 60, Lines: childLines(n), MinTime: 1, MaxTime: 1}); err == nil {
			appended++
			break
		}
		if time.Since(room) > 5*time.Second {
			t.Fatalf("it does not go on: %+v", s.State())
		}
		time.Sleep(10 * time.Millisecond)
	}
	took := time.Since(room)
	shed := int(testutil.ToFloat64(s.metrics.shedSamples.WithLabelValues(shedDisk)))
	left := len(drain(s)) * 60
	if err := s.Close(context.Background()); err != nil && !strings.Contains(err.Error(), "no space") {
		t.Error(err)
	}
	gone := appended*60 - left
	if shed == 0 {
		t.Error("nothing was shed")
	}
	sinktest.Fault{Row: "08", Lost: max(0, gone-shed), Wrong: max(0, shed-gone), Trials: n,
		Figures: fmt.Sprintf("%d samples shed, %d reported; %d polls refused while there was no room at all; goes on %v after there is room (asked: < 2 s)",
			gone, shed, refused, took.Round(time.Millisecond))}.Report(t)
}
