package collectors

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/collectors/snmp"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// parse reads and checks a config that has a credential for each protocol.
func parse(t *testing.T, yaml string) (Config, error) {
	t.Helper()
	const base = `
credentials:
  - { name: s, snmp: { version: 2c, community: public } }
  - { name: a, routeros: { user: u, password: p, insecure: true } }
`
	root := struct {
		Config `yaml:",inline"`
	}{DefaultConfig()}
	err := configs.Parse("rp.yaml", []byte(base+yaml), &root)
	return root.Config, err
}

// testCatalogue has a table of each kind.
func testCatalogue() *catalogue {
	c := &catalogue{entries: map[string]*TableInfo{
		"router":      {API: &TableSource{Lane: pipeline.LaneLive}, SNMP: &TableSource{Lane: pipeline.LaneLive}},
		"storage":     {SNMP: &TableSource{Lane: pipeline.LaneLive}},
		"optics":      {API: &TableSource{Lane: pipeline.LaneSlow, Every: time.Hour, Costly: true}, SNMP: &TableSource{Lane: pipeline.LaneLive}},
		"certificate": {API: &TableSource{Lane: pipeline.LaneSlow, Every: 24 * time.Hour}},
		"dhcp_lease":  {API: &TableSource{Lane: pipeline.LaneSessions, Every: time.Minute, Costly: true}},
	}}
	for name, e := range c.entries {
		c.names, e.Table = append(c.names, name), &pipeline.Table{Name: name}
	}
	slices.Sort(c.names)
	return c
}

// show writes a plan, a table in each line.
func (p *tablePlan) show() string {
	var lines []string
	for lane, l := range p.lanes {
		for name, t := range l.tables {
			over := strings.Trim(map[bool]string{true: "api "}[t.api]+map[bool]string{true: "snmp"}[t.snmp], " ")
			lines = append(lines, fmt.Sprintf("%s: %s %s %s", name, lane, t.every, over))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestPlans(t *testing.T) {
	const m = configs.Duration(time.Minute)
	both, api, onlySNMP := []string{"routeros", "snmp"}, []string{"routeros"}, []string{"snmp"}
	type settings = map[string]TableConfig
	for name, test := range map[string]struct {
		protocols []string
		root, own settings
		want      []string
	}{
		"nothing said": {both, nil, nil, []string{"certificate: slow 24h0m0s api", "optics: live 0s snmp", "router: live 0s api snmp", "storage: live 0s snmp"}},
		"API alone":    {api, nil, nil, []string{"certificate: slow 24h0m0s api", "router: live 0s api"}},
		"SNMP alone":   {onlySNMP, nil, nil, []string{"optics: live 0s snmp", "router: live 0s snmp", "storage: live 0s snmp"}},
		"a costly one on": {both, settings{"dhcp_lease": {On: true}, "optics": {On: true}}, nil,
			[]string{"certificate: slow 24h0m0s api", "dhcp_lease: sessions 1m0s api", "optics: slow 1h0m0s api snmp", "router: live 0s api snmp", "storage: live 0s snmp"}},
		"one off": {both, settings{"storage": {}}, settings{"certificate": {}}, []string{"optics: live 0s snmp", "router: live 0s api snmp"}},
		"off at the root, on at the device": {onlySNMP, settings{"storage": {}, "optics": {}}, settings{"storage": {On: true}},
			[]string{"router: live 0s snmp", "storage: live 0s snmp"}},
		"re-timed": {api, settings{"certificate": {On: true, Every: 5 * m}, "dhcp_lease": {On: true, Lane: "slow"}}, nil,
			[]string{"certificate: slow 5m0s api", "dhcp_lease: slow 1m0s api", "router: live 0s api"}},
		"key by key": {api, settings{"certificate": {On: true, Every: 5 * m, Lane: "live"}}, settings{"certificate": {On: true, Every: 7 * m}},
			[]string{"certificate: live 7m0s api", "router: live 0s api"}},
	} {
		got := newPlanner(testCatalogue(), test.root).of(test.protocols, test.own).show()
		if want := strings.Join(test.want, "\n"); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}

// Ten thousand devices of a few kinds have a few plans.
func TestPlansAreShared(t *testing.T) {
	p := newPlanner(testCatalogue(), map[string]TableConfig{"optics": {On: true}})
	plans := map[*tablePlan]bool{}
	for i := range 10_000 {
		own := map[string]TableConfig{}
		if i%2 == 0 {
			own["storage"] = TableConfig{}
		}
		if i%4 == 0 {
			own["router"] = TableConfig{On: true, Lane: "slow"}
		}
		plans[p.of([]string{"routeros", "snmp"}, own)] = true
		plans[p.of([]string{"snmp"}, nil)] = true
	}
	if len(plans) != 4 {
		t.Errorf("%d plans", len(plans))
	}
}

func TestTablesInTheConfig(t *testing.T) {
	cfg, err := parse(t, `
tables:
  storage: off
  health: on
  cpu: { every: 5m }
  interface: { lane: slow }
  ppp_session: false
  router: true
  hotspot_session: ~
devices:
  - { name: r1, address: 10.0.0.1, credentials: [s, a], tables: { storage: on } }`)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]TableConfig{"storage": {}, "health": {On: true}, "cpu": {On: true, Every: configs.Duration(5 * time.Minute)},
		"interface": {On: true, Lane: "slow"}, "ppp_session": {}, "router": {On: true}, "hotspot_session": {}}
	if diff := cmp.Diff(want, cfg.Tables); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]TableConfig{"storage": {On: true}}, cfg.Devices[0].Tables); diff != "" {
		t.Error(diff)
	}
}

func TestWrongTablesInTheConfig(t *testing.T) {
	const device = "\ndevices:\n  - { name: r1, address: 10.0.0.1, credentials: [s]"
	for want, yaml := range map[string]string{
		`rp.yaml:6:11: tables.storag: there is no table "storag" to read (did you mean storage?)`:                                  "tables:\n  storag: off" + device + " }",
		`there is no table "session" to read (there is ppp_session, hotspot_session, login_session, session_count, bgp_session`:    "tables:\n  session: off" + device + " }",
		`there is no table "zzzzzz" to read (routerpulse tables lists them all)`:                                                   "tables:\n  zzzzzz: off" + device + " }",
		`there is no table "router_status" to read`:                                                                                "tables:\n  router_status: off" + device + " }",
		`rp.yaml:6:12: tables.storage: "maybe" is neither on nor off`:                                                              "tables:\n  storage: maybe" + device + " }",
		`tables.storage.every: not a duration: "5" (write a number and its unit`:                                                   "tables:\n  storage: { every: 5 }" + device + " }",
		`rp.yaml:6:21: tables.storage.every: 10ms: must be between 1s and 30d`:                                                     "tables:\n  storage: { every: 10ms }" + device + " }",
		`rp.yaml:6:20: tables.storage.lane: there is no lane "fast" for tables (live, sessions or slow)`:                           "tables:\n  storage: { lane: fast }" + device + " }",
		`there is no lane "status" for tables`:                                                                                     "tables:\n  storage: { lane: status }" + device + " }",
		`tables.storage.evry: unknown key (did you mean every?)`:                                                                   "tables:\n  storage: { evry: 5m }" + device + " }",
		`devices[0].tables.cpuu: there is no table "cpuu" to read (did you mean cpu?)`:                                             device[1:] + ", tables: { cpuu: off } }",
		`devices[0].tables.ppp_session: the device has no credential with which ppp_session can be read (it is read over routeros`: device[1:] + ", tables: { ppp_session: on } }",
	} {
		root := validated{DefaultConfig()}
		err := configs.Parse("rp.yaml", []byte("credentials:\n  - { name: s, snmp: { version: 2c, community: public } }\n\n\n"+yaml), &root)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %v\nwant  %s", yaml, err, want)
		}
	}
}

// validated is a config that is checked when it is loaded.
type validated struct {
	Config `yaml:",inline"`
}

func (v *validated) Validate(r *configs.Report) { v.Config.Validate(r) }

// What is off is still fine where a device cannot read it anyway.
func TestATableOfAnotherProtocolMayBeOff(t *testing.T) {
	if _, err := parse(t, "devices:\n  - { name: r1, address: 10.0.0.1, credentials: [s], tables: { ppp_session: off } }"); err != nil {
		t.Error(err)
	}
}

// A tag cannot have the name of a label of the config's own tables.
func TestTagsAndOwnTables(t *testing.T) {
	_, err := parse(t, `
snmp_tables:
  - { name: own, index: [{ name: cell, type: integer }], columns: [{ name: level, oid: 1.3.6.1.4.1.9999.1, type: gauge }] }
devices:
  - { name: r1, address: 10.0.0.1, credentials: [s], tags: { cell: a, level: b, site: c }, tables: { own: { every: 1h } } }`)
	if err == nil || strings.Count(err.Error(), "\n") != 1 || !strings.Contains(err.Error(), "tags.cell: ") || !strings.Contains(err.Error(), "tags.level: ") {
		t.Error(err)
	}
}

// Tables that can be read are in the schema, and each has a lane that is polled.
func TestTheCatalogueIsWhole(t *testing.T) {
	schema := pipeline.NewSchema()
	c := newCatalogue(schema, nil)
	if len(c.names) != len(c.entries) || len(c.names) < 8 {
		t.Errorf("%d names of %d tables: %v", len(c.names), len(c.entries), slices.Collect(maps.Keys(c.entries)))
	}
	for name, e := range c.entries {
		for _, p := range []*TableSource{e.API, e.SNMP} {
			if p == nil {
				continue
			}
			if !slices.Contains(pollLanes(), p.Lane) || len(p.Fields) == 0 {
				t.Errorf("%s is read in %q, with the fields %v", name, p.Lane, p.Fields)
			}
			if p.Costly != (p.Cost != "") {
				t.Errorf("%s: what it costs belongs to a table that is costly: %v, %q", name, p.Costly, p.Cost)
			}
			for _, f := range p.Fields {
				if e.Table.Field(f) == nil {
					t.Errorf("%s has no field %s", name, f)
				}
			}
		}
	}
	if c := newCatalogue(schema, []snmp.CustomTable{{Name: "own", Lane: "slow", Scalars: []snmp.CustomField{{Name: "x"}}}}); c.entries["own"].SNMP.Lane != pipeline.LaneSlow {
		t.Error("a table of the config is not known")
	}
}

// polls runs a device for some time, a poll each minute, and returns when each table was asked for.
func polls(t *testing.T, d *Device, lane pipeline.Lane, n int, before func(minute int)) map[string][]int {
	t.Helper()
	asked := map[string][]int{}
	api := d.api.(*fake)
	for minute := range n {
		if before != nil {
			before(minute)
		}
		api.wanted = nil
		if _, err := d.Collect(t.Context(), lane); err != nil {
			t.Fatal(err)
		}
		for _, name := range api.wanted {
			asked[name] = append(asked[name], minute)
		}
		time.Sleep(time.Minute)
	}
	return asked
}

// timedDevice reads router at each poll, and interface not more often than every 10 minutes.
func timedDevice(name string) (*Device, *fake) {
	api := &fake{statuses: map[string]pipeline.TableStatus{"router": pipeline.Whole, "interface": pipeline.Whole}}
	d := device(api, nil)
	d.name = name
	timed := &plannedTable{name: "interface", lane: pipeline.LaneLive, every: 10 * time.Minute, api: true}
	d.plan = &tablePlan{timed: 1, lanes: map[pipeline.Lane]*lanePlan{pipeline.LaneLive: {timed: []*plannedTable{timed},
		tables: map[string]*plannedTable{"router": {name: "router", api: true}, "interface": timed}}}}
	return d, api
}

func TestATableIsReadNotMoreOftenThanItsEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := map[int]bool{}
		for i := range 20 {
			d, _ := timedDevice(fmt.Sprintf("r%d", i))
			asked := polls(t, d, pipeline.LaneLive, 60, nil)
			if len(asked["router"]) != 60 {
				t.Errorf("router was asked for %d times", len(asked["router"]))
			}
			times := asked["interface"]
			if len(times) < 5 || times[0] != 0 {
				t.Fatalf("%s: asked at %v", d.name, times)
			}
			for j := 1; j < len(times); j++ {
				if gap := times[j] - times[j-1]; gap < 10 || j > 1 && gap > 10 || gap > 20 {
					t.Errorf("%s: asked at %v", d.name, times)
				}
			}
			second[times[1]] = true
		}
		if len(second) < 6 {
			t.Errorf("20 devices are read for the second time in %d different minutes", len(second))
		}
	})
}

// The first poll after a reboot reads everything, as an upgrade may have changed it.
func TestARebootMakesEverythingDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, api := timedDevice("r1")
		uptime := 100 * time.Hour
		api.uptime = func() time.Duration { uptime += time.Minute; return uptime }
		asked := polls(t, d, pipeline.LaneLive, 7, func(minute int) {
			if minute == 4 {
				uptime = time.Minute
			}
		})
		if diff := cmp.Diff([]int{0, 5}, asked["interface"]); diff != "" { // minute 4 tells it
			t.Error(diff)
		}
	})
}

// A table that failed is tried again sooner than one that was read.
func TestAFailedTableIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, api := timedDevice("r1")
		api.statuses["interface"] = pipeline.Failed
		asked := polls(t, d, pipeline.LaneLive, 11, nil)
		if diff := cmp.Diff([]int{0, 5, 10}, asked["interface"]); diff != "" {
			t.Error(diff)
		}
	})
}

// A poll for which nothing is due says nothing, to nobody.
func TestAPollWithoutATable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, api := timedDevice("r1")
		delete(d.plan.lanes[pipeline.LaneLive].tables, "router")
		for minute := range 5 {
			b, err := d.Collect(t.Context(), pipeline.LaneLive)
			if err != nil || isIdle(b, err) != (minute > 0) {
				t.Errorf("minute %d: %v, %v", minute, b.Tables, err)
			}
			time.Sleep(time.Minute)
		}
		if api.asked != 1 || d.away {
			t.Errorf("asked %d times, away %v", api.asked, d.away)
		}
		if pace := d.plan.pace(pipeline.LaneLive, 30*time.Second); pace != 10*time.Minute {
			t.Errorf("the lane gives something every %s", pace)
		}
		if pace := everything().pace(pipeline.LaneLive, 30*time.Second); pace != 30*time.Second {
			t.Errorf("the lane gives something every %s", pace)
		}
	})
}

// The worked example of the guide is a config that works.
func TestTheGuidesExampleOfOwnTables(t *testing.T) {
	guide, err := os.ReadFile("../docs/snmp.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(guide), "```yaml\nsnmp_tables:\n")
	example, _, closed := strings.Cut(example, "```\n")
	if !found || !closed {
		t.Fatal("docs/snmp.md has no example of snmp_tables")
	}
	cfg, err := parse(t, "snmp_tables:\n"+example)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.SNMPTables) != 4 || len(cfg.Advice()) != 0 {
		t.Errorf("%d tables, %v", len(cfg.SNMPTables), cfg.Advice())
	}
	if _, err := New(cfg, cfg.Schema(), prometheus.NewRegistry(), slog.New(slog.DiscardHandler)); err != nil {
		t.Error(err)
	}
}
