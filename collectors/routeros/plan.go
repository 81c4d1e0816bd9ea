package routeros

import (
	"fmt"

	"github.com/routerpulse/routerpulse/pipeline"
)

// tables lists what is read, in the order it is asked for: cheap and telling first. Those of the
// live lane begin with router, which tells version and uptime.
func tables() []table {
	return []table{routerTable(), cpuTable(), healthTable(), interfaceTable(), pppSessionTable(), hotspotSessionTable()}
}

// Tables names the tables of a lane that this package knows.
func Tables(lane pipeline.Lane) []string {
	var names []string
	for _, t := range tables() {
		if t.lane == lane {
			names = append(names, t.name)
		}
	}
	if lane == pipeline.LaneSessions {
		names = append(names, countTable)
	}
	return names
}

// plan is the tables with their definitions in the schema. It is made once and shared.
type plan struct {
	tables []*plannedTable
	counts *pipeline.Table
}

type plannedTable struct {
	table
	def    *pipeline.Table
	fields []*pipeline.FieldDef // of the columns
}

// newPlan finds every table and field in the schema, and checks their kinds: a field's kind is for
// ever.
func newPlan(schema *pipeline.Schema) (*plan, error) {
	p := &plan{counts: schema.Table(countTable)}
	if p.counts == nil {
		return nil, fmt.Errorf("routeros: schema has no table %s", countTable)
	}
	for _, c := range sessionCounts() {
		if p.counts.Field(c.field) == nil {
			return nil, fmt.Errorf("routeros: schema has no field %s.%s", countTable, c.field)
		}
	}
	for _, t := range tables() {
		planned, err := planTable(t, schema)
		if err != nil {
			return nil, err
		}
		p.tables = append(p.tables, planned)
	}
	return p, nil
}

func planTable(t table, schema *pipeline.Schema) (*plannedTable, error) {
	p := &plannedTable{table: t, def: schema.Table(t.name)}
	if p.def == nil {
		return nil, fmt.Errorf("routeros: schema has no table %s", t.name)
	}
	for _, c := range t.columns {
		def := p.def.Field(c.field)
		if def == nil || def.Kind != c.kind {
			return nil, fmt.Errorf("routeros: schema has no field %s.%s of kind %s", t.name, c.field, c.kind)
		}
		p.fields = append(p.fields, def)
	}
	return p, nil
}

func (p *plan) table(name string) *plannedTable {
	for _, t := range p.tables {
		if t.name == name {
			return t
		}
	}
	return nil
}

// source is the way to ask a router of that version.
func (t *plannedTable) source(v version) source {
	for _, s := range t.sources {
		if v.atLeast(s.since) {
			return s
		}
	}
	return t.sources[len(t.sources)-1]
}

// fieldsOf reads one row.
func (t *plannedTable) fieldsOf(row attrs) []pipeline.Field {
	fields := make([]pipeline.Field, 0, len(t.columns))
	for i, c := range t.columns {
		if value := c.value(t.fields[i], row); !value.IsNone() {
			fields = append(fields, pipeline.Field{Def: t.fields[i], Value: value})
		}
	}
	return fields
}
