package influxdb

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// Fault 20, the database: the cable to it is pulled while a connection is kept, so that this is half open and
// nobody says so. The request ends by our own deadline, over a new connection all is written once the cable is
// back, and nothing is left behind.
func TestFault20BlackHole(t *testing.T) {
	c := sinktest.NewCable(t)
	db := sinktest.NewInfluxd(t, "")
	l := c.Listen()
	sinktest.Relay(t, l, strings.TrimPrefix(db.URL, "http://"))
	sinktest.QueryInfluxQL(t, db.URL, "", "CREATE DATABASE hole")
	deadline := 3 * time.Second
	if sinktest.Trials(0, 1) == 1 {
		deadline = defaultTimeout.Std()
	}
	s := mustNew(t, Config{URL: "http://" + l.Addr().String(), Database: "hole", Timeout: configs.Duration(deadline)})
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	const rows = 10
	batches := 0
	poll := func() {
		b := batchOf(testTable(), batches, rows)
		mustWrite(t, s, b)
		batches++
	}
	poll()
	waitFor(t, "the first samples", func() bool { return countsOf(s).written == rows })
	baseline := runtime.NumGoroutine()

	c.Pull()
	begin := time.Now()
	poll()
	waitFor(t, "the end of the request", func() bool { return testCode(s, "0") == 1 })
	took := time.Since(begin) - linger
	poll()
	waitFor(t, "the end of dialling", func() bool { return testCode(s, "0") == 2 })
	tookAgain := time.Since(begin) - linger - took // with a pause of half a second at most
	for name, d := range map[string]time.Duration{"the request": took, "dialling": tookAgain} {
		if d > deadline+time.Second {
			t.Errorf("%s ended after %s, not after %s", name, d, deadline)
		}
	}

	c.Plug()
	up := time.Now()
	poll()
	waitFor(t, "everything to be written", func() bool { return countsOf(s).written >= batches*rows })
	back := time.Since(up)
	if back > 15*time.Second {
		t.Errorf("written %s after the cable was back", back)
	}
	waitFor(t, "goroutines as before", func() bool { return runtime.NumGoroutine() <= baseline })
	lost := batches * rows
	for _, series := range sinktest.QueryInfluxQL(t, db.URL, "hole", `SELECT count("rx_bytes") FROM "interface"`) {
		stored, err := strconv.Atoi(fmt.Sprint(series.Values[0][1]))
		if err != nil {
			t.Fatal(err)
		}
		lost -= stored
	}
	sinktest.Fault{Row: "20", Lost: max(0, lost), Duplicated: max(0, -lost), Trials: 1, Figures: fmt.Sprintf("InfluxDB: the request ended after %.1f s, dialling after %.1f s (deadline %s; asked: <= 10 s); %d goroutines before, %d after; written %.1f s after the cable was back (asked: < 15 s)",
		took.Seconds(), tookAgain.Seconds(), deadline, baseline, runtime.NumGoroutine(), back.Seconds())}.Report(t)
}
