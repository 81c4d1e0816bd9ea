package collectors

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/collectors/snmp"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// jobs is a scheduler that takes note of what it is told, and runs nothing.
type jobs struct {
	mu      sync.Mutex
	added   map[string]int // by device
	removed []string
}

func (j *jobs) Add(job pipeline.Job) { j.mu.Lock(); defer j.mu.Unlock(); j.added[job.Device]++ }
func (j *jobs) Remove(device string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.removed = append(j.removed, device)
}
func (j *jobs) Answered(string)                            {}
func (j *jobs) Hurry(string, pipeline.Lane, time.Duration) {}

func (j *jobs) Now() time.Time { return time.Now() }

func threeDevices(secret configs.File) Config {
	cfg := DefaultConfig()
	cfg.Credentials = []Credential{
		{Name: "a", SNMP: &snmp.Credential{Version: "2c", Community: configs.NewSecret("public")}},
		{Name: "b", SNMP: &snmp.Credential{Version: "2c", CommunityFile: secret}},
	}
	for _, name := range []string{"r1", "r2"} {
		cfg.Devices = append(cfg.Devices, DeviceConfig{Name: name, Address: "127.0.0.1", Credentials: []string{"a"}})
	}
	cfg.Devices = append(cfg.Devices, DeviceConfig{Name: "r3", Address: "127.0.0.1", Credentials: []string{"b"}})
	return cfg
}

// Each kind of change touches the devices that it is about, and no others.
func TestApplyTouchesOnlyWhatChanged(t *testing.T) {
	cases := map[string]struct {
		change                  func(c *Config, rewrite func(string))
		added, changed, removed []string
	}{
		"nothing":                        {change: func(*Config, func(string)) {}},
		"another order":                  {change: func(c *Config, _ func(string)) { slices.Reverse(c.Devices) }},
		"an address":                     {change: func(c *Config, _ func(string)) { c.Devices[1].Address = "127.0.0.2" }, changed: []string{"r2"}},
		"tags":                           {change: func(c *Config, _ func(string)) { c.Devices[0].Tags = map[string]string{"site": "x"} }, changed: []string{"r1"}},
		"a lane":                         {change: func(c *Config, _ func(string)) { c.Devices[0].Lanes.Live = configs.Duration(time.Second) }, changed: []string{"r1"}},
		"a lane said as the root has it": {change: func(c *Config, _ func(string)) { c.Devices[0].Lanes.Live = c.Lanes.Live }},
		"a credential":                   {change: func(c *Config, _ func(string)) { c.Credentials[0].SNMP.Community = configs.NewSecret("x") }, changed: []string{"r1", "r2"}},
		"a secret file":                  {change: func(_ *Config, rewrite func(string)) { rewrite("other") }, changed: []string{"r3"}},
		"tables":                         {change: func(c *Config, _ func(string)) { c.Devices[2].Tables = map[string]TableConfig{"route": {}} }, changed: []string{"r3"}},
		"one less":                       {change: func(c *Config, _ func(string)) { c.Devices = c.Devices[1:] }, removed: []string{"r1"}},
		"one more": {change: func(c *Config, _ func(string)) {
			c.Devices = append(c.Devices, DeviceConfig{Name: "r4", Address: "127.0.0.1", Credentials: []string{"a"}})
		}, added: []string{"r4"}},
		"another name": {change: func(c *Config, _ func(string)) { c.Devices[0].Name = "r9" }, added: []string{"r9"}, removed: []string{"r1"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			secret := configs.File(t.TempDir() + "/community")
			rewrite := func(text string) { writeSecret(t, secret, text) }
			rewrite("public")
			before := threeDevices(secret)
			c, err := New(before, pipeline.NewSchema(), prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			sched, was := &jobs{added: map[string]int{}}, map[string]*polled{}
			c.Start(sched, func(pipeline.Batch) {})
			for _, p := range c.all() {
				was[p.config.Name] = p
			}
			sched.added = map[string]int{}
			after := threeDevices(secret)
			tc.change(&after, rewrite)
			change, err := c.Prepare(after)
			if err != nil {
				t.Fatal(err)
			}
			var forgotten []string
			if err := change.Apply(func(device string, _ time.Time) { forgotten = append(forgotten, device) }); err != nil {
				t.Fatal(err)
			}
			gone := slices.Concat(tc.changed, tc.removed)
			for what, pair := range map[string][2][]string{"added": {tc.added, change.Added}, "changed": {tc.changed, change.Changed},
				"removed": {tc.removed, change.Removed}, "forgotten": {gone, forgotten}, "unscheduled": {gone, sched.removed}} {
				if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
					t.Errorf("%s: %s", what, diff)
				}
			}
			fresh := slices.Concat(tc.added, tc.changed)
			for _, p := range c.all() {
				name := p.config.Name
				if is := slices.Contains(fresh, name); is != (sched.added[name] > 0) || is == (was[name] == p) {
					t.Errorf("%s: fresh %v, %d jobs, the same device %v", name, is, sched.added[name], was[name] == p)
				}
			}
		})
	}
}

// A poll that still runs when its device is removed publishes nothing any more.
func TestNothingIsToldOfARemovedDevice(t *testing.T) {
	secret := configs.File(t.TempDir() + "/community")
	writeSecret(t, secret, "public")
	c, err := New(threeDevices(secret), pipeline.NewSchema(), prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	var mu sync.Mutex
	told := map[string]int{}
	c.Start(&jobs{added: map[string]int{}}, func(b pipeline.Batch) { mu.Lock(); defer mu.Unlock(); told[b.Device]++ })
	old := c.byName["r1"]
	less := threeDevices(secret)
	less.Devices = less.Devices[1:]
	change, err := c.Prepare(less)
	if err != nil {
		t.Fatal(err)
	}
	if err := change.Apply(func(string, time.Time) { mu.Lock(); defer mu.Unlock(); told = map[string]int{} }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_ = old.check(ctx, time.Now())
	_ = old.poll(ctx, time.Now())
	if told["r1"] != 0 {
		t.Errorf("%d batches of a device that is gone", told["r1"])
	}
}

func writeSecret(t *testing.T, name configs.File, text string) {
	t.Helper()
	if err := os.WriteFile(name.String(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
