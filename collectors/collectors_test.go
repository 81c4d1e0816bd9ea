package collectors

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/routerpulse/routerpulse/collectors/routeros"
	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/collectors/snmp"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// openFleet starts a quiet fleet and the config that polls it.
func openFleet(t *testing.T, routers int) (*simulator.Fleet, Config) {
	t.Helper()
	fleet := simulator.New(simulator.Options{Routers: routers, Seed: 7, Quiet: true})
	if err := fleet.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fleet.Close(); err != nil {
			t.Error(err)
		}
	})
	cfg := DefaultConfig()
	cfg.Lanes = Lanes{Status: configs.Duration(4 * time.Second), Live: configs.Duration(2 * time.Second), Sessions: configs.Duration(2 * time.Second), Slow: configs.Duration(time.Minute)}
	cfg.Credentials = []Credential{
		{Name: "snmp", SNMP: &snmp.Credential{Version: "2c", Community: configs.NewSecret("public")}},
		{Name: "api", RouterOS: &routeros.Credential{User: "telemetry", Password: configs.NewSecret("telemetry"), TLS: routeros.TLS{Pin: fleet.Fingerprint()}}},
	}
	for _, r := range fleet.Routers() {
		cfg.Devices = append(cfg.Devices, DeviceConfig{Name: r.Name(), Address: r.Address().String(), Credentials: []string{"snmp", "api"},
			SNMP: SNMPEndpoint{Port: fleet.SNMPPort()}, RouterOS: APIEndpoint{Port: fleet.APITLSPort()}, Tags: map[string]string{"site": "lab"}})
	}
	return fleet, cfg
}

// inbox keeps the batches that jobs publish.
type inbox struct {
	mu      sync.Mutex
	batches []pipeline.Batch
	changed chan struct{}
}

func (in *inbox) put(b pipeline.Batch) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.batches = append(in.batches, b)
	close(in.changed)
	in.changed = make(chan struct{})
}

// await waits for a batch that matches.
func (in *inbox) await(t *testing.T, what string, matches func(pipeline.Batch) bool) pipeline.Batch {
	t.Helper()
	deadline := time.After(45 * time.Second)
	for seen := 0; ; {
		in.mu.Lock()
		for ; seen < len(in.batches); seen++ {
			if b := in.batches[seen]; matches(b) {
				in.mu.Unlock()
				return b
			}
		}
		changed := in.changed
		in.mu.Unlock()
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("no batch in 45 s: %s", what)
		}
	}
}

// forget drops what came so far.
func (in *inbox) forget() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.batches = nil
}

// start polls until the test ends.
func start(t *testing.T, cfg Config) *inbox {
	t.Helper()
	cfg.Validate(configs.NewReport(func(path, message, hint string) { t.Errorf("%s: %s (%s)", path, message, hint) }))
	log := slog.New(slog.DiscardHandler)
	c, err := New(cfg, pipeline.NewSchema(), prometheus.NewRegistry(), log)
	if err != nil {
		t.Fatal(err)
	}
	in := &inbox{changed: make(chan struct{})}
	sched := pipeline.NewScheduler(Workers(len(cfg.Devices)), nil, prometheus.NewRegistry(), log)
	c.Start(sched, in.put)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); sched.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

func stateOf(b pipeline.Batch) (code int64, reason string, ok bool) {
	read := b.Table("router_status")
	if read == nil {
		return 0, "", false
	}
	s := read.Samples[0]
	return s.Value("state").Int(), s.Value("reason").Text(), true
}

// became matches a status batch of one device in one state.
func became(device string, code int64) func(pipeline.Batch) bool {
	return func(b pipeline.Batch) bool {
		got, _, ok := stateOf(b)
		return ok && b.Device == device && got == code
	}
}

func TestDevicesAreReadOverBothProtocols(t *testing.T) {
	fleet, cfg := openFleet(t, 3)
	in := start(t, cfg)
	for _, r := range fleet.Routers() {
		in.await(t, r.Name()+" unknown at first", became(r.Name(), pipeline.StateUnknown))
		b := in.await(t, r.Name()+" live", func(b pipeline.Batch) bool { return b.Device == r.Name() && b.Lane == pipeline.LaneLive })
		sources := map[string]string{}
		for _, read := range b.Tables {
			if read.Status == pipeline.Failed {
				t.Errorf("%s: %s failed: %s", r.Name(), read.Table.Name, read.Reason)
			}
			sources[read.Table.Name] = read.Source
		}
		for table, want := range map[string]string{"router": "routeros", "interface": "routeros", "storage": "snmp"} {
			if sources[table] != want {
				t.Errorf("%s: %s comes from %q, want %q", r.Name(), table, sources[table], want)
			}
		}
		if got := b.Table("router").Samples[0].Value("identity").Text(); got != r.Name() {
			t.Errorf("identity %q, want %q", got, r.Name())
		}
		in.await(t, r.Name()+" online", became(r.Name(), pipeline.StateOnline))
	}
}

// portsOf are the wired ports among interfaces.
func portsOf(interfaces pipeline.TableRead) map[string]bool {
	ports := map[string]bool{}
	for _, s := range interfaces.Samples {
		if s.Value("type").Text() == "ether" {
			ports[s.Series.Row()] = true
		}
	}
	return ports
}

// Both protocols name the rows of a device alike, so that a switch continues them.
func TestProtocolsAgreeOnRows(t *testing.T) {
	_, cfg := openFleet(t, 10)
	read := func(credential string) map[string]pipeline.TableRead {
		alone := cfg
		alone.Devices = nil
		for _, d := range cfg.Devices {
			d.Credentials = []string{credential}
			alone.Devices = append(alone.Devices, d)
		}
		c, err := New(alone, pipeline.NewSchema(), prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		reads := map[string]pipeline.TableRead{}
		for _, d := range cfg.Devices {
			tables, err := c.ReadOnce(t.Context(), d.Name)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range tables {
				reads[d.Name+" "+r.Table.Name] = r
			}
		}
		return reads
	}
	api, snmpReads := read("api"), read("snmp")
	compared := 0
	for name, a := range api {
		s, ok := snmpReads[name]
		if !ok || a.Status != pipeline.Whole || s.Status != pipeline.Whole {
			continue
		}
		compared++
		rows := map[string]bool{}
		for _, sample := range a.Samples {
			rows[sample.Series.Key()] = true
		}
		for _, sample := range s.Samples {
			if a.Table.Name == "ethernet" && !portsOf(api[strings.Fields(name)[0]+" interface"])[sample.Series.Row()] {
				continue // MIKROTIK-MIB has all interfaces there
			}
			if !rows[sample.Series.Key()] {
				t.Errorf("%s: only SNMP has row %q", name, sample.Series.Row())
			}
			delete(rows, sample.Series.Key())
		}
		for row := range rows {
			t.Errorf("%s: only the API has row %q", name, row)
		}
	}
	if compared < 30 {
		t.Errorf("only %d tables of 10 routers came over both protocols", compared)
	}
}

func TestDeviceThatGoesAwayAndReturns(t *testing.T) {
	t.Parallel()
	fleet, cfg := openFleet(t, 2)
	in := start(t, cfg)
	away, stays := fleet.Routers()[0], fleet.Routers()[1]
	in.await(t, "online", became(away.Name(), pipeline.StateOnline))
	in.await(t, "online", became(stays.Name(), pipeline.StateOnline))
	in.forget()
	away.SetDown(true)
	b := in.await(t, "offline", became(away.Name(), pipeline.StateOffline))
	if _, reason, _ := stateOf(b); reason == "" {
		t.Error("offline without a reason")
	}
	away.SetDown(false)
	in.await(t, "back", became(away.Name(), pipeline.StateOnline))
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, b := range in.batches {
		if code, reason, ok := stateOf(b); ok && b.Device == stays.Name() && code == pipeline.StateOffline {
			t.Errorf("the other device was harmed: %d %s", code, reason)
		}
	}
}

// A status that comes within the millisecond of the one before, or that belongs to a slot before it, would
// be refused by a store that keeps one value for each time.
func TestStatusTimesIncrease(t *testing.T) {
	_, cfg := openFleet(t, 1)
	c, err := New(cfg, pipeline.NewSchema(), prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	var got []string
	d := c.devices[0]
	d.publish = func(b pipeline.Batch) { got = append(got, b.Time.Format("15:04:05.000000")) }
	slot := time.Date(2026, 1, 2, 3, 4, 5, 300_000, time.UTC)
	for _, after := range []time.Duration{0, 0, 100 * time.Microsecond, 50 * time.Millisecond, 20 * time.Millisecond, time.Second, -time.Hour} {
		d.publishStatus(slot.Add(after))
	}
	want := []string{"03:04:05.000000", "03:04:05.001000", "03:04:05.002000", "03:04:05.050000", "03:04:05.051000", "03:04:06.000000", "02:04:05.000000"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestRefusedAPIDegrades(t *testing.T) {
	fleet, cfg := openFleet(t, 1)
	r := fleet.Routers()[0]
	r.RefuseLogin(true)
	in := start(t, cfg)
	in.await(t, "degraded", became(r.Name(), pipeline.StateDegraded))
	b := in.await(t, "interfaces over SNMP", func(b pipeline.Batch) bool { return b.Table("interface") != nil })
	if read := b.Table("interface"); read.Status != pipeline.Whole || read.Source != "snmp" {
		t.Errorf("interface: %s from %q: %s", read.Status, read.Source, read.Reason)
	}
}

func TestConfigProblems(t *testing.T) {
	good := func() Config {
		c := DefaultConfig()
		c.Credentials = []Credential{{Name: "v2", SNMP: &snmp.Credential{Version: "2c", Community: configs.NewSecret("public")}}}
		c.Devices = []DeviceConfig{{Name: "core-1", Address: "10.0.0.1", Credentials: []string{"v2"}}}
		return c
	}
	cases := map[string]struct {
		change func(*Config)
		want   string
	}{
		"duplicate device":     {func(c *Config) { c.Devices = append(c.Devices, c.Devices[0]) }, `devices[1].name: device "core-1" is there twice (the first is devices[0])`},
		"no name":              {func(c *Config) { c.Devices[0].Name = "" }, `devices[0]: a device needs a name`},
		"bad name":             {func(c *Config) { c.Devices[0].Name = "a b" }, `devices[0].name: "a b" cannot name a device`},
		"bad address":          {func(c *Config) { c.Devices[0].Address = "10.0.0.1:161" }, `devices[0].address: "10.0.0.1:161" is no address`},
		"no credentials":       {func(c *Config) { c.Devices[0].Credentials = nil }, `devices[0]: device "core-1" has no credentials`},
		"unknown credential":   {func(c *Config) { c.Devices[0].Credentials = []string{"v3"} }, `devices[0].credentials[0]: there is no credential "v3"`},
		"two of one protocol":  {func(c *Config) { c.Devices[0].Credentials = []string{"v2", "v2"} }, `devices[0].credentials: device "core-1" has 2 credentials for snmp; it may have one for each protocol`},
		"duplicate credential": {func(c *Config) { c.Credentials = append(c.Credentials, c.Credentials[0]) }, `credentials[1].name: credential "v2" is there twice`},
		"empty credential":     {func(c *Config) { c.Credentials[0].SNMP = nil }, `credentials[0]: credential "v2" must be of one protocol`},
		"too fast":             {func(c *Config) { c.Lanes.Live = configs.Duration(time.Millisecond) }, `lanes.live: 1ms: the period must be between 1s and 1d`},
		"reserved tag":         {func(c *Config) { c.Devices[0].Tags = map[string]string{"interface": "x"} }, `devices[0].tags.interface: "interface" is the name of a key or a field of ours`},
		"bad tag key":          {func(c *Config) { c.Devices[0].Tags = map[string]string{"a-b": "x"} }, `devices[0].tags.a-b: "a-b" cannot be a tag`},
		"bad tag value":        {func(c *Config) { c.Devices[0].Tags = map[string]string{"a": "x\n"} }, `devices[0].tags.a: "x\n" cannot be a tag's value`},
		"too much at once":     {func(c *Config) { c.Devices[0].SNMP.InFlight = 33 }, `devices[0].snmp.in_flight: 33 requests cannot be in flight`},
		"bad port":             {func(c *Config) { c.Devices[0].SNMP.Port = 70000 }, `devices[0].snmp.port: 70000 is no port`},
	}
	problems := func(c Config) (got []string) {
		c.Validate(configs.NewReport(func(path, message, hint string) {
			if hint == "" {
				t.Errorf("%s: no hint for %q", path, message)
			}
			got = append(got, path+": "+message)
		}))
		return got
	}
	if got := problems(good()); got != nil {
		t.Fatalf("a good config: %v", got)
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			cfg := good()
			c.change(&cfg)
			got := fmt.Sprint(problems(cfg))
			if got != "["+c.want+"]" && name != "empty credential" && name != "no name" || len(problems(cfg)) == 0 {
				t.Errorf("got  %s\nwant [%s]", got, c.want)
			}
		})
	}
}
