package routeros

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// TestProplists: what is asked for is used, and no more than once.
func TestProplists(t *testing.T) {
	for _, table := range newShared(t).plan.tables {
		for _, s := range table.sources {
			if s.split != nil {
				continue
			}
			var needs []string
			for _, n := range table.needs(slices.Concat(table.columns, s.source.columns)) {
				needs = append(needs, alternatives(n)...)
			}
			var asked []string
			for _, r := range s.requests {
				if len(s.requests) > 1 && !table.key.none() {
					asked = nil // two menus that list the same thing
				}
				asked = append(asked, r.names...)
				for _, a := range r.names {
					if !slices.Contains(needs, a) && !r.vital {
						t.Errorf("%s asks %s for %s and does not use it", table.name, r.id, a)
					}
				}
				if slices.Sort(asked); len(slices.Compact(slices.Clone(asked))) != len(asked) {
					t.Errorf("%s asks twice for something: %q", table.name, asked)
				}
			}
		}
	}
}

// TestHealthUnits: every sensor that is asked for on RouterOS 6 has a unit that a column takes.
func TestHealthUnits(t *testing.T) {
	for name := range strings.SplitSeq(healthColumns, ",") {
		if impliedUnit([]byte(name)) == "" {
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

// TestTables: what tells version and uptime comes first, what counts others last, and each table is in
// one lane.
func TestTables(t *testing.T) {
	lanes := map[string]pipeline.Lane{}
	for _, lane := range []pipeline.Lane{pipeline.LaneLive, pipeline.LaneSessions, pipeline.LaneSlow} {
		for _, table := range Tables(lane) {
			if lanes[table] != "" {
				t.Errorf("%s is in %s and %s", table, lanes[table], lane)
			}
			lanes[table] = lane
		}
	}
	if got := Tables(pipeline.LaneLive)[:4]; !slices.Equal(got, []string{"router", "cpu", "health", "interface"}) {
		t.Error(got)
	}
	sessions := Tables(pipeline.LaneSessions)
	if !slices.Equal(sessions[:2], []string{"ppp_session", "hotspot_session"}) || sessions[len(sessions)-1] != countTable {
		t.Error(sessions)
	}
	if got := Tables(pipeline.LaneStatus); got != nil {
		t.Error(got)
	}
	for _, p := range Policies() {
		if lanes[p.Table] != p.Lane {
			t.Errorf("%s: %s and %s", p.Table, p.Lane, lanes[p.Table])
		}
		switch p.Table {
		case "dhcp_lease", "hotspot_host", "arp_entry":
			if !p.Costly {
				t.Errorf("%s is on by default", p.Table)
			}
		case "dhcp_lease_count", "dhcpv6_binding_count":
			if p.Costly || p.Every != 5*time.Minute {
				t.Errorf("%+v", p)
			}
		case "router", "interface", "firewall_rule", "queue_simple", "certificate":
			if p.Costly || p.Every != 0 {
				t.Errorf("%+v", p)
			}
		}
	}
}
