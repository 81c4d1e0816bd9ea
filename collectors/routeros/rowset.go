package routeros

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/routerpulse/routerpulse/pipeline"
)

// rowset gathers the rows of one table as they come. It is used over and over, by one read at a time;
// what it hands out is copied.
type rowset struct {
	table  *plannedTable
	source *plannedSource
	memory *tableMemory

	row, part row
	whole     spans // of a table with one row: what all requests said together

	fields []pipeline.Field // table.fields for each row
	rows   []int            // how many fields each row has
	groups map[string]int   // of a tally, by what names a row
	seen   []bool           // by slot: some row had the attribute

	quick bool // what changes seldom is taken from memory
	stale bool // which does not fit the rows: they must be asked for again, whole
	fixed []pipeline.Value

	same  bool // so far all rows are named as those of the last time
	ids   []byte
	ends  []int
	keys  []pipeline.RowKey
	links []string

	joined []uint64         // by row: the joins that found it
	found  []map[string]int // by join: rows by what it calls them
}

// begin makes it ready for a read.
func (s *rowset) begin(t *plannedTable, source *plannedSource, m *tableMemory, c clock, quick bool) {
	s.quick, s.stale, s.fixed = quick, false, s.fixed[:0]
	s.table, s.source, s.memory = t, source, m
	s.fields, s.rows, s.joined = s.fields[:0], s.rows[:0], s.joined[:0]
	s.same, s.ids, s.ends = m.series != nil || m.keys != nil, s.ids[:0], s.ends[:0]
	s.keys, s.links = nil, nil
	s.row.clock, s.part.clock = c, c
	s.row.take(source.shape)
	s.whole.reset(len(source.shape.names))
	s.seen = append(s.seen[:0], make([]bool, len(source.shape.names))...)
	clear(s.groups)
}

// add takes one row of the answer to a request.
func (s *rowset) add(r *plannedRequest, words [][]byte) {
	s.row.take(s.source.shape)
	s.row.fill(words)
	s.addFilled(r)
}

// addCount takes the answer to a request that counts.
func (s *rowset) addCount(r *plannedRequest, number string) {
	s.row.take(s.source.shape)
	s.row.values[r.count] = []byte(number)
	s.addFilled(r)
}

func (s *rowset) addFilled(r *plannedRequest) {
	for i, v := range s.row.values {
		s.seen[i] = s.seen[i] || v != nil
	}
	for _, c := range r.with {
		s.row.values[c.slot] = c.value
	}
	switch {
	case s.table.key.none():
		s.whole.merge(s.row.values)
	case s.source.split == nil:
		s.addRow(&s.row)
	default:
		s.part.take(s.source.made)
		s.source.split.rows(&s.row, &s.part, func() {
			s.addRow(&s.part)
			clear(s.part.values)
		})
	}
}

func (s *rowset) addRow(r *row) {
	if s.table.skip.holds != nil && s.table.skip.holds(r) {
		return
	}
	from := len(s.ids)
	s.identify(r)
	if s.table.tally {
		if i, ok := s.groups[string(s.ids[from:])]; ok {
			s.ids = s.ids[:from]
			s.addUp(i, r)
			return
		}
	}
	at := len(s.rows)
	if s.quick && !s.isAt(at, from) {
		s.stale = true
		return
	}
	s.fields = slices.Grow(s.fields, s.table.fields)[:(at+1)*s.table.fields]
	n := s.read(s.source.columns, r, at, 0)
	if n == 0 && len(s.table.joins) == 0 {
		s.ids, s.fields = s.ids[:from], s.fields[:at*s.table.fields]
		return // nothing that the schema knows, as a sensor in an unknown unit
	}
	if s.table.tally {
		if s.groups == nil {
			s.groups = map[string]int{}
		}
		s.groups[string(s.ids[from:])] = at
	}
	s.rows, s.joined, s.ends = append(s.rows, n), append(s.joined, 0), append(s.ends, len(s.ids))
	s.name(r, at, from)
}

// read makes the fields of a row after the have that it has already, and returns how many that makes.
func (s *rowset) read(columns []bound, r *row, at, have int) int {
	into := s.fields[at*s.table.fields : (at+1)*s.table.fields]
	for i := range columns {
		if v := s.value(&columns[i], r, at); !v.IsNone() {
			into[have] = pipeline.Field{Def: columns[i].def, Value: v}
			have++
		}
	}
	return have
}

func (s *rowset) value(c *bound, r *row, at int) pipeline.Value {
	if c.fixed >= 0 {
		return s.seldomValue(c, r, at)
	}
	return s.valueOf(c, r, at)
}

// seldomValue takes the value of the last time, or keeps this one for the next.
func (s *rowset) seldomValue(c *bound, r *row, at int) pipeline.Value {
	place := at*s.source.seldom + c.fixed
	if s.quick {
		return s.memory.fixed[place]
	}
	for len(s.fixed) <= place {
		s.fixed = append(s.fixed, pipeline.Value{})
	}
	s.fixed[place] = s.valueOf(c, r, at)
	return s.fixed[place]
}

func (s *rowset) valueOf(c *bound, r *row, at int) pipeline.Value {
	if c.column.value != nil {
		return c.column.value(c.def, r)
	}
	var raw []byte
	for _, slot := range c.slots {
		if v := r.values[slot]; v != nil {
			if raw = v; len(raw) > 0 {
				break
			}
		}
	}
	switch {
	case raw == nil:
		return pipeline.Value{}
	case c.parse != nil:
		return c.parse(c.def, raw)
	}
	return s.memory.textOf(at*s.table.texts+c.held, raw, c.form)
}

// addUp adds a row to that of its group.
func (s *rowset) addUp(at int, r *row) {
	if t := s.table.prefer; t.holds != nil && t.holds(r) {
		s.rows[at] = s.read(s.source.columns, r, at, 0)
		return
	}
	into := s.fields[at*s.table.fields:][:s.rows[at]]
	for i := range s.source.columns {
		c := &s.source.columns[i]
		if !c.adds {
			continue
		}
		v := s.value(c, r, at)
		if j := slices.IndexFunc(into, func(f pipeline.Field) bool { return f.Def == c.def }); j >= 0 && !v.IsNone() {
			into[j].Value = pipeline.GaugeValue(into[j].Value.Float() + v.Float())
		}
	}
}

// identify notes what names the row: its key, its .id and what the joins look at.
func (s *rowset) identify(r *row) {
	note := func(attr string) {
		v := r.get(attr)
		s.ids = append(binary.AppendUvarint(s.ids, uint64(len(v))), v...)
	}
	if s.table.tally { // rows are one group if their keys are the same, however they came about
		for _, v := range s.table.key.values(r) {
			s.ids = append(binary.AppendUvarint(s.ids, uint64(len(v))), v...)
		}
		return
	}
	for _, a := range s.table.key.reads {
		note(a)
	}
	note(".id")
	for _, j := range s.table.joins {
		for _, a := range j.of.reads {
			note(a)
		}
	}
}

// name gives the row its key. As long as the rows are those of the last time, in the same order, theirs
// are taken.
func (s *rowset) name(r *row, at, from int) {
	m := s.memory
	if s.same {
		if s.isAt(at, from) {
			return
		}
		s.same = false
		s.keys = append(s.keys, m.keys[:at]...)
		s.links = append(s.links, m.links[:at*len(s.table.joins)]...)
	}
	k := pipeline.RowKey{Values: s.table.key.values(r)}
	if !s.table.tally {
		k.Index = ordinal(r.text(".id"))
	}
	s.keys = append(s.keys, k)
	for _, j := range s.table.joins {
		s.links = append(s.links, j.of.name(r))
	}
}

// isAt reports that the row whose identity begins there stood at this place the last time.
func (s *rowset) isAt(at, from int) bool {
	m, begin := s.memory, 0
	if at >= len(m.ends) {
		return false
	}
	if at > 0 {
		begin = m.ends[at-1]
	}
	return bytes.Equal(s.ids[from:], m.ids[begin:m.ends[at]])
}

// linkOf is what a join calls a row.
func (s *rowset) linkOf(j *plannedJoin, at int) string {
	links := s.links
	if s.same {
		links = s.memory.links
	}
	return links[at*len(s.table.joins)+j.index]
}

// keyOf is a row's name.
func (s *rowset) keyOf(at int) pipeline.RowKey {
	if s.same {
		return s.memory.keys[at]
	}
	return s.keys[at]
}

// names lists what a join calls the rows, without those that it leaves out.
func (s *rowset) names(j *plannedJoin) []string {
	var out []string
	for at := range s.rows {
		if n := s.linkOf(j, at); n != "" {
			out = append(out, n)
		}
	}
	return out
}

// seek makes the rows known by what a join calls them; of two of one name, the first.
func (s *rowset) seek(j *plannedJoin) {
	for len(s.found) <= j.index {
		s.found = append(s.found, map[string]int{})
	}
	clear(s.found[j.index])
	for at := len(s.rows) - 1; at >= 0; at-- {
		if n := s.linkOf(j, at); n != "" {
			s.found[j.index][n] = at
		}
	}
}

// join adds what one row of the answer to a join says to the row of that name.
func (s *rowset) join(j *plannedJoin, r *row, name []byte) {
	at, ok := s.found[j.index][string(name)]
	bit := uint64(1) << j.index
	if !ok || s.joined[at]&bit != 0 {
		return
	}
	s.joined[at] |= bit
	have := s.rows[at]
	s.rows[at] = s.read(j.columns, r, at, have)
	s.hold(j, at, have)
}
