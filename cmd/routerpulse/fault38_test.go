package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

const (
	faultPeriod = 2 * time.Second // of the live lane; a poll under the race detector may take a second
	settled     = 3               // polls, of which the first ones are of the first round and not at slots
	steadyCount = 4               // routers that no reload concerns
)

// faultConfig writes configs for the fault's program: the steady routers are always there, the others come, go and
// change.
type faultConfig struct {
	head  string
	fleet fleetFile
	rnd   *rand.Rand
}

// good is a config at random, and the devices with tags that it has.
func (c *faultConfig) good(t *testing.T) (text string, devices map[string]map[string]string) {
	t.Helper()
	f, devices := c.fleet, map[string]map[string]string{}
	f.Devices = nil
	for i, d := range c.fleet.Devices {
		if i >= steadyCount {
			if c.rnd.IntN(3) == 0 {
				continue
			}
			d.Tags = map[string]string{"round": strconv.Itoa(c.rnd.IntN(3))}
		}
		f.Devices = append(f.Devices, d)
		devices[d.Name] = d.Tags
	}
	var b bytes.Buffer
	if err := f.write(&b); err != nil {
		t.Fatal(err)
	}
	log := []string{"info", "debug", "warn"}[c.rnd.IntN(3)]
	return c.head + "log: { level: " + log + " }\n" + b.String(), devices
}

// badFiles are the ways in which a file can be no good, each done to a good one.
func badFiles() map[string]func(t *testing.T, r *reloading, good string) {
	write := func(change func(good string) string) func(*testing.T, *reloading, string) {
		return func(_ *testing.T, r *reloading, good string) { r.write(change(good)) }
	}
	return map[string]func(*testing.T, *reloading, string){
		"broken YAML": write(func(good string) string { return good + "\n\t- : [" }),
		"unknown key": write(func(good string) string { return good + "\nlaness: {}\n" }),
		"bomb": write(func(good string) string {
			text := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
			for i := 1; i < 20; i++ {
				text += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), ", "))
			}
			return good + text
		}),
		"a million levels": write(func(string) string { return "devices: " + strings.Repeat("[", 1_000_000) }),
		"empty":            write(func(string) string { return "" }),
		"duplicate device": write(func(good string) string {
			at := strings.LastIndex(good, "  - name: ")
			return good + good[at:]
		}),
		"truncated in place": func(t *testing.T, r *reloading, good string) {
			at := strings.LastIndex(good, "credentials: [")
			if err := os.WriteFile(r.file, []byte(good[:at+len("credentials: [")]), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"removed": func(t *testing.T, r *reloading, _ string) {
			if err := os.Remove(r.file); err != nil {
				t.Fatal(err)
			}
		},
		"symlink to a bad file": func(t *testing.T, r *reloading, good string) {
			other := filepath.Join(filepath.Dir(r.file), "other.yaml")
			if err := os.WriteFile(other, []byte(good+"\nx: 1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			swapLink(t, other, r.file)
		},
		// For root, whom no mode keeps out, a link to itself stands in for chmod 000: open fails.
		"cannot be opened": func(t *testing.T, r *reloading, _ string) { swapLink(t, r.file, r.file) },
	}
}

func swapLink(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name+".link"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".link", name); err != nil {
		t.Fatal(err)
	}
}

// Good and bad files at random, while routers are polled: a bad one changes nothing, a good one is what counts
// then, and whoever it does not concern misses no poll.
func TestFault38Reload(t *testing.T) {
	t.Parallel()
	sim := simulator.Options{Routers: steadyCount + 4, Seed: 38, Quiet: true, Community: "public", User: "telemetry", Password: "telemetry"}
	fleet := simulator.New(sim)
	if err := fleet.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fleet.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &faultConfig{fleet: newFleetFile(fleet, sim), rnd: rand.New(rand.NewPCG(38, 1))}
	serve := func() *reloading {
		c.head = fmt.Sprintf("web: { listen: \"127.0.0.1:0\", loopback_read: true }\nstorage: { embedded: { path: %q } }\nlanes: { live: %s, status: 4s }\n", t.TempDir(), faultPeriod)
		text, _ := c.good(t)
		r := &reloading{t: t, file: writeFile(t, "routerpulse.yaml", regexp.MustCompile(`level: \w+`).ReplaceAllString(text, "level: info"))} // which says where the page is
		r.base = childURL(t, startServe(t, r.file))
		return r
	}
	// What the machine makes both of them miss, it is not the reloads that do it.
	control, r := serve(), serve()
	steady := c.fleet.Devices[:steadyCount]
	for _, p := range []*reloading{control, r} {
		await(t, "polls of the steady routers at their slots", func() bool { return polledSince(t, p.base, steady, time.Time{}) })
	}
	want := r.devices()

	fault, bad := sinktest.Fault{Row: "38", Trials: sinktest.Trials(25, 1000)}, badFiles()
	kinds, refused := slices.Sorted(maps.Keys(bad)), 0
	for trial := range fault.Trials {
		kind, status := "", http.StatusOK
		if c.rnd.IntN(2) == 0 || trial < len(kinds) { // each kind at least once
			kind, status = kinds[trial%len(kinds)], http.StatusUnprocessableEntity
			refused++
			next, _ := c.good(t) // what would count, were it not spoiled
			bad[kind](t, r, next)
		} else {
			var good string
			good, want = c.good(t)
			r.write(good)
		}
		a := r.post()
		if a.Status != status || kind != "" && (len(a.Problems) == 0 || a.Problems[0].File == "") {
			t.Fatalf("trial %d, %q: %+v", trial, kind, a)
		}
		if diff := cmp.Diff(want, r.devices()); diff != "" {
			fault.Wrong++
			t.Errorf("trial %d, %q: %s", trial, kind, diff)
		}
		if !r.hasMetric("routerpulse_config_last_reload_successful " + map[bool]string{true: "1", false: "0"}[kind == ""]) {
			t.Errorf("trial %d, %q: the metric says otherwise", trial, kind)
		}
	}
	end := time.Now()
	for _, p := range []*reloading{control, r} {
		await(t, "polls of the steady routers after the last reload", func() bool { return polledSince(t, p.base, steady, end) })
	}
	polls, missed := slotsMissed(t, r.base, steady)
	polls2, without := slotsMissed(t, control.base, steady)
	fault.Figures = fmt.Sprintf("%d reloads, %d of bad files of %d kinds: %d reloads with a wrong outcome; %d slots of %d routers that did not change, %d missed; a second process beside it, without reloads: %d of %d",
		fault.Trials, refused, len(kinds), fault.Wrong, polls, steadyCount, missed, without, polls2)
	if sinktest.Trials(0, 1) == 1 { // else other tests use the machine as well
		fault.Lost = missed
	}
	fault.Report(t)
}

// slotsMissed counts the slots of routers that had a poll, and those that had none.
func slotsMissed(t *testing.T, base string, devices []fleetDevice) (polls, missed int) {
	t.Helper()
	for device, times := range livePolls(t, base, devices) {
		for i := settled; i < len(times); i++ {
			polls++
			if gap := times[i].Sub(times[i-1]); gap > faultPeriod*3/2 {
				missed += int((gap+faultPeriod/2)/faultPeriod) - 1
				t.Logf("%s, %s: nothing for %s at %s", base, device, gap, times[i])
			}
		}
	}
	return polls, missed
}

// polledSince reports that each router was polled often enough after a time.
func polledSince(t *testing.T, base string, devices []fleetDevice, since time.Time) bool {
	t.Helper()
	polls := livePolls(t, base, devices)
	for _, d := range devices {
		times := polls[d.Name]
		if len(times) < settled || !times[len(times)-settled].After(since) {
			return false
		}
	}
	return true
}

// livePolls are the times of the live polls of some routers, those with none left out.
func livePolls(t *testing.T, base string, devices []fleetDevice) map[string][]time.Time {
	t.Helper()
	resp, err := http.Get(base + "/api/v1/query?" + url.Values{"query": {`router_uptime_seconds[1h]`}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	out := map[string][]time.Time{}
	for _, s := range answer.Data.Result {
		for _, d := range devices {
			if s.Metric["device"] != d.Name {
				continue
			}
			for _, v := range s.Values {
				out[d.Name] = append(out[d.Name], time.UnixMilli(int64(v[0].(float64)*1000)))
			}
		}
	}
	return out
}
