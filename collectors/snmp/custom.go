package snmp

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// CustomTable is a table that a config defines. It becomes a table of the schema and a tableDef, and is
// read as those that are built in.
type CustomTable struct {
	Name    string           `yaml:"name"`
	Doc     string           `yaml:"doc"`
	Lane    string           `yaml:"lane"`  // "" is live
	Every   configs.Duration `yaml:"every"` // the least time between two reads; 0: each time its lane is polled
	Match   CustomMatch      `yaml:"match"`
	Scalars []CustomField    `yaml:"scalars"` // a table of one row
	Index   []CustomPart     `yaml:"index"`   // or one of rows: what its index is made of,
	Labels  []CustomLabel    `yaml:"labels"`  // what names a row,
	Columns []CustomField    `yaml:"columns"` // and its fields
}

// CustomMatch says which devices have the table; the zero value is all.
type CustomMatch struct {
	SysObjectID []string `yaml:"sys_object_id"` // prefixes
}

// CustomField is one object and the field that it becomes.
type CustomField struct {
	Name      string           `yaml:"name"`
	OID       string           `yaml:"oid"`
	Type      string           `yaml:"type"`
	Doc       string           `yaml:"doc"`
	Unit      string           `yaml:"unit"`
	Scale     float64          `yaml:"scale"` // one on the wire is so many of the unit; 0 means 1
	Drop      []int64          `yaml:"drop"`  // numbers that mean "none"
	Values    map[int64]string `yaml:"values"`
	Rate      string           `yaml:"rate"`
	RateScale float64          `yaml:"rate_scale"`
	Format    string           `yaml:"format"` // of a text: mac or ip
}

// CustomPart is one part of an index.
type CustomPart struct {
	Name string `yaml:"name"`
	Type string `yaml:"type"`
}

// CustomLabel names a row: by a part of the index, by a column of the table, or by one of another table.
type CustomLabel struct {
	Name   string   `yaml:"name"`
	Part   string   `yaml:"part"`   // of the index; "" without an OID: the part of the label's name
	OID    string   `yaml:"oid"`    // of a column
	By     []string `yaml:"by"`     // parts or columns that make up the index of that column; none: it has the same index
	Format string   `yaml:"format"` // mac or ip
}

// Policy is when a table is read, unless the config says otherwise.
type Policy struct {
	Table  string
	Lane   pipeline.Lane
	Every  time.Duration // the least time between two reads; 0: each time its lane is polled
	Costly bool          // not read unless the config asks for it
	Cost   string        // what it then costs the device
	Fields []string      // that this package can fill
}

// wholeIndex is the part and the label of a table that has neither.
const wholeIndex = "index"

func (c *CustomTable) lane() pipeline.Lane {
	if c.Lane == "" {
		return pipeline.LaneLive
	}
	return pipeline.Lane(c.Lane)
}

// partForms are the types of parts.
func partForms() map[string]form {
	return map[string]form{"integer": arc, "string": plain, "implied_string": implied, "mac": mac, "ipv4": ipv4, "ipv6": ipv6,
		"inet": inet, "oid": oidPart, "implied_oid": impliedOID}
}

func textForms() map[string]form { return map[string]form{"": plain, "mac": mac, "ip": inet} }

// kinds are the types of fields.
func kinds() map[string]pipeline.Kind {
	return map[string]pipeline.Kind{"counter": pipeline.Counter, "counter32": pipeline.Counter, "gauge": pipeline.Gauge, "enum": pipeline.Enum,
		"bool": pipeline.Bool, "duration": pipeline.Duration, "timestamp": pipeline.Timestamp, "text": pipeline.Text}
}

// parts and labels are those of the config, else the whole index.
func (c *CustomTable) parts() []CustomPart {
	if len(c.Index) == 0 {
		return []CustomPart{{wholeIndex, "implied_oid"}}
	}
	return c.Index
}

func (c *CustomTable) labels() []CustomLabel {
	if len(c.Labels) > 0 {
		return c.Labels
	}
	var labels []CustomLabel
	for _, p := range c.parts() {
		labels = append(labels, CustomLabel{Name: p.Name})
	}
	return labels
}

// Table is its definition in the schema.
func (c *CustomTable) Table() *pipeline.Table {
	t := &pipeline.Table{Name: c.Name, Doc: c.Doc}
	if t.Doc == "" {
		t.Doc = "A table of the config."
	}
	fields := c.Scalars
	if len(c.Scalars) == 0 {
		fields = c.Columns
		for _, l := range c.labels() {
			t.Keys = append(t.Keys, l.Name)
		}
	}
	for i := range fields {
		f := fields[i].def()
		if t.Fields = append(t.Fields, f); f.Rate != nil {
			t.Fields = append(t.Fields, f.Rate)
		}
	}
	return t
}

func (f *CustomField) def() *pipeline.FieldDef {
	d := &pipeline.FieldDef{Name: f.Name, Kind: kinds()[f.Type], Unit: f.Unit, Doc: f.Doc}
	if d.Doc == "" {
		d.Doc = strings.TrimPrefix(canonical(f.OID), ".") + "."
	}
	if d.Unit == "" && (d.Kind == pipeline.Duration || d.Kind == pipeline.Timestamp) {
		d.Unit = "seconds"
	}
	for _, code := range slices.Sorted(maps.Keys(f.Values)) {
		d.Enum = append(d.Enum, pipeline.EnumName{Code: code, Name: f.Values[code]})
	}
	if f.Rate != "" {
		d.RateScale = cmp.Or(f.RateScale, 1)
		d.Rate = &pipeline.FieldDef{Name: f.Rate, Kind: pipeline.Gauge, Unit: f.rateUnit(), Doc: "Rate of " + f.Name + " between two polls, rounded to an integer."}
	}
	return d
}

func (f *CustomField) rateUnit() string {
	switch {
	case f.Unit == "":
		return ""
	case f.RateScale == 8 && f.Unit == "bytes":
		return "bits/s"
	}
	return f.Unit + "/s"
}

// define makes the table as the engine reads it. Names of labels get a prefix that no name in a config
// has, as they may be those of parts.
func (c *CustomTable) define() tableDef {
	def := tableDef{name: c.Name, lane: c.lane()}
	for _, id := range c.Match.SysObjectID {
		def.match = append(def.match, canonical(id))
	}
	fields := c.Scalars
	if len(c.Scalars) == 0 {
		fields = c.Columns
		def.rows = c.rows()
	}
	for i := range fields {
		o := fields[i].object()
		if len(c.Scalars) > 0 {
			def.scalars = append(def.scalars, o)
		} else {
			def.rows.columns = append(def.rows.columns, o)
		}
		def.fields = append(def.fields, rule{fields[i].Name, from(fields[i].reading())})
	}
	return def
}

func (f *CustomField) object() object {
	return object{name: f.Name, oid: canonical(f.OID), as: textForms()[f.Format]}
}

func (f *CustomField) reading() reading {
	r := reading{of: []string{f.Name}, scale: f.Scale, drop: f.Drop, narrow: f.Type == "counter32"}
	if f.Type == "text" {
		r.spell = anyText
	}
	return r
}

// anyText shows a number as a text.
func anyText(c cell) string {
	switch {
	case c.kind == textual:
		return c.text
	case c.kind == signed:
		return strconv.FormatInt(c.integer(), 10)
	case c.kind == float:
		return strconv.FormatFloat(c.float(false), 'g', -1, 64)
	}
	return strconv.FormatUint(c.num, 10)
}

// rows is the mib, without its columns of fields. Its rows may come and go, so each poll looks for them.
func (c *CustomTable) rows() *mib {
	m := &mib{name: c.Name, fickle: true}
	for _, p := range c.parts() {
		m.index = append(m.index, part{p.Name, partForms()[p.Type]})
	}
	const label = "label "
	for _, l := range c.labels() {
		o := object{name: label + l.Name, as: textForms()[l.Format]}
		switch {
		case l.OID == "":
			m.key = append(m.key, []string{cmp.Or(l.Part, l.Name)})
			continue
		case len(l.By) == 0:
			o.oid = canonical(l.OID)
			m.columns = append(m.columns, o)
			m.key = append(m.key, []string{o.name})
			continue
		}
		other := object{name: l.Name, oid: canonical(l.OID), as: o.as, slow: true}
		m.joins = append(m.joins, join{name: o.name, rows: &mib{name: l.Name, columns: []object{other}}, take: []string{l.Name}, by: l.By})
		m.key = append(m.key, []string{o.name, l.By[0]}) // without a name, by the number that stands for it
	}
	return m
}

// canonical is an OID with a leading dot and without zeros before its numbers, however it is written; ""
// if it is none.
func canonical(oid string) string {
	if !strings.HasPrefix(oid, ".") {
		oid = "." + oid
	}
	n, err := parseOID(oid)
	if err != nil {
		return ""
	}
	return n.String()
}

// Extend returns a schema that has tables of a config, too.
func Extend(schema *pipeline.Schema, tables []CustomTable) *pipeline.Schema {
	extended := &pipeline.Schema{Tables: slices.Clone(schema.Tables)}
	for i := range tables {
		extended.Tables = append(extended.Tables, tables[i].Table())
	}
	return extended
}

// Policies lists the tables that this package reads, those of a config included.
func Policies(custom []CustomTable) []Policy {
	var out []Policy
	for _, t := range tables() {
		out = append(out, Policy{t.name, t.lane, t.every, t.costly, t.cost, t.fieldNames()})
	}
	for i := range custom {
		def := custom[i].define()
		out = append(out, Policy{Table: custom[i].Name, Lane: custom[i].lane(), Every: custom[i].Every.Std(), Fields: def.fieldNames()})
	}
	return out
}

// fieldNames are those that a table can have.
func (t *tableDef) fieldNames() []string {
	var names []string
	for _, r := range t.fields {
		names = append(names, r.field)
	}
	for i := range t.sensors {
		names = append(names, t.sensors[i].field)
	}
	names = append(names, t.derives...)
	slices.Sort(names)
	return slices.Compact(names)
}
