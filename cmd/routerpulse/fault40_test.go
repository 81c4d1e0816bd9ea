package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// Fault 40: SIGTERM under load while the database is down, during the start, and twice. It ends in time,
// with exit code 0, and what was finished arrives after the next start.
func TestFault40Terminated(t *testing.T) {
	db, data, routers := newLines(t), t.TempDir(), sinktest.Trials(20, 50)
	config := fleetConfig(t, routers, fmt.Sprintf("data: %q\nstorage: { embedded: { path: %q }, influxdb: [{ name: main, url: %q, bucket: pulse }] }\n", data, data, db.URL))
	kept := &promises{kept: map[string]string{}}
	trials, slowest, second := 0, time.Duration(0), time.Duration(0)
	for range sinktest.Trials(1, 10) {
		for _, loaded := range []bool{true, false} { // or during the start
			db.up.Store(false)
			known := kept.count()
			cmd, stderr, ended := startChild(t, config, kept)
			await(t, "polls, or the start", func() bool {
				if loaded {
					return kept.count() >= known+40*routers
				}
				return strings.Contains(stderr.String(), "store opened")
			})
			begin := time.Now()
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatalf("%v\n%s", err, stderr)
			}
			if err := <-ended; err != nil {
				t.Errorf("under load %t: %v\n%s", loaded, err, stderr)
			}
			slowest = max(slowest, time.Since(begin))
			trials++
		}
		cmd, stderr, ended := startChild(t, config, kept)
		known := kept.count()
		await(t, "polls", func() bool { return kept.count() > known })
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatalf("%v\n%s", err, stderr)
		}
		await(t, "the first signal to be taken", func() bool { return strings.Contains(stderr.String(), "msg=stopping") })
		begin := time.Now()
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		<-ended                                 // by the signal, or because it was done
		second = max(second, time.Since(begin))
		trials++
	}
	db.up.Store(true)
	sendRest(t, config, kept, db)
	lost := kept.missing(db)
	if slowest > 10*time.Second || second > time.Second {
		t.Errorf("ended after %v, after a second signal %v", slowest, second)
	}
	sinktest.Fault{Row: "40", Lost: lost, Wrong: kept.wrong(db), Trials: trials,
		Figures: fmt.Sprintf("database down: ended %v after SIGTERM (asked: 10 s), %v after a second one (asked: 1 s); %d samples of finished polls, all there after the next start",
			slowest.Round(10*time.Millisecond), second.Round(10*time.Millisecond), len(kept.kept))}.Report(t)
}
