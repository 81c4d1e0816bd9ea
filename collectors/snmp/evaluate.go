package snmp

import (
	"math"
	"slices"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// view is what rules see of a poll: the rows of one table's source, the scalars, and the other mibs
// that the table reads.
type view struct {
	poll  *poll
	table *table
	grid  *grid // nil: the table has no source
	// spares notes which spare columns were fallen back on; nil: they were not all asked for.
	spares []bool
}

// mib finds one by name among those that the table reads; nil if it could not be read.
func (v *view) mib(name string) *grid {
	for _, s := range v.table.also {
		if g := &v.poll.grids[s.place]; s.name == name && g.source == s {
			return g
		}
	}
	return nil
}

// value computes a field of a row.
func (v *view) value(f *field, row int) pipeline.Value {
	for i := range f.from {
		value, known := v.reading(&f.from[i], f.def.Kind, row)
		if !known {
			return pipeline.Value{} // another reading would be another number
		}
		if !value.IsNone() {
			v.noteSpares(&f.from[i])
			return value
		}
	}
	return pipeline.Value{}
}

// cell returns an object's value; known is false if it could not be read, which is not the same as the
// device having none.
func (v *view) cell(r ref, row int) (c cell, known bool) {
	if r.scalar != none {
		s := &v.poll.scalars[r.scalar]
		return s.cell, s.err == nil
	}
	c = *v.grid.at(row, r.column)
	return c, c.kind != absent || !v.grid.column[r.column].failed
}

func (v *view) noteSpares(f *formula) {
	if v.spares == nil {
		return
	}
	for _, r := range f.of {
		if r.column != none && v.grid.source.columns[r.column].spare {
			v.spares[r.column] = true
		}
	}
}

func (v *view) reading(f *formula, kind pipeline.Kind, row int) (value pipeline.Value, known bool) {
	if f.where.exists() {
		c, known := v.cell(f.where, row)
		if !known || c.kind == absent || c.integer() != f.when.is {
			return value, known
		}
	}
	if kind == pipeline.Text {
		return v.text(f, row)
	}
	sum, known := v.sum(f, row)
	if !known || !sum.isNumber() || sum.kind != float && slices.Contains(f.drop, sum.integer()) {
		return value, known
	}
	switch kind {
	case pipeline.Counter, pipeline.Counter32:
		if f.narrow {
			return pipeline.Counter32Value(uint32(sum.num)), true
		}
		return counterOf(sum), true
	case pipeline.Enum:
		if code, ok := f.codes[sum.integer()]; ok {
			return pipeline.EnumValue(code), true
		}
		return pipeline.EnumValue(sum.integer()), true
	case pipeline.Bool:
		return pipeline.BoolValue(sum.integer() == 1), true
	}
	return v.number(f, kind, sum, row)
}

// number scales a gauge, a duration or a point in time.
func (v *view) number(f *formula, kind pipeline.Kind, sum cell, row int) (value pipeline.Value, known bool) {
	n := sum.float(f.wrap) * f.factor / f.divisor
	for _, by := range [...]struct {
		ref
		divides bool
	}{{f.times, false}, {f.per, true}} {
		if !by.exists() {
			continue
		}
		c, known := v.cell(by.ref, row)
		if !known || !c.isNumber() || c.float(f.wrap) == 0 {
			return value, known
		}
		if by.divides {
			n /= c.float(f.wrap)
		} else {
			n *= c.float(f.wrap)
		}
	}
	switch kind {
	case pipeline.Duration:
		return pipeline.DurationValue(time.Duration(math.Round(n * 1e9))), true
	case pipeline.Timestamp:
		return pipeline.TimestampValue(time.UnixMilli(int64(math.Round(n * 1e3)))), true
	}
	return pipeline.GaugeValue(n), true
}

func (v *view) text(f *formula, row int) (value pipeline.Value, known bool) {
	c, known := v.cell(f.of[0], row)
	if !known || c.kind == absent {
		return value, known
	}
	s := c.text
	if f.spell != nil {
		s = f.spell(c)
	}
	if s == "" {
		return value, true
	}
	return pipeline.TextValue(s), true
}

// sum adds up the objects; the zero cell if one is missing.
func (v *view) sum(f *formula, row int) (sum cell, known bool) {
	for i, r := range f.of {
		c, known := v.cell(r, row)
		switch {
		case !known:
			return cell{}, false
		case !c.isNumber():
			return cell{}, true
		case i == 0:
			sum = c
		case sum.kind == float || c.kind == float:
			sum = cell{kind: float, num: math.Float64bits(sum.float(false) + c.float(false))}
		default:
			sum.num += c.num // modulo 2^64; of 32-bit counters also modulo 2^32, as counterOf takes it
			sum.kind = max(sum.kind, c.kind)
		}
	}
	return sum, true
}

// counterOf keeps a counter's width: a sum of counters that wrap at 2^32 is right modulo 2^32.
func counterOf(c cell) pipeline.Value {
	if c.kind == unsigned64 {
		return pipeline.CounterValue(c.num)
	}
	return pipeline.Counter32Value(uint32(c.num))
}
