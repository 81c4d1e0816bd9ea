package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// Fault 14: a second process on the data folder of one that runs ends at once and says why; the first one
// goes on as if nothing had been.
func TestFault14SecondProcess(t *testing.T) {
	t.Parallel()
	db := newLines(t)
	fault, slowest, stored := sinktest.Fault{Row: "14"}, time.Duration(0), 0
	for name, storage := range map[string]string{
		"store and spool": "storage: { embedded: { path: %[1]q }, influxdb: [{ name: main, url: %[2]q, bucket: pulse }] }\n",
		"spool alone":     "storage: { influxdb: [{ name: main, url: %[2]q, bucket: pulse }] }\n",
		"store alone":     "storage: { embedded: { path: %[1]q } }\n",
		"nothing kept":    "storage: { none: true }\n",
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			config := fleetConfig(t, 5, fmt.Sprintf("data: %[1]q\n"+storage, data, db.URL))
			kept := &promises{kept: map[string]string{}}
			first, firstSays, firstEnded := startChild(t, config, kept)
			goesOn := func() {
				t.Helper()
				if name == "nothing kept" {
					await(t, "the first one to run", func() bool { return strings.Contains(firstSays.String(), "page is at") })
					return
				}
				known := kept.count()
				await(t, "polls of the first one", func() bool { return kept.count() >= known+20 })
			}
			goesOn()
			for range sinktest.Trials(1, 10) {
				begin := time.Now()
				second, says, ended := startChild(t, config, &promises{kept: map[string]string{}})
				select {
				case err := <-ended:
					var code *exec.ExitError
					if !errors.As(err, &code) || code.ExitCode() != exitError {
						t.Errorf("the second one ended with %v", err)
					}
				case <-time.After(patience):
					t.Error("the second one does not end")
					_ = second.Process.Kill() // it may just have ended
					<-ended
				}
				slowest = max(slowest, time.Since(begin))
				if text := says.String(); !strings.Contains(text, "another process is using it") || !strings.Contains(text, data) || !strings.Contains(text, "stop it") {
					t.Errorf("the second one says only:\n%s", text)
				}
				goesOn()
				fault.Trials++
			}
			if err := first.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := <-firstEnded; err != nil || strings.Contains(firstSays.String(), "level=error") {
				t.Errorf("the first one ended with %v:\n%s", err, firstSays)
			}
			if strings.Contains(storage, "influxdb") {
				fault.Lost += kept.missing(db)
				fault.Wrong += kept.wrong(db)
				stored += kept.count()
			}
		})
	}
	fault.Figures = fmt.Sprintf("the second one ended with code 1 within %v (asked: 1 s) and named the folder; %d samples that the first one promised, all stored", slowest.Round(10*time.Millisecond), stored)
	if sinktest.Trials(0, 1) == 1 && slowest > time.Second {
		t.Errorf("it took %v to end", slowest)
	}
	fault.Report(t)
}
