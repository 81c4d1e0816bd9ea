package routeros

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

// tables lists what is read, in the order it is asked for: cheap and telling first. Those of the
// live lane begin with router, which tells version and uptime.
func tables() []table {
	first := []table{routerTable(), cpuTable(), healthTable(), interfaceTable(), pppSessionTable(), hotspotSessionTable()}
	return slices.Concat(first, portTables(), wirelessTables(), systemTables(), inventoryTables(), serviceTables(), firewallTables(),
		routingTables(), tunnelTables())
}

// Tables names the tables of a lane that this package knows.
func Tables(lane pipeline.Lane) []string {
	var names []string
	for _, p := range Policies() {
		if p.Lane == lane {
			names = append(names, p.Table)
		}
	}
	return names
}

// plan is the tables with their definitions in the schema. It is made once and shared.
type plan struct {
	tables []*plannedTable
	counts *pipeline.Table
}

// plannedTable is a table ready to be asked for.
type plannedTable struct {
	table
	def      *pipeline.Table
	position int // in the plan
	sources  []*plannedSource
	joins    []*plannedJoin
	fields   int  // the most that a row can have
	texts    int  // columns that are texts
	clocked  bool // it needs the router's clock
}

// plannedSource is one way to ask.
type plannedSource struct {
	source
	index    int
	requests []*plannedRequest
	shape    *shape // of all its rows, before they are split
	made     *shape // of those that split makes
	columns  []bound
	seldom   int // columns that are; 0 if they are asked for each time
}

// plannedRequest is one command, ready to be sent but for its tag.
type plannedRequest struct {
	request
	id    string   // tells menus apart that a router may lack
	names []string // of the proplist
	words []string
	quick []string // words without what changes seldom; nil: the same
	with  []constant
	count int // slot of the number of rows, -1 if it is none
}

// constant is an attribute that every row of a request has.
type constant struct {
	slot  int
	value []byte
}

// plannedJoin is a join, ready to be asked for.
type plannedJoin struct {
	join
	index   int
	request *plannedRequest
	shape   *shape
	on      int // slot, -1 if answers have no name
	columns []bound
}

// bound is a column that has found its field and its attributes.
type bound struct {
	*column
	def   *pipeline.FieldDef
	slots []int
	held  int // place of a text among the texts of a row
	fixed int // place among the seldom columns of a row, -1 if it is none
}

// newPlan finds every table and field in the schema, and checks their kinds: a field's kind is for
// ever.
func newPlan(schema *pipeline.Schema) (*plan, error) { return planOf(schema, tables()) }

func planOf(schema *pipeline.Schema, tables []table) (*plan, error) {
	p := &plan{counts: schema.Table(countTable)}
	if p.counts == nil {
		return nil, fmt.Errorf("routeros: schema has no table %s", countTable)
	}
	for _, c := range sessionCounts() {
		if p.counts.Field(c.field) == nil {
			return nil, fmt.Errorf("routeros: schema has no field %s.%s", countTable, c.field)
		}
	}
	for i, t := range tables {
		planned, err := planTable(t, schema)
		if err != nil {
			return nil, fmt.Errorf("routeros: table %s: %w", t.name, err)
		}
		planned.position = i
		p.tables = append(p.tables, planned)
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

func planTable(t table, schema *pipeline.Schema) (*plannedTable, error) {
	p := &plannedTable{table: t, def: schema.Table(t.name)}
	if p.def == nil {
		return nil, errors.New("the schema does not have it")
	}
	if len(t.sources) == 0 {
		return nil, errors.New("it has no source")
	}
	extra, texts := 0, 0
	for i := range t.sources {
		p.texts = 0 // only one source is in use at a time
		s, err := p.planSource(i)
		if err != nil {
			return nil, err
		}
		p.sources = append(p.sources, s)
		extra, texts = max(extra, len(t.sources[i].columns)), max(texts, p.texts)
	}
	p.fields, p.texts = len(t.columns)+extra, texts
	for i := range t.joins {
		j, err := p.planJoin(i)
		if err != nil {
			return nil, err
		}
		p.joins = append(p.joins, j)
		p.fields += len(j.columns)
	}
	return p, p.checkKey()
}

func (p *plannedTable) checkKey() error {
	switch {
	case p.key.none() && (len(p.table.joins) > 0 || p.tally || len(p.def.Keys) > 0):
		return errors.New("a table with joins, a tally or keys in the schema needs a key")
	case p.tally && len(p.table.joins) > 0:
		return errors.New("a tally has no joins")
	case p.prefer.holds != nil && !p.tally:
		return errors.New("only a tally prefers rows")
	}
	return nil
}

func (p *plannedTable) planSource(i int) (*plannedSource, error) {
	s := &plannedSource{source: p.table.sources[i], index: i}
	columns := slices.Concat(p.table.columns, s.source.columns)
	needs := p.needs(columns)
	asks := needs
	if s.split != nil {
		s.made = newShape(commaList(s.split.props))
		asks = nil // the split reads what the requests name
	}
	var names []string
	for _, r := range s.source.requests {
		planned, err := planRequest(r, asks)
		if err != nil {
			return nil, err
		}
		s.requests = append(s.requests, planned)
		names = append(names, planned.attributes()...)
	}
	s.shape = newShape(unique(names))
	for _, r := range s.requests {
		r.bind(s.shape)
	}
	shape := s.shape
	if s.made != nil {
		shape = s.made
	}
	if err := shape.covers(needs); err != nil {
		return nil, err
	}
	var err error
	s.columns, err = p.bind(columns, shape)
	s.planQuick(p)
	return s, err
}

// planQuick finds out what to ask for when only what changes often is wanted.
func (s *plannedSource) planQuick(p *plannedTable) {
	if p.key.none() || p.tally || s.split != nil {
		return
	}
	var often []column
	for i := range s.columns {
		if !s.columns[i].seldom {
			often = append(often, *s.columns[i].column)
		}
	}
	var needs []string
	for _, n := range p.needs(often) {
		needs = append(needs, alternatives(n)...)
	}
	for _, r := range s.requests {
		var unwanted []string
		for _, n := range r.names {
			if !slices.Contains(needs, n) {
				unwanted = append(unwanted, n)
			}
		}
		if len(unwanted) > 0 && r.command == "print" {
			r.quick = r.wordsWithout(unwanted)
		}
	}
	if !slices.ContainsFunc(s.requests, func(r *plannedRequest) bool { return r.quick != nil }) {
		return
	}
	for i := range s.columns {
		if s.columns[i].seldom {
			s.columns[i].fixed = s.seldom
			s.seldom++
		}
	}
}

// needs is what must be asked for: all that key, skip, joins and columns read.
func (p *plannedTable) needs(columns []column) []string {
	var names []string
	if !p.key.none() && !p.tally {
		names = append(names, ".id")
	}
	names = slices.Concat(names, p.key.reads, p.skip.reads, p.prefer.reads)
	for _, j := range p.table.joins {
		names = append(names, j.of.reads...)
	}
	for _, c := range columns {
		names = append(names, c.reads...)
	}
	return unique(names)
}

func (p *plannedTable) planJoin(i int) (*plannedJoin, error) {
	j := &plannedJoin{join: p.table.joins[i], index: i, on: -1}
	var names []string
	if j.join.on != "" {
		names = append(names, j.join.on)
	}
	for _, c := range j.join.columns {
		names = append(names, c.reads...)
	}
	var err error
	if j.request, err = planRequest(j.join.request, unique(names)); err != nil {
		return nil, err
	}
	if j.of.name == nil || (j.join.on == "" && j.numbers == "") {
		return nil, fmt.Errorf("join of %s: rows cannot be told apart", j.request.id)
	}
	j.shape = newShape(unique(j.request.attributes()))
	j.request.bind(j.shape)
	if slot, ok := j.shape.slots[j.join.on]; ok {
		j.on = slot
	}
	if err := j.shape.covers(names); err != nil {
		return nil, err
	}
	j.columns, err = p.bind(j.join.columns, j.shape)
	return j, err
}

// bind finds the columns' fields and attributes.
func (p *plannedTable) bind(columns []column, s *shape) ([]bound, error) {
	var out []bound
	for i := range columns {
		c := &columns[i]
		b := bound{column: c, def: p.def.Field(c.field), fixed: -1}
		if b.def == nil || b.def.Kind != c.kind {
			return nil, fmt.Errorf("the schema has no field %s of kind %s", c.field, c.kind)
		}
		for _, read := range c.reads {
			for _, name := range alternatives(read) {
				if slot, ok := s.slots[name]; ok {
					b.slots = append(b.slots, slot)
				}
			}
		}
		if c.value == nil && c.parse == nil {
			b.held = p.texts
			p.texts++
		}
		p.clocked = p.clocked || c.kind == pipeline.Timestamp
		out = append(out, b)
	}
	return out, nil
}

// fits reports that a router of version v can be asked this way.
func fits(since, until, v version) bool {
	return v.atLeast(since) && (until == version{} || !v.atLeast(until))
}

// versioned reports that how the table is asked for depends on the router's version.
func (p *plannedTable) versioned() bool {
	for _, s := range p.sources {
		if s.since != (version{}) || s.until != (version{}) {
			return true
		}
	}
	return false
}

func (p *plannedTable) tellsVitals() bool {
	return slices.ContainsFunc(p.sources[0].requests, func(r *plannedRequest) bool { return r.vital })
}

func alternatives(attr string) []string { return strings.Split(attr, "|") }

func commaList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func unique(names []string) []string {
	var out []string
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}
