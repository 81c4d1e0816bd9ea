package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// lines is a database that keeps the lines it is given, while it is up.
type lines struct {
	*httptest.Server
	up     atomic.Bool
	mu     sync.Mutex
	stored map[string]string // the key of a row and its time, to its counter
	twice  int               // written again, with the same value
	wrong  int               // written again, with another value
}

// newLines starts a database that takes what InfluxDB 2 takes.
func newLines(t *testing.T) *lines {
	d := &lines{stored: map[string]string{}}
	d.up.Store(true)
	counter := regexp.MustCompile(`^(interface,\S+) .*\brx_bytes=(\d+)i.* (\d+)$`)
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !d.up.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, err := gzip.NewReader(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		text, err := io.ReadAll(body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		d.mu.Lock()
		for _, line := range strings.Split(string(text), "\n") {
			if m := counter.FindStringSubmatch(line); m != nil {
				d.keep(m[1]+" "+m[3], m[2])
			}
		}
		d.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *lines) keep(at, value string) {
	switch was, known := d.stored[at]; {
	case !known:
		d.stored[at] = value
	case was == value:
		d.twice++
	default:
		d.wrong++
	}
}

// fleetConfig is a config that polls a simulated fleet every second and writes to a database.
func fleetConfig(t *testing.T, routers int, storage string) string {
	t.Helper()
	sim := simulator.Options{Routers: routers, Seed: 5, Quiet: true, Community: "public", User: "telemetry", Password: "telemetry"}
	fleet := simulator.New(sim)
	if err := fleet.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fleet.Close(); err != nil {
			t.Error(err)
		}
	})
	var b strings.Builder
	if err := writeFleetConfig(&b, fleet, sim); err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "routerpulse.yaml", b.String()+"\nlanes: { live: 1s, status: 5s, sessions: 5s }\nweb: { listen: 127.0.0.1:0 }\n"+storage)
}

// Fault 01: the program is killed again and again while the database is up half of the time. Every poll
// that was finished arrives, with its value, and it starts each time without help.
func TestFault01Killed(t *testing.T) {
	t.Parallel()
	db, data := newLines(t), t.TempDir()
	config := fleetConfig(t, 50, fmt.Sprintf("data: %q\nstorage: { influxdb: [{ name: main, url: %q, bucket: pulse }] }\n", data, db.URL))
	kept := &promises{kept: map[string]string{}}
	trials, died := sinktest.Trials(4, 100), 0
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	for trial := range trials {
		db.up.Store(trial%2 == 0)
		cmd, stderr, ended := startChild(t, config, kept)
		life := time.NewTimer(200*time.Millisecond + time.Duration(rng.Int64N(int64(2800*time.Millisecond))))
		select {
		case err := <-ended:
			died++
			t.Errorf("trial %d: it ended by itself: %v\n%s", trial, err, stderr)
			continue
		case <-life.C:
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-ended
	}
	db.up.Store(true)
	sendRest(t, config, kept, db)
	lost, wrong := kept.missing(db), kept.wrong(db)+db.wrong
	sinktest.Fault{Row: "01", Lost: lost, Wrong: wrong, Trials: trials,
		Figures: fmt.Sprintf("%d samples of finished polls, %d written more than once with the same value (a query sees one), %d of %d starts", len(kept.kept), db.twice, trials-died, trials)}.Report(t)
	if segments, _ := filepath.Glob(filepath.Join(data, "spool", "main", "*.bad")); len(segments) > 0 {
		t.Errorf("damaged: %v", segments)
	}
}

func (p *promises) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.kept)
}

// sendRest starts the program once more, until the database has all that was promised before. What this
// run promises itself does not count: there is always something that was polled just now.
func sendRest(t *testing.T, config string, kept *promises, db *lines) {
	t.Helper()
	sendRestTo(t, config, kept, func() *lines { return db })
}

// sendRestTo is sendRest for a database that has to be asked for what it has.
func sendRestTo(t *testing.T, config string, kept *promises, stored func() *lines) {
	t.Helper()
	cmd, stderr, ended := startChild(t, config, &promises{kept: map[string]string{}})
	childURL(t, stderr) // before, a signal just ends it
	sent := sinktest.Eventually(2*patience, func() bool { return kept.missing(stored()) == 0 })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	if err := <-ended; err != nil || !sent {
		t.Errorf("all sent: %t, %v\n%s", sent, err, stderr)
	}
}

// missing counts the promises that a database does not have.
func (p *promises) missing(d *lines) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	for at := range p.kept {
		if _, there := d.stored[at]; !there {
			n++
		}
	}
	return n
}

// wrong counts those of which it has another value.
func (p *promises) wrong(d *lines) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	for at, value := range p.kept {
		if got, there := d.stored[at]; there && got != value {
			n++
		}
	}
	return n
}
