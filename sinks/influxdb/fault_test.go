package influxdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// Fault 03: the database is away for six hours of the test's clock. All arrives, what has piled up five
// times faster than it arose at least, and what is new is not behind it.
func TestFault03AwayForHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const devices, rows, period = 4, 20, 10 * time.Second
		hours := time.Duration(sinktest.Trials(1, 6)) * time.Hour
		d := newDatabase()
		d.set(func([]string) reply { return reply{Err: errors.New("connection refused")} })
		const latency = 40 * time.Millisecond // of a request: what a slow database needs for 4,000 lines
		s := mustNew(t, Config{})
		if err := s.open(slow{d, latency}, func() {}); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		n := 0
		poll := func(most time.Duration, until func() bool) {
			for end := time.Now().Add(most); time.Now().Before(end) && !until(); time.Sleep(period) {
				for range devices {
					mustWrite(t, s, batchOf(testTable(), n, rows))
					n++
				}
			}
		}
		poll(hours, func() bool { return false })
		away := n
		newest := "interface=b" + itoa(n) + "r0 "
		var seen time.Duration
		back := time.Now()
		d.set(func(lines []string) reply {
			if seen == 0 && slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, newest) }) {
				seen = time.Since(back)
			}
			return reply{Status: 204}
		})
		poll(hours, func() bool { return s.spool.State().Points <= devices*rows*2 })
		drained := time.Since(back)
		time.Sleep(time.Minute)
		synctest.Wait()
		_, stored := d.count()
		speed := hours.Seconds() / drained.Seconds()
		if seen == 0 || seen > 30*time.Second+period || speed < 5 {
			t.Errorf("the newest was seen after %v, drained %.0f times faster", seen, speed)
		}
		sinktest.Fault{Row: "03", Lost: max(0, n*rows-stored), Wrong: countsOf(s).rejected, Trials: away,
			Figures: fmt.Sprintf("%v away: newest seen %v after the return (asked: < 30 s), backlog drained in %v, %.0f times faster than it arose (asked: 5), requests of %v",
				hours, seen.Round(time.Second), drained.Round(time.Second), speed, latency)}.Report(t)
	})
}

// slow is a database that takes its time.
type slow struct {
	*database
	latency time.Duration
}

func (d slow) post(ctx context.Context, body []byte) reply {
	time.Sleep(d.latency)
	return d.database.post(ctx, body)
}

// Fault 17: Retry-After in all its forms: no request earlier than told, none later than five minutes.
func TestFault17RetryAfter(t *testing.T) {
	trials, early, late := 0, 0, 0
	for name, c := range map[string]struct {
		status      int
		header      func() string
		least, most time.Duration
	}{
		"429 seconds":   {429, func() string { return "42" }, 42 * time.Second, 43 * time.Second},
		"503 seconds":   {503, func() string { return "7" }, 7 * time.Second, 8 * time.Second},
		"429 HTTP date": {429, func() string { return time.Now().Add(42 * time.Second).UTC().Format(http.TimeFormat) }, 41 * time.Second, 43 * time.Second},
		"503 past date": {503, func() string { return time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat) }, 0, backoffMost},
		"429 10^9":      {429, func() string { return "1000000000" }, maxRetryAfter, maxRetryAfter + time.Second},
		"503 far date":  {503, func() string { return time.Now().Add(1000 * time.Hour).UTC().Format(http.TimeFormat) }, maxRetryAfter - time.Second, maxRetryAfter + time.Second},
		"429 junk":      {429, func() string { return "soon" }, 0, backoffMost},
		"503 negative":  {503, func() string { return "-5" }, 0, backoffMost},
		"503 NaN":       {503, func() string { return "NaN" }, 0, backoffMost},
		"429 nothing":   {429, func() string { return "" }, 0, backoffMost},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDatabase()
				d.set(func([]string) reply {
					return reply{Status: c.status, Header: http.Header{"Retry-After": {c.header()}}}
				})
				s := openTo(t, Config{}, d)
				for n := range 100 {
					mustWrite(t, s, batchOf(testTable(), n, 50))
				}
				time.Sleep(20 * time.Minute)
				for i, gap := range d.gaps() {
					trials++
					if gap < c.least {
						early++
						t.Errorf("request %d came after %v", i+1, gap)
					}
					if gap > c.most {
						late++
						t.Errorf("request %d came after %v", i+1, gap)
					}
				}
				if tries, _ := d.count(); tries < 4 {
					t.Errorf("%d tries in twenty minutes", tries)
				}
				d.set(nil)
				time.Sleep(6 * time.Minute)
				synctest.Wait()
				if _, stored := d.count(); stored != 5000 {
					t.Errorf("%d stored of 5000", stored)
				}
			})
		})
	}
	sinktest.Fault{Row: "17", Wrong: early + late, Trials: trials, Figures: fmt.Sprintf("%d waits, %d shorter than told, %d longer than 5 min", trials, early, late)}.Report(t)
}

// Fault 18: 401 for ten minutes, then the token file is replaced.
func TestFault18TokenReplaced(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write := func(token string) {
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("old")
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		d.answer = func([]string) reply {
			if d.header != "Token new" {
				return reply{Status: 401}
			}
			return reply{Status: 204}
		}
		s := openTo(t, Config{TokenFile: configs.File(file)}, d)
		n := 0
		for ; n < 60; n++ {
			mustWrite(t, s, batchOf(testTable(), n, 50))
			time.Sleep(10 * time.Second)
		}
		if tries, stored := d.count(); tries < 19 || tries > 21 || stored != 0 {
			t.Errorf("%d tries in ten minutes, %d lines stored", tries, stored)
		}
		if err := os.Remove(file); err != nil { // between two tokens there may be none
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		write("new\n")
		replaced := time.Now()
		for s.spool.State().Points > 0 && time.Since(replaced) < 2*time.Minute {
			time.Sleep(100 * time.Millisecond)
		}
		took := time.Since(replaced)
		if took > 35*time.Second {
			t.Errorf("it took %v", took)
		}
		_, stored := d.count()
		if c := countsOf(s); c != (counts{written: n * 50}) {
			t.Errorf("counted %+v", c)
		}
		sinktest.Fault{Row: "18", Lost: n*50 - stored, Wrong: countsOf(s).rejected, Trials: n,
			Figures: fmt.Sprintf("all there %v after the token was replaced (asked: < 35 s)", took.Round(100*time.Millisecond))}.Report(t)
	})
}

// Fault 19: a 500 whose text says that the lines are bad, a 200 that is none, a 204 after our time-out.
func TestFault19MisleadingAnswers(t *testing.T) {
	lost, wrong, trials := 0, 0, 0
	for name, answer := range map[string]func(d *database) func([]string) reply{
		"500 that says partial write": func(*database) func([]string) reply {
			return func([]string) reply { return reply{Status: 500, Body: []byte("partial write: unable to parse")} }
		},
		"200 with an error": func(*database) func([]string) reply {
			return func([]string) reply { return reply{Status: 200, Body: []byte(`{"error":"engine: cache full"}`)} }
		},
		"204 too late": func(d *database) func([]string) reply {
			return func(lines []string) reply { // it stores them, and nobody hears of it
				for _, l := range lines {
					d.stored[l]++
				}
				return reply{Err: errors.New("context deadline exceeded")}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDatabase()
				d.set(answer(d))
				s := openTo(t, Config{}, d)
				for n := range 20 {
					mustWrite(t, s, batchOf(testTable(), n, 50))
				}
				time.Sleep(10 * time.Minute)
				d.set(nil)
				time.Sleep(time.Minute)
				synctest.Wait()
				trials++
				lost += 1000 - len(d.stored) // by line: series and time, of which a database keeps one
				wrong += countsOf(s).rejected
			})
		})
	}
	sinktest.Fault{Row: "19", Lost: lost, Wrong: wrong, Trials: trials, Figures: "500 with a lying text, 200 with an error, 204 after the time-out: sent again, one point each"}.Report(t)
}

// TestAlarm: four minutes of errors from the database are worth an error in the log, once.
func TestAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var log bytes.Buffer
		s, err := New(Config{URL: "http://database"}, t.TempDir(), prometheus.NewRegistry(), slog.New(slog.NewTextHandler(locked{&mu, &log}, nil)))
		if err != nil {
			t.Fatal(err)
		}
		d := newDatabase()
		d.set(status(500))
		if err := s.open(d, func() {}); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		mustWrite(t, s, batchOf(testTable(), 1, 1))
		time.Sleep(alarmAfter - time.Minute)
		alarms := func() int {
			mu.Lock()
			defer mu.Unlock()
			return strings.Count(log.String(), "restarted")
		}
		if alarms() != 0 {
			t.Error("too early")
		}
		time.Sleep(time.Hour)
		if n := alarms(); n != 1 {
			t.Errorf("%d alarms", n)
		}
	})
}

// locked lets a log be read while it is written.
type locked struct {
	mu  *sync.Mutex
	buf *bytes.Buffer
}

func (l locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}
