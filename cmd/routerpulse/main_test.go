package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if config := os.Getenv(childConfig); config != "" {
		os.Exit(child(config))
	}
	if args := os.Getenv(childArgs); args != "" {
		os.Exit(execute(untilSignal(), strings.Fields(args), streams{os.Stdin, os.Stdout, os.Stderr}))
	}
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what must come; far more than it takes.
const patience = time.Minute

// output is a writer that can be read while it is written.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// contains spares the copy that String makes: a log at debug is long, and is waited for.
func (o *output) contains(text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Contains(o.buf.Bytes(), []byte(text))
}

// await waits until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in %s: %s", patience, what)
		}
	}
}

// process is the program, run inside the test.
type process struct {
	out, err output
	cancel   context.CancelFunc
	done     chan struct{}
	code     int
}

// start runs the program with its arguments; it is stopped when the test ends.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.code = execute(ctx, args, streams{strings.NewReader(""), &p.out, &p.err})
	}()
	t.Cleanup(func() {
		if p.stop(); t.Failed() {
			t.Logf("stdout:\n%s\nstderr:\n%s", p.out.String(), p.err.String())
		}
	})
	return p
}

// stop asks it to end and returns its exit code.
func (p *process) stop() int {
	p.cancel()
	<-p.done
	return p.code
}

// url waits until the page is there, and returns its address without the last slash.
func (p *process) url(t *testing.T) string {
	t.Helper()
	pattern := regexp.MustCompile(`page(?: is at|  ) +(http://[^/\s"]+)/`)
	var found []string
	await(t, "the page's address", func() bool {
		found = pattern.FindStringSubmatch(p.out.String() + p.err.String())
		select {
		case <-p.done:
			t.Fatalf("it ended with %d:\n%s", p.code, p.err.String())
		default:
		}
		return found != nil
	})
	return found[1]
}

// run runs the program to its end.
func run(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	p := start(t, args...)
	select {
	case <-p.done:
	case <-time.After(2 * patience):
		t.Fatalf("routerpulse %s does not end", strings.Join(args, " "))
	}
	return p.code, p.out.String(), p.err.String()
}

// writeFile writes a file into the test's folder and returns its path.
func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
