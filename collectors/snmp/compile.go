package snmp

import (
	"errors"
	"fmt"
	"math"

	"github.com/routerpulse/routerpulse/pipeline"
)

// library is every table, compiled: names resolved, nothing left to look up. It is made once for all
// devices and does not change.
type library struct {
	tables  []*table
	mibs    []*source
	scalars []scalar
	deny    *denyList
	// Places of the two scalars that every poll reads.
	objectID, upTime int
}

// scalar is one object to GET.
type scalar struct {
	object
	wire   name   // its oid
	vendor string // only asked on devices of this vendor; "" is all
}

// source is a compiled mib.
type source struct {
	*mib
	place  int // in library.mibs
	vendor string
	wire   []name // the columns' oids
	key    [][]int
	names  map[string]int
	// columns are the mib's own, and then the parts of its index and its joins, which nobody asks for.
	columns []object
	asked   int // how many are the mib's own
	most    int // rows to ask for at once
	joins   []joined
	// Of a mib that is read with GET: the columns that tell whether a row is there, and the mib whose rows
	// may be rows of this one; nil is none.
	candidates []int
	among      *source
	// kept is, for each column, its place among those that memory keeps, or none; keeps counts them.
	kept  []int
	keeps int
}

// table is a compiled tableDef.
type table struct {
	*tableDef
	schema  *pipeline.Table
	source  *source  // nil: no rows from a mib
	parts   []*table // this one, and what more there is
	also    []*source
	scalars []int          // all that the table needs, sensors' included
	names   map[string]int // the scalars by name
	fields  []field
	sensors []sensor
	rates   int // how many fields get a rate
}

type field struct {
	def  *pipeline.FieldDef
	from []formula
}

type sensor struct {
	key string
	field
}

// formula is a compiled reading.
type formula struct {
	*reading
	of                      []ref
	times, per, where, with ref
	floor                   ref // that above refers to
	unless                  []ref
	scaleOf, precisionOf    ref
	// n × factor ÷ divisor scales: a division by 10 is exact where a multiplication by 0.1 is not.
	factor, divisor float64
}

// ref is the place of an object: a column of the table's source, or a scalar. noRef is none.
type ref struct {
	column, scalar int
}

const none = -1

func noRef() ref { return ref{none, none} }

func (r ref) exists() bool { return r.column != none || r.scalar != none }

// compile checks the definitions against the schema and resolves their names.
func compile(schema *pipeline.Schema, defs []tableDef) (*library, error) {
	l := &library{deny: newDenyList()}
	sources := map[*mib]*source{}
	for i := range defs {
		if err := l.addTable(schema, sources, &defs[i]); err != nil {
			return nil, fmt.Errorf("snmp table %q: %w", defs[i].name, err)
		}
	}
	var err error
	if l.objectID, err = l.addScalar(object{name: "sysObjectID", oid: sysObjectID}); err != nil {
		return nil, err
	}
	l.upTime, err = l.addScalar(object{name: "sysUpTime", oid: sysUpTime})
	return l, err
}

func (l *library) addTable(schema *pipeline.Schema, sources map[*mib]*source, def *tableDef) (err error) {
	t := &table{tableDef: def, schema: schema.Table(def.name)}
	if t.schema == nil {
		return errors.New("the schema has no such table")
	}
	if err := l.addPart(sources, t); err != nil {
		return err
	}
	t.parts = append(t.parts, t)
	for i := range def.more {
		part := &table{tableDef: &def.more[i], schema: t.schema}
		if err := l.addPart(sources, part); err != nil {
			return err
		}
		t.parts = append(t.parts, part)
	}
	l.tables = append(l.tables, t)
	return nil
}

// addPart compiles one of the places that a table comes from.
func (l *library) addPart(sources map[*mib]*source, t *table) (err error) {
	def := t.tableDef
	if t.source, err = l.addSource(sources, def.rows); err != nil {
		return err
	}
	if keys := len(t.schema.Keys); t.source != nil && !def.number && len(t.source.key) != keys {
		return fmt.Errorf("the schema has the keys %v", t.schema.Keys)
	}
	for _, m := range def.also {
		s, err := l.addSource(sources, m)
		if err != nil {
			return err
		}
		t.also = append(t.also, s)
	}
	names := map[string]int{}
	t.names = names
	for _, o := range def.scalars {
		if err := t.addScalar(l, names, o); err != nil {
			return err
		}
	}
	for i := range def.sensors {
		if err := t.addScalar(l, names, def.sensors[i].object); err != nil {
			return err
		}
	}
	if def.solo != nil && len(def.solo) != len(t.schema.Keys) {
		return fmt.Errorf("the schema has the keys %v", t.schema.Keys)
	}
	return t.compileRules(names)
}

func (t *table) addScalar(l *library, names map[string]int, o object) error {
	place, err := l.addScalar(o)
	if err != nil {
		return fmt.Errorf("%s: %w", o.name, err)
	}
	names[o.name] = place
	t.scalars = append(t.scalars, place)
	return nil
}

func (t *table) compileRules(names map[string]int) error {
	for _, r := range t.tableDef.fields {
		f, err := t.compileRule(names, r)
		if err != nil {
			return err
		}
		t.fields = append(t.fields, f)
		if f.def.Rate != nil {
			t.rates++
		}
	}
	for i := range t.tableDef.sensors {
		s := &t.tableDef.sensors[i]
		f, err := t.compileRule(names, s.rule)
		if err != nil {
			return err
		}
		t.sensors = append(t.sensors, sensor{s.key, f})
	}
	return nil
}

func (t *table) compileRule(names map[string]int, r rule) (field, error) {
	f := field{def: t.schema.Field(r.field)}
	if f.def == nil {
		return f, fmt.Errorf("the schema has no field %q", r.field)
	}
	for i := range r.from {
		c, err := t.compileReading(names, &r.from[i])
		if err != nil {
			return f, fmt.Errorf("field %q: %w", r.field, err)
		}
		f.from = append(f.from, c)
	}
	return f, nil
}

func (t *table) compileReading(names map[string]int, r *reading) (f formula, err error) {
	f = formula{reading: r, factor: 1, divisor: 1}
	switch {
	case r.scale > 0 && r.scale < 1 && math.Abs(1/r.scale-math.Round(1/r.scale)) < 1e-9/r.scale:
		f.divisor = math.Round(1 / r.scale)
	case r.scale != 0:
		f.factor = r.scale
	}
	for _, name := range r.of {
		of, err := t.resolve(names, name)
		if err != nil {
			return f, err
		}
		if of.exists() {
			f.of = append(f.of, of)
		}
	}
	if len(f.of) == 0 || len(f.of) < len(r.of) {
		return f, errors.New("a reading of nothing")
	}
	return f, t.resolveOthers(names, &f)
}

// resolveOthers finds the objects that a reading refers to beside those that it reads.
func (t *table) resolveOthers(names map[string]int, f *formula) (err error) {
	var when, above, scale, precision string
	if f.above != nil {
		above = f.above.object
	}
	if f.when != nil {
		when = f.when.object
	}
	if f.decimal != nil {
		scale, precision = f.decimal.scale, f.decimal.precision
	}
	for _, other := range []struct {
		name string
		to   *ref
	}{
		{f.reading.times, &f.times}, {f.reading.per, &f.per}, {when, &f.where}, {f.reading.with, &f.with}, {above, &f.floor},
		{scale, &f.scaleOf}, {precision, &f.precisionOf},
	} {
		if *other.to, err = t.resolve(names, other.name); err != nil {
			return err
		}
	}
	for _, c := range f.reading.unless {
		r, err := t.resolve(names, c.object)
		if err != nil {
			return err
		}
		f.unless = append(f.unless, r)
	}
	return nil
}

func (t *table) resolve(names map[string]int, name string) (ref, error) {
	if name == "" {
		return noRef(), nil
	}
	if t.source != nil {
		if i, ok := t.source.names[name]; ok {
			return ref{i, none}, nil
		}
	}
	if i, ok := names[name]; ok {
		return ref{none, i}, nil
	}
	return noRef(), fmt.Errorf("no object %q", name)
}

func (l *library) addScalar(o object) (place int, err error) {
	for i := range l.scalars {
		if l.scalars[i].oid == o.oid {
			return i, nil
		}
	}
	n, err := parseOID(o.oid)
	if err == nil {
		err = l.deny.allowGet(n)
	}
	l.scalars = append(l.scalars, scalar{o, n, vendorOf(o.oid)})
	return len(l.scalars) - 1, err
}

// vendorOf keeps a maker's objects from being asked of others.
func vendorOf(oid string) string {
	for _, maker := range []string{mikrotikEnterprise, frogfootEnterprise} {
		if inside(oid, maker) {
			return maker
		}
	}
	return ""
}
