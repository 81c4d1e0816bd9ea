package routeros

import (
	"slices"
	"strings"
	"testing"

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
