package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
	"github.com/routerpulse/routerpulse/sinks/spool"
)

// fillSpool writes records of a poll's size into the spool of the destination main until it takes so many
// bytes on the disk, and returns how many samples wait in it then.
func fillSpool(t *testing.T, data string, bytes int64) (samples int) {
	t.Helper()
	s := spool.New(spool.DefaultConfig(), spool.Options{Dir: filepath.Join(data, "spool", "main"), Destination: "main",
		Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	random := rand.NewChaCha8([32]byte{1})
	noise := make([]byte, 1200) // what a poll of 20 interfaces takes, and cannot be compressed much
	for at := time.Now().Add(-time.Hour).UnixMilli(); s.State().Bytes < bytes; at++ {
		_, _ = random.Read(noise) // never fails
		line := fmt.Sprintf("noise,device=r%d text=%q %d\n", at%500, base64.StdEncoding.EncodeToString(noise), at)
		if _, err := s.Append(spool.Record{Points: 1, Lines: []byte(line), MinTime: at, MaxTime: at}); err != nil {
			t.Fatal(err)
		}
	}
	samples = s.State().Points
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	return samples
}

// Fault 01, its other half: the program is killed while a large spool waits for a database that is away,
// and the next start is as quick as any.
func TestFault01LargeSpool(t *testing.T) {
	t.Parallel()
	const asked = 2 * time.Second
	size := int64(sinktest.Trials(8, 1024)) << 20
	data, db := t.TempDir(), newLines(t)
	db.up.Store(false)
	written := fillSpool(t, data, size)
	config := fleetConfig(t, 10, fmt.Sprintf("data: %q\nstorage: { influxdb: [{ name: main, url: %q, bucket: pulse }] }\n", data, db.URL))
	fault, slowest := sinktest.Fault{Row: "01", Trials: sinktest.Trials(1, 5)}, time.Duration(0)
	for trial := range fault.Trials + 1 {
		kept := &promises{kept: map[string]string{}}
		begin := time.Now()
		cmd, stderr, ended := startChild(t, config, kept)
		base := childURL(t, stderr)
		resp, err := http.Get(base + "/-/ready")
		took := time.Since(begin)
		if err != nil {
			t.Fatal(err)
		}
		if _ = resp.Body.Close(); resp.StatusCode != http.StatusOK {
			t.Errorf("/-/ready: %s", resp.Status)
		}
		if trial > 0 { // the first one follows no kill
			slowest = max(slowest, took)
		}
		fault.Lost = max(fault.Lost, written-int(figuresOf(t, base).sum("routerpulse_spool_samples")))
		await(t, "polls", func() bool { return kept.count() > 100 })
		signal := syscall.SIGKILL
		if trial == fault.Trials {
			signal = syscall.SIGTERM
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; (err == nil) != (signal == syscall.SIGTERM) {
			t.Errorf("after %v it ended with %v\n%s", signal, err, stderr)
		}
		written += kept.count() // at least: there are other tables, too
	}
	if size == 1<<30 && slowest > asked {
		t.Errorf("a start took %v", slowest)
	}
	fault.Figures = fmt.Sprintf("killed with a spool of %d MiB: ready within %v (asked: 2 s with 1 GiB), with all %d samples",
		size>>20, slowest.Round(time.Millisecond), written)
	fault.Report(t)
}
