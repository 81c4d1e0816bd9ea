package routeros

import (
	"slices"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/pipeline"
)

// TestProplists: what is asked for is used, what is used is asked for, and nothing secret is.
func TestProplists(t *testing.T) {
	secrets := []string{"reconfigure-key", "challenge-password", "env-current", "config-json", "nvme-tcp-server-secret",
		"nvme-tcp-secret", "vpn-private-key", "vpn-peer-private-key", "vpn-wireguard-client-config",
		"vpn-wireguard-client-config-qrcode", "password", "private-key", "preshared-key", "secret", "passphrase"}
	used := map[string][]string{ // by key, skip and split
		"cpu": {".id", "cpu"}, "health": {".id", "name"}, "interface": {".id", "name", "dynamic"},
		"ppp_session": {".id", "name", "service"}, "hotspot_session": {".id", "user"},
	}
	for _, table := range tables() {
		needs := used[table.name]
		for _, c := range table.columns {
			needs = append(needs, c.reads...)
		}
		for _, s := range table.sources {
			var asked []string
			for _, r := range s.requests {
				asked = append(asked, strings.Split(r.props, ",")...)
				if words := r.words(); words[0] != r.path+"/print" || words[1] != "=.proplist="+r.props || r.props == "" {
					t.Errorf("%s: asks %q", table.name, words)
				}
			}
			for _, a := range asked {
				if slices.Contains(secrets, a) {
					t.Errorf("%s asks for the secret %s", table.name, a)
				}
				if s.split == nil && !slices.Contains(needs, a) {
					t.Errorf("%s asks for %s and does not use it", table.name, a)
				}
			}
			for _, a := range needs {
				if s.split == nil && !slices.Contains(asked, a) {
					t.Errorf("%s uses %s and does not ask for it", table.name, a)
				}
			}
			if slices.Sort(asked); len(slices.Compact(slices.Clone(asked))) != len(asked) {
				t.Errorf("%s asks twice for something: %q", table.name, asked)
			}
		}
	}
}

// TestHealthUnits: every sensor that is asked for on RouterOS 6 has a unit that a column takes.
func TestHealthUnits(t *testing.T) {
	for name := range strings.SplitSeq(healthColumns, ",") {
		if sensorUnit(attrs{"name": name}) == "" {
			t.Errorf("%s has no unit", name)
		}
	}
}

func TestPlanFitsSchema(t *testing.T) {
	if _, err := newPlan(pipeline.NewSchema()); err != nil {
		t.Fatal(err)
	}
	for _, schema := range []*pipeline.Schema{
		{}, {Tables: []*pipeline.Table{{Name: countTable}}},
		{Tables: []*pipeline.Table{{Name: countTable, Fields: []*pipeline.FieldDef{{Name: "ppp"}, {Name: "hotspot"}}}}},
		{Tables: []*pipeline.Table{{Name: countTable, Fields: []*pipeline.FieldDef{{Name: "ppp"}, {Name: "hotspot"}}},
			{Name: "router", Fields: []*pipeline.FieldDef{{Name: "identity", Kind: pipeline.Gauge}}}}},
	} {
		if _, err := NewShared(schema, 0, nil); err == nil {
			t.Error("a schema without our fields is taken")
		}
	}
}

func TestTables(t *testing.T) {
	for lane, want := range map[pipeline.Lane][]string{
		pipeline.LaneLive:     {"router", "cpu", "health", "interface"},
		pipeline.LaneSessions: {"ppp_session", "hotspot_session", "session_count"},
		pipeline.LaneStatus:   nil, pipeline.LaneSlow: nil,
	} {
		if got := Tables(lane); !slices.Equal(got, want) {
			t.Errorf("%s: %q", lane, got)
		}
	}
}
