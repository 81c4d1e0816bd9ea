package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
)

// childConfig names the config with which this test binary becomes the program, in a process of its own
// that can be killed.
const childConfig = "ROUTERPULSE_TEST_CHILD"

// childArgs are the arguments with which this test binary becomes the whole program.
const childArgs = "ROUTERPULSE_TEST_ARGS"

// startServe starts serve in a process of its own, until the test ends.
func startServe(t *testing.T, file string) *output {
	t.Helper()
	stderr := &output{}
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childArgs+"=serve --config.file "+file)
	cmd.Stdout, cmd.Stderr = stderr, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended, which Wait tells
		if err := cmd.Wait(); err != nil {
			t.Errorf("serve ended with %v:\n%s", err, stderr)
		}
	})
	return stderr
}

// child runs the program, and tells on file descriptor 3 of each sample that a sink promised to keep.
func child(config string) int {
	cfg, err := loadConfig(config, newRoot(streams{err: os.Stderr}).PersistentFlags(), os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	log, _ := newLogger(cfg.Log, os.Stderr)
	app, err := build(cfg, prometheus.NewRegistry(), log)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for i, s := range app.stored {
		app.stored[i].Sink = witness{s.Sink, os.NewFile(3, "witness")}
	}
	if err := app.run(untilSignal(), app.announce); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// witness tells of what a sink promised.
type witness struct {
	pipeline.Sink
	out *os.File
}

// Write tells of the interfaces of a batch once it is kept.
func (w witness) Write(ctx context.Context, b pipeline.Batch) error {
	if err := w.Sink.Write(ctx, b); err != nil {
		return err
	}
	var text strings.Builder
	if read := b.Table("interface"); read != nil {
		for _, s := range read.Samples {
			if v := s.Value("rx_bytes"); !v.IsNone() {
				fmt.Fprintf(&text, "%s %d %d\n", s.Series.Key(), b.Time.UnixMilli(), v.Int())
			}
		}
	}
	_, err := w.out.WriteString(text.String())
	return err
}

// promises are the samples that a child told of: the key of a row and its time, to its counter.
type promises struct {
	mu   sync.Mutex
	kept map[string]string
}

// startChild starts the program in a process of its own.
func startChild(t *testing.T, config string, into *promises) (cmd *exec.Cmd, stderr *output, ended <-chan error) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr = &output{}
	cmd = exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childConfig+"="+config)
	cmd.ExtraFiles, cmd.Stdout, cmd.Stderr = []*os.File{w}, stderr, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close() // the child's now
	var wg sync.WaitGroup
	wg.Go(func() { into.read(r) })
	done := make(chan error, 1)
	go func() { err := cmd.Wait(); wg.Wait(); done <- err }()
	return cmd, stderr, done
}

func (p *promises) read(r *os.File) {
	defer func() { _ = r.Close() }()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		text := lines.Text()
		i := strings.LastIndexByte(text, ' ')
		if i < 0 {
			continue // cut short by the end of the child
		}
		p.mu.Lock()
		p.kept[text[:i]] = text[i+1:]
		p.mu.Unlock()
	}
}
