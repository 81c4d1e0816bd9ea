package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// delays are those from a router's slot to a subscriber: how long the poll took, and the stream.
type delays struct {
	mu   sync.Mutex
	list []time.Duration
}

// note is told of each row that arrives.
func (d *delays) note(key string, patch row) {
	at, ok := patch["last_good"].(json.Number)
	ms, err := at.Int64()
	if !ok || err != nil || !strings.HasPrefix(key, "router.live ") {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, time.Since(time.UnixMilli(ms)))
}

// take hands out what came since the last time.
func (d *delays) take() []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.list
	d.list = nil
	return list
}

func p99(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)*99/100]
}

// childURL waits for the address of a child's page.
func childURL(t *testing.T, stderr *output) string {
	t.Helper()
	var found []string
	pattern := regexp.MustCompile(`page is at (http://[^/\s"]+)/`)
	await(t, "the page of the child", func() bool { found = pattern.FindStringSubmatch(stderr.String()); return found != nil })
	return found[1]
}

func figuresOf(t *testing.T, base string) figures {
	t.Helper()
	resp, err := http.Get(base + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	f, err := parser.TextToMetricFamilies(io.LimitReader(resp.Body, maxFigures))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// lateness counts the polls between two looks, and says how late all but a hundredth of them started: as
// the buckets of a histogram tell it, with the polls of a bucket spread over it evenly.
func lateness(before, now figures) (polls float64, p99 time.Duration) {
	count := map[float64]float64{}
	for i, look := range []figures{before, now} {
		sign := float64(2*i - 1)
		for _, m := range look["routerpulse_poll_lateness_seconds"].GetMetric() {
			polls += sign * float64(m.GetHistogram().GetSampleCount())
			for _, b := range m.GetHistogram().GetBucket() {
				count[b.GetUpperBound()] += sign * float64(b.GetCumulativeCount())
			}
		}
	}
	var bound, within float64
	for _, next := range slices.Sorted(maps.Keys(count)) {
		switch n := count[next]; {
		case n < polls*.99:
			bound, within = next, n
		case math.IsInf(next, 1):
			return polls, time.Hour
		default:
			return polls, time.Duration((bound + (next-bound)*(polls*.99-within)/(n-within)) * float64(time.Second)).Round(time.Millisecond)
		}
	}
	return polls, time.Hour
}

// resident is a process' memory, in bytes.
func resident(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// window is what was seen of a child for a while.
type window struct {
	polls           float64
	lateness, delay time.Duration
	resident        int64 // the most
	rows            int   // that a subscriber got
}

func (w window) String() string {
	return fmt.Sprintf("%.0f polls, lateness p99 %v, from slot to subscriber p99 %v, %d MiB resident", w.polls, w.lateness, w.delay.Round(time.Millisecond), w.resident>>20)
}

func watchChild(t *testing.T, base string, pid int, seen *delays, length time.Duration) (w window) {
	t.Helper()
	seen.take()
	before := figuresOf(t, base)
	for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		w.resident = max(w.resident, resident(t, pid))
	}
	w.polls, w.lateness = lateness(before, figuresOf(t, base))
	list := seen.take()
	w.rows, w.delay = len(list), p99(list)
	return w
}

// storedIn reads the counters that a real InfluxDB has.
func storedIn(t *testing.T, url string) *lines {
	t.Helper()
	d := &lines{stored: map[string]string{}}
	escape := strings.NewReplacer(",", `\,`, " ", `\ `, "=", `\=`)
	for _, s := range sinktest.QueryInfluxQL(t, url, "pulse", `SELECT "rx_bytes" FROM "interface" GROUP BY *`) {
		var tags []string
		for k, v := range s.Tags {
			if v != "" {
				tags = append(tags, escape.Replace(k)+"="+escape.Replace(v))
			}
		}
		slices.Sort(tags)
		for _, v := range s.Values {
			d.keep(fmt.Sprintf("interface,%s %v", strings.Join(tags, ","), v[0]), fmt.Sprint(v[1]))
		}
	}
	return d
}

// Fault 04: the database is stopped, so that it accepts and never answers. Routers are polled and
// subscribers served as if nothing had been; what was polled meanwhile arrives when it goes on.
func TestFault04DatabaseStopped(t *testing.T) {
	const mostGrowth, mostLater = 32 << 20, 100 * time.Millisecond
	routers, full := sinktest.Trials(10, 50), sinktest.Trials(0, 1) == 1
	length, warm := time.Duration(sinktest.Trials(3, 60))*time.Second, time.Duration(sinktest.Trials(1, 30))*time.Second
	db := sinktest.NewInfluxd(t, "")
	sinktest.QueryInfluxQL(t, db.URL, "", "CREATE DATABASE pulse")
	config := fleetConfig(t, routers, fmt.Sprintf("data: %q\nstorage: { influxdb: [{ name: main, url: %q, database: pulse, timeout: 5s }] }\n", t.TempDir(), db.URL))
	kept := &promises{kept: map[string]string{}}
	cmd, stderr, ended := startChild(t, config, kept)
	base, seen := childURL(t, stderr), &delays{}
	s := subscribe(t, base+"/v1/stream?channel=public-routers", "")
	s.onRow(seen.note)
	await(t, "every router", func() bool { n, synced := s.count("router.live"); return n == routers && synced })
	watchChild(t, base, cmd.Process.Pid, seen, warm)
	before := watchChild(t, base, cmd.Process.Pid, seen, length)

	db.Signal(syscall.SIGSTOP)
	t.Cleanup(func() { db.Signal(syscall.SIGCONT) }) // else it could not end
	known := kept.count()
	stopped := watchChild(t, base, cmd.Process.Pid, seen, length)
	finished := kept.count() - known
	waiting := figuresOf(t, base).sum("routerpulse_spool_samples")
	db.Signal(syscall.SIGCONT)
	s.close()
	// The senders may have begun their longest pause just before it went on.
	if !sinktest.Eventually(4*patience, func() bool { return figuresOf(t, base).sum("routerpulse_spool_samples") < waiting/10 }) {
		t.Error("the backlog does not drain")
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("%v\n%s", err, stderr)
	}
	stored := storedIn(t, db.URL)
	if kept.missing(stored) > 0 { // it had no time to send all
		sendRestTo(t, config, kept, func() *lines { return storedIn(t, db.URL) })
		stored = storedIn(t, db.URL)
	}
	growth := stopped.resident - before.resident
	t.Logf("before:  %v\nstopped: %v", before, stopped)
	// In an ordinary run other tests take the CPU from either window: each router is polled, and seen.
	least := float64(routers)
	if full {
		least = before.polls * .95
	}
	if stopped.polls < least || stopped.rows < routers || finished == 0 || waiting == 0 {
		t.Errorf("%v before, %v while it was stopped; %d rows, then %d came to a subscriber; %d samples were finished, %v waited",
			before, stopped, before.rows, stopped.rows, finished, waiting)
	}
	if full && (stopped.lateness > before.lateness+mostLater || stopped.delay > before.delay+mostLater || growth > mostGrowth) {
		t.Errorf("%v before, %v while it was stopped", before, stopped)
	}
	sinktest.Fault{Row: "04", Lost: kept.missing(stored), Duplicated: stored.twice, Wrong: kept.wrong(stored) + stored.wrong, Trials: 1,
		Figures: fmt.Sprintf("%d routers every second, %v before: %v; stopped: %v; memory grew by %.1f MiB (asked: < 32); %d samples were finished meanwhile",
			routers, length, before, stopped, float64(growth)/(1<<20), finished)}.Report(t)
}
