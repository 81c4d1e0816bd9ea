package snmp

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// customChecker checks the tables that a config defines, among each other and against the schema.
type customChecker struct {
	metrics map[string]string // name of a metric to the table and field that it is
	tables  map[string]bool
	names   *regexp.Regexp
}

// ValidateTables reports everything that is wrong with the tables of a config. schema is without them.
func ValidateTables(r *configs.Report, schema *pipeline.Schema, tables []CustomTable) {
	c := customChecker{metrics: map[string]string{}, tables: map[string]bool{}, names: regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)}
	for _, t := range schema.Tables {
		c.tables[t.Name] = true
		for _, f := range t.Fields {
			c.metrics[metricOf(t.Name, f)] = t.Name + "." + f.Name
		}
	}
	for i := range tables {
		c.table(r.At(i), &tables[i])
	}
}

// metricOf is what the embedded store calls a field.
func metricOf(table string, f *pipeline.FieldDef) string {
	if f.Kind == pipeline.Text {
		return table + "_info"
	}
	return table + "_" + f.Name
}

func (c *customChecker) table(r *configs.Report, t *CustomTable) {
	switch {
	case t.Name == "":
		r.Errorf("add name: my_table; it begins the names of metrics", "a table needs a name")
	case !c.name(r.At("name"), t.Name):
	case c.tables[t.Name]:
		r.At("name").Errorf("choose another name, perhaps with the vendor's before it", "there is a table %q already", t.Name)
	}
	c.tables[t.Name] = true
	if lanes := []string{"", "live", "sessions", "slow"}; !slices.Contains(lanes, t.Lane) {
		r.At("lane").Errorf("live, sessions or slow", "there is no lane %q for tables", t.Lane)
	}
	if t.Every != 0 && (t.Every.Std() < time.Second || t.Every.Std() > 30*24*time.Hour) {
		r.At("every").Errorf("how often its lane is read is the lane's period", "%s: must be between 1s and 30d", t.Every)
	}
	for i, id := range t.Match.SysObjectID {
		if canonical(id) == "" {
			r.At("match", "sys_object_id", i).Errorf("as the device's sysObjectID begins: 1.3.6.1.4.1.9", "%q is no OID", id)
		}
	}
	switch {
	case len(t.Scalars) == 0 && len(t.Columns) == 0:
		r.Errorf("add scalars: (a table of one row) or columns:", "table %q has no field", t.Name)
	case len(t.Scalars) > 0 && len(t.Columns)+len(t.Index)+len(t.Labels) > 0:
		r.At("scalars").Errorf("make two tables of it", "table %q has scalars, so it is one row: it can have no columns, index or labels", t.Name)
	case len(t.Scalars) > 0:
		c.fields(r, "scalars", t, map[string]bool{}, allowGet)
	default:
		c.rows(r, t)
	}
}

func (c *customChecker) name(r *configs.Report, name string) bool {
	if len(name) > 64 || !c.names.MatchString(name) {
		r.Errorf("lower-case letters, digits and single _ between them, beginning with a letter: rx_bytes", "%q is no name", name)
		return false
	}
	return true
}

// rows checks the index, the labels and the columns.
func (c *customChecker) rows(r *configs.Report, t *CustomTable) {
	parts, taken := map[string]bool{}, map[string]bool{}
	for i, p := range t.Index {
		at := r.At("index", i)
		if c.name(at.At("name"), p.Name) && parts[p.Name] {
			at.At("name").Errorf("give each part a name of its own", "part %q is there twice", p.Name)
		}
		parts[p.Name] = true
		form, known := partForms()[p.Type]
		switch {
		case !known:
			at.At("type").Errorf(namesIn(partForms()), "there is no type %q", p.Type)
		case (form == implied || form == impliedOID) && i < len(t.Index)-1:
			at.At("type").Errorf("only the last part can be without its length", "%s must be last", p.Type)
		}
	}
	if len(t.Index) == 0 {
		parts[wholeIndex] = true
	}
	if len(t.Labels) == 0 && (parts["device"] || parts["time"]) {
		r.At("index").Errorf("add labels: [{ name: …, part: device }]", "device and time are names of ours: they cannot be labels")
	}
	numbers := maps.Clone(parts)
	for i := range t.Columns {
		numbers[t.Columns[i].Name] = true
	}
	for i := range t.Labels {
		c.label(r.At("labels", i), &t.Labels[i], parts, taken)
		c.by(r.At("labels", i), &t.Labels[i], numbers)
	}
	if len(t.Labels) == 0 {
		taken = maps.Clone(parts)
	}
	for i := range t.Columns {
		if parts[t.Columns[i].Name] && !taken[t.Columns[i].Name] {
			r.At("columns", i, "name").Errorf("choose another name", "%q is a part of the index", t.Columns[i].Name)
		}
	}
	c.fields(r, "columns", t, taken, allowCustomWalk)
}

func (c *customChecker) label(r *configs.Report, l *CustomLabel, parts, taken map[string]bool) {
	switch {
	case !c.name(r.At("name"), l.Name):
	case taken[l.Name]:
		r.At("name").Errorf("give each label a name of its own", "label %q is there twice", l.Name)
	case l.Name == "device" || l.Name == "time":
		r.At("name").Errorf("choose another name", "%q is a name of ours", l.Name)
	}
	taken[l.Name] = true
	_, known := textForms()[l.Format]
	switch {
	case !known:
		r.At("format").Errorf("mac or ip; none shows it as it is", "there is no format %q", l.Format)
	case l.OID == "" && l.Format != "":
		r.At("format").Errorf("the type of the part says it", "a part of the index has no format")
	}
	if l.OID == "" {
		part, key := l.Part, "part"
		if part == "" {
			part, key = l.Name, "name"
		}
		if !parts[part] {
			r.At(key).Errorf("name one of: "+namesIn(parts)+"; or give the oid of a column", "the index has no part %q", part)
		}
	} else {
		c.oid(r.At("oid"), l.OID, allowCustomWalk)
		if l.Part != "" {
			r.At("part").Errorf("remove one of them", "a label has either a part or an oid")
		}
	}
}

// by checks what makes up the index of another table: parts of this one's, or columns of numbers.
func (c *customChecker) by(r *configs.Report, l *CustomLabel, numbers map[string]bool) {
	for i, name := range l.By {
		if !numbers[name] {
			r.At("by", i).Errorf("name one of: "+namesIn(numbers), "there is no part of the index and no column %q", name)
		}
	}
	if l.OID == "" && len(l.By) > 0 {
		r.At("by").Errorf("add the oid of the column whose index the parts are", "by needs an oid")
	}
}

// namesIn lists names for a hint.
func namesIn[T any](names map[string]T) string {
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}

func (c *customChecker) fields(r *configs.Report, key string, t *CustomTable, taken map[string]bool, allow func(string) error) {
	fields := t.Scalars
	if key == "columns" {
		fields = t.Columns
	}
	for i := range fields {
		at := r.At(key, i)
		c.field(at, &fields[i])
		c.oid(at.At("oid"), fields[i].OID, allow)
		c.fieldName(at.At("name"), t.Name, fields[i].def(), taken)
		if rate := fields[i].def().Rate; rate != nil {
			c.fieldName(at.At("rate"), t.Name, rate, taken)
		}
	}
}

// fieldName refuses what is another field, a label or another metric.
func (c *customChecker) fieldName(r *configs.Report, table string, f *pipeline.FieldDef, taken map[string]bool) {
	if !c.name(r, f.Name) {
		return
	}
	metric := metricOf(table, f)
	other, exists := c.metrics[metric]
	switch {
	case taken[f.Name]:
		r.Errorf("give each field and label a name of its own", "%q is there twice", f.Name)
	case f.Name == "device" || f.Name == "time" || f.Name == "info":
		r.Errorf("choose another name", "%q is a name of ours", f.Name)
	case exists && f.Kind != pipeline.Text:
		r.Errorf("choose another name", "%s.%s and %s would be one metric, %s", table, f.Name, other, metric)
	}
	taken[f.Name] = true
	c.metrics[metric] = table + "." + f.Name
}

func (c *customChecker) oid(r *configs.Report, oid string, allow func(string) error) {
	id := canonical(oid)
	if id == "" {
		r.Errorf("numbers with dots between: 1.3.6.1.2.1.1.3.0", "%q is no OID", oid)
		return
	}
	if err := allow(id); err != nil {
		r.Errorf("no config can change that; see docs/snmp.md", "%s", err)
	}
}

// field checks what belongs to the type.
func (c *customChecker) field(r *configs.Report, f *CustomField) {
	kind, known := kinds()[f.Type]
	if !known {
		r.At("type").Errorf(namesIn(kinds()), "there is no type %q", f.Type)
		return
	}
	scales := kind == pipeline.Gauge || kind == pipeline.Duration || kind == pipeline.Timestamp
	if f.Scale != 0 && !scales {
		r.At("scale").Errorf("of a counter, scale the rate: rate_scale", "a %s has no scale", f.Type)
	}
	c.rate(r, f, kind)
	c.values(r, f, kind)
	if _, known := textForms()[f.Format]; !known || f.Format != "" && kind != pipeline.Text {
		r.At("format").Errorf("mac or ip, of a text", "there is no format %q here", f.Format)
	}
	if len(f.Unit) > 32 || f.Unit != pipeline.CleanName(f.Unit) {
		r.At("unit").Errorf("bytes, celsius, volts, …", "%q is no unit", f.Unit)
	}
}

func (c *customChecker) rate(r *configs.Report, f *CustomField, kind pipeline.Kind) {
	if (f.Rate != "" || f.RateScale != 0) && kind != pipeline.Counter {
		r.At("rate").Errorf("type: counter", "only a counter has a rate")
	}
	if f.RateScale < 0 || f.RateScale > 0 && f.Rate == "" {
		r.At("rate_scale").Errorf("8 makes bits of bytes", "rate_scale is a positive number beside rate")
	}
}

func (c *customChecker) values(r *configs.Report, f *CustomField, kind pipeline.Kind) {
	if (kind == pipeline.Enum) != (len(f.Values) > 0) {
		r.At("values").Errorf("values: { 1: up, 2: down }", "an enum needs values, and nothing else has them")
	}
	for code, name := range f.Values {
		if name == "" || name != pipeline.CleanName(name) {
			r.At("values", fmt.Sprint(code)).Errorf("plain text of 1 to 256 bytes", "%q names no value", name)
		}
	}
}

// statistics is MIKROTIK-MIB's table of interface statistics: the last one before the scripts that every
// router has something of.
const statistics = mikrotik + ".14"

// allowCustomWalk is stricter than the deny list: nobody has checked what lies behind the end of a table
// in a config, and a walk that runs on from the last columns of statistics may arrive at a script.
func allowCustomWalk(oid string) error {
	if err := allowWalk(oid); err != nil {
		return err
	}
	n, err := parseOID(oid)
	if err != nil {
		return err
	}
	first, err := parseOID(statistics)
	if err != nil {
		return err
	}
	if deny := newDenyList(); n.isInside(deny.mikrotik) && compareArcs(n, first) >= 0 && compareArcs(n, deny.scriptOutput) <= 0 {
		return fmt.Errorf("%s must not be walked: it may run on to %s, where a GET runs the script", n, scriptOutput)
	}
	return nil
}

// refuse is the part of the check that nothing may go around: what must not be read.
func (c *CustomTable) refuse() error {
	for _, f := range c.Scalars {
		if err := allowGet(canonical(f.OID)); err != nil {
			return fmt.Errorf("snmp table %q: %s: %w", c.Name, f.Name, err)
		}
	}
	for _, f := range c.Columns {
		if err := allowCustomWalk(canonical(f.OID)); err != nil {
			return fmt.Errorf("snmp table %q: %s: %w", c.Name, f.Name, err)
		}
	}
	for _, l := range c.Labels {
		if l.OID == "" {
			continue
		}
		if err := allowCustomWalk(canonical(l.OID)); err != nil {
			return fmt.Errorf("snmp table %q: %s: %w", c.Name, l.Name, err)
		}
	}
	return nil
}

// Advice lists what is not wrong, and could be better: names without their unit.
func Advice(tables []CustomTable) (advice []string) {
	suffixes := map[string]string{"bytes": "_bytes", "percent": "percent", "celsius": "_celsius", "volts": "_volts", "amperes": "_amperes",
		"watts": "_watts", "seconds": "_seconds", "hertz": "_hertz", "bits/s": "_bits_per_second", "rpm": "_rpm", "dbm": "_dbm", "db": "_db"}
	for i := range tables {
		for _, f := range tables[i].Table().Fields {
			if suffix := suffixes[f.Unit]; suffix != "" && !strings.HasSuffix(f.Name, suffix) {
				advice = append(advice, fmt.Sprintf("snmp_tables: %s.%s is in %s: a name that ends in %s would say so, as those of all other tables do",
					tables[i].Name, f.Name, f.Unit, suffix))
			}
		}
	}
	return advice
}
