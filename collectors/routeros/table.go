package routeros

import "github.com/routerpulse/routerpulse/pipeline"

// attrs is one row as the router says it. A missing attribute is unknown.
type attrs map[string]string

// table says how one table of the schema is read. Every table is one literal in tables_*.go.
type table struct {
	name string
	lane pipeline.Lane
	// sources are the ways to ask, newest first: the first whose since the router's version reaches
	// is taken. The last has none.
	sources []source
	// key gives a value for each key of the schema's table; nil if the table has one row, which the
	// answers to all requests make up together.
	key func(attrs) []string
	// skip leaves a row out; nil takes all.
	skip    func(attrs) bool
	columns []column
}

// source is how routers from one version on are asked.
type source struct {
	since    version
	requests []request // sent together
	// split makes several rows of one; nil leaves it as it is.
	split func(attrs) []attrs
}

// request is one print. props goes into .proplist, always: whole rows cost more, and some hold secrets.
type request struct {
	path  string
	props string // names with commas between
	// vital marks the request that tells uptime and version.
	vital bool
}

func (r request) words() []string {
	return []string{r.path + "/print", "=.proplist=" + r.props}
}

// countWords asks how many rows there are, without any of them.
func (r request) countWords() []string { return []string{r.path + "/print", "=count-only="} }

// column says how one field of the schema is made.
type column struct {
	field string
	kind  pipeline.Kind
	reads []string // the attributes it is made of
	value func(*pipeline.FieldDef, attrs) pipeline.Value
}

// count is a counter.
func count(field, attr string) column {
	return single(field, pipeline.Counter, attr, func(_ *pipeline.FieldDef, text string) pipeline.Value {
		if n, ok := parseCount(text); ok {
			return pipeline.CounterValue(n)
		}
		return pipeline.Value{}
	})
}

// number is a gauge in the unit that the router uses.
func number(field, attr string) column { return scaled(field, attr, 1, "") }

// scaled is a gauge of which one unit on the wire is so many units of the schema. The unit's name
// may follow the number.
func scaled(field, attr string, scale float64, unit string) column {
	return single(field, pipeline.Gauge, attr, func(_ *pipeline.FieldDef, text string) pipeline.Value {
		if f, ok := parseDecimal(text, unit); ok {
			return pipeline.GaugeValue(f * scale)
		}
		return pipeline.Value{}
	})
}

// text is shown as the router says it.
func text(field, attr string) column { return textBy(field, attr, func(s string) string { return s }) }

// textBy is a text brought into another form.
func textBy(field, attr string, form func(string) string) column {
	return single(field, pipeline.Text, attr, func(_ *pipeline.FieldDef, text string) pipeline.Value {
		return pipeline.TextValue(form(text))
	})
}

func flag(field, attr string) column {
	return single(field, pipeline.Bool, attr, func(_ *pipeline.FieldDef, text string) pipeline.Value {
		if b, ok := parseBool(text); ok {
			return pipeline.BoolValue(b)
		}
		return pipeline.Value{}
	})
}

func duration(field, attr string) column {
	return single(field, pipeline.Duration, attr, func(_ *pipeline.FieldDef, text string) pipeline.Value {
		if d, ok := parseDuration(text); ok {
			return pipeline.DurationValue(d)
		}
		return pipeline.Value{}
	})
}

// single is a column made of one attribute; without it there is no field.
func single(field string, kind pipeline.Kind, attr string, parse func(*pipeline.FieldDef, string) pipeline.Value) column {
	return column{field, kind, []string{attr}, func(def *pipeline.FieldDef, a attrs) pipeline.Value {
		text, ok := a[attr]
		if !ok {
			return pipeline.Value{}
		}
		return parse(def, text)
	}}
}

// ofTotal is a gauge made of a total and what of it is free.
func ofTotal(field, total, free string, value func(total, free float64) float64) column {
	return column{field, pipeline.Gauge, []string{total, free}, func(_ *pipeline.FieldDef, a attrs) pipeline.Value {
		t, okTotal := parseDecimal(a[total], "")
		f, okFree := parseDecimal(a[free], "")
		if !okTotal || !okFree || f > t || t <= 0 {
			return pipeline.Value{}
		}
		return pipeline.GaugeValue(value(t, f))
	}}
}

func used(total, free float64) float64        { return total - free }
func usedPercent(total, free float64) float64 { return (total - free) / total * 100 }

// status is an enumeration made of flags.
func status(field string, reads []string, code func(attrs) (int64, bool)) column {
	return column{field, pipeline.Enum, reads, func(_ *pipeline.FieldDef, a attrs) pipeline.Value {
		if n, ok := code(a); ok {
			return pipeline.EnumValue(n)
		}
		return pipeline.Value{}
	}}
}

// codeOf finds the code of a name in the schema.
func codeOf(def *pipeline.FieldDef, name string) (int64, bool) {
	for _, e := range def.Enum {
		if e.Name == name {
			return e.Code, true
		}
	}
	return 0, false
}
