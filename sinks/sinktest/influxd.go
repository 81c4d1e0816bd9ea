package sinktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const influxdInstall = "install it with: go install github.com/influxdata/influxdb/cmd/influxd@v1.8.3 (or set INFLUXD to its path)"

// Influxd is a real InfluxDB 1.8 server on loopback, with its data in a temporary folder.
type Influxd struct {
	URL string // http://127.0.0.1:port, the same after a restart

	binary string
	config string
	output string
	fatal  func(...any) // of a test
	cmd    *exec.Cmd
	exited chan struct{}
}

// StartInfluxd runs an InfluxDB for the length of a test and returns its address. A test that has to
// stop and start it uses NewInfluxd.
func StartInfluxd(tb testing.TB) (url string) {
	tb.Helper()
	return NewInfluxd(tb, "").URL
}

// NewInfluxd starts an InfluxDB; http is added to the [http] section of its config. It is stopped when
// the test ends.
func NewInfluxd(tb testing.TB, http string) *Influxd {
	tb.Helper()
	return newInfluxd(tb, findInfluxd, tb.TempDir(), http)
}

// NewOldInfluxd starts an InfluxDB before 1.8, which has the API of 1.x only.
func NewOldInfluxd(tb testing.TB, http string) *Influxd {
	tb.Helper()
	return newInfluxd(tb, findOldInfluxd, tb.TempDir(), http)
}

// NewInfluxdIn starts an InfluxDB that keeps its data in a folder; old: one before 1.8.
func NewInfluxdIn(tb testing.TB, dir string, old bool) *Influxd {
	tb.Helper()
	if old {
		return newInfluxd(tb, findOldInfluxd, dir, "")
	}
	return newInfluxd(tb, findInfluxd, dir, "")
}

func newInfluxd(tb testing.TB, find func() (string, error), dir, http string) *Influxd {
	tb.Helper()
	binary, err := find()
	if err != nil {
		tb.Fatal(err)
	}
	d, err := launch(binary, dir, http)
	if err != nil {
		tb.Fatal(err)
	}
	d.fatal = tb.Fatal
	tb.Cleanup(d.Kill) // nobody needs its data any more
	return d
}

// LaunchInfluxd starts an InfluxDB 1.8 for a program that is no test, with its data in a folder. Kill ends it.
func LaunchInfluxd(dir string) (*Influxd, error) {
	binary, err := findInfluxd()
	if err != nil {
		return nil, err
	}
	return launch(binary, dir, "")
}

func launch(binary, dir, http string) (*Influxd, error) {
	d := &Influxd{binary: binary, config: filepath.Join(dir, "influxdb.conf"), output: filepath.Join(dir, "influxd.log"),
		fatal: func(why ...any) { panic(fmt.Sprint(why...)) }}
	for try := 1; ; try++ {
		api, rpc, err := freePorts()
		if err != nil {
			return nil, err
		}
		d.URL = "http://" + api
		if err := os.WriteFile(d.config, []byte(influxdConfig(dir, api, rpc, http)), 0o600); err != nil {
			return nil, fmt.Errorf("influxd config: %w", err)
		}
		if err = d.start(); err == nil {
			return d, nil
		}
		// Somebody may have taken the port in between.
		if try == 3 {
			return nil, err
		}
	}
}

// Start starts it again after Stop or Kill, with its data.
func (d *Influxd) Start() {
	if err := d.start(); err != nil {
		d.fatal(err)
	}
}

// Stop ends it as a service manager does.
func (d *Influxd) Stop() { d.end(os.Interrupt) }

// Kill ends it with SIGKILL, as a crash does.
func (d *Influxd) Kill() { d.end(os.Kill) }

// Signal sends any signal: SIGSTOP makes a database that accepts and never answers.
func (d *Influxd) Signal(s os.Signal) {
	if d.cmd != nil {
		_ = d.cmd.Process.Signal(s)
	}
}

func (d *Influxd) start() error {
	log, err := os.OpenFile(d.output, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(d.binary, "-config", d.config)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", d.binary, err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // its log tells why
	}()
	d.cmd, d.exited = cmd, exited
	if err := d.waitHealthy(); err != nil {
		d.Kill()
		text, _ := os.ReadFile(d.output)
		return fmt.Errorf("influxd did not become healthy: %w; its log:\n%s", err, tail(text, 4096))
	}
	return nil
}

func (d *Influxd) end(s os.Signal) {
	if d.cmd == nil {
		return
	}
	_ = d.cmd.Process.Signal(s)
	select {
	case <-d.exited:
	case <-time.After(10 * time.Second):
		_ = d.cmd.Process.Kill()
		<-d.exited
	}
	d.cmd = nil
}

func (d *Influxd) waitHealthy() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if healthy(ctx, d.URL) {
			return nil
		}
		select {
		case <-d.exited:
			return errors.New("it exited")
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func healthy(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/ping", nil)
	if err != nil {
		return false
	}
	resp, err := direct().Do(req)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusNoContent
}

// direct is a client that keeps no connection, so that tests leave no goroutine.
func direct() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
}

func findInfluxd() (string, error) {
	if path := os.Getenv("INFLUXD"); path != "" {
		return path, nil
	}
	if path, err := exec.LookPath("influxd"); err == nil && !strings.HasPrefix(path, "/usr") {
		return path, nil // Debian's in /usr is 1.6.7, without the API that is used here
	}
	out, err := exec.Command("go", "env", "GOPATH").Output()
	if err != nil {
		return "", fmt.Errorf("influxd is not in PATH, and GOPATH is unknown: %w; %s", err, influxdInstall)
	}
	path := filepath.Join(strings.TrimSpace(string(out)), "bin", "influxd")
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("InfluxDB 1.8.3 is needed: %w; %s", err, influxdInstall)
	}
	return path, nil
}

// findOldInfluxd finds what .ci/install unpacked below the module.
func findOldInfluxd() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	path := filepath.Join(filepath.Dir(strings.TrimSpace(string(out))), ".tools", "influxd-1.6.7")
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("InfluxDB 1.6.7 is needed: %w; run .ci/install", err)
	}
	return path, nil
}

// freePorts are two that nobody listens on right now.
func freePorts() (one, two string, err error) {
	var free [2]string
	for i := range free {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", fmt.Errorf("free port: %w", err)
		}
		defer func() { _ = l.Close() }()
		free[i] = l.Addr().String()
	}
	return free[0], free[1], nil
}

func influxdConfig(dir, api, rpc, http string) string {
	return fmt.Sprintf(`reporting-disabled = true
bind-address = %q
[meta]
  dir = %q
  logging-enabled = false
[data]
  dir = %q
  wal-dir = %q
  query-log-enabled = false
[http]
  bind-address = %q
  log-enabled = false
  flux-enabled = true
%s
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[logging]
  level = "warn"
`, rpc, filepath.Join(dir, "meta"), filepath.Join(dir, "data"), filepath.Join(dir, "wal"), api, http)
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }
