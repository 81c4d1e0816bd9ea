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

// scalar finds one by name among those that the table reads; the zero cell if it could not be read.
func (v *view) scalar(name string) cell {
	place, ok := v.table.names[name]
	if !ok {
		return cell{}
	}
	return v.poll.scalars[place].cell
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
	if !r.exists() {
		return cell{}, true
	}
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
	if applies, known := v.applies(f, row); !applies {
		return value, known
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
		return f.truth(sum.integer()), true
	}
	return v.number(f, kind, sum, row)
}

// applies checks the conditions of a reading.
func (v *view) applies(f *formula, row int) (applies, known bool) {
	if !v.poll.hasVendor(f.only) {
		return false, true
	}
	if f.where.exists() {
		c, known := v.cell(f.where, row)
		if !known || !c.isNumber() || c.integer() != f.when.is {
			return false, known
		}
	}
	if f.floor.exists() {
		c, known := v.cell(f.floor, row)
		if !known || !c.isNumber() || c.float(false) <= float64(f.above.is) {
			return false, known
		}
	}
	for i, r := range f.unless {
		c, known := v.cell(r, row)
		if !known {
			return false, false
		}
		if c.isNumber() && c.integer() == f.reading.unless[i].is {
			return false, true
		}
	}
	return true, true
}

// truth reads the two booleans of MIKROTIK-MIB: BoolValue has false 0, true 1; TruthValue has true 1,
// false 2. Another number is neither.
func (f *formula) truth(n int64) pipeline.Value {
	switch {
	case f.is != nil:
		return pipeline.BoolValue(slices.Contains(f.is, n))
	case f.isNot != nil:
		return pipeline.BoolValue(!slices.Contains(f.isNot, n))
	case n >= 0 && n <= 2:
		return pipeline.BoolValue(n == 1)
	}
	return pipeline.Value{}
}

// number scales a gauge, a duration or a point in time.
func (v *view) number(f *formula, kind pipeline.Kind, sum cell, row int) (value pipeline.Value, known bool) {
	n := sum.float(f.wrap)
	if f.signed {
		n = sum.withSign()
	}
	n = n * f.factor / f.divisor
	if f.decimal != nil {
		var ok bool
		if n, ok, known = v.placePoint(f, n, row); !ok {
			return value, known
		}
	}
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
	if math.IsNaN(n) || math.IsInf(n, 0) || f.bounds != nil && (n < f.bounds[0] || n > f.bounds[1]) {
		return value, true
	}
	switch kind {
	case pipeline.Duration:
		if math.Abs(n) > maxSeconds {
			return value, true
		}
		return pipeline.DurationValue(time.Duration(math.Round(n * 1e9))), true
	case pipeline.Timestamp:
		return v.instant(f, n), true
	}
	return pipeline.GaugeValue(n), true
}

// maxSeconds bounds durations and points in time: some 285 years.
const maxSeconds = 9e9

// instant is a point in time: seconds since 1970, or since the device was started.
func (v *view) instant(f *formula, seconds float64) pipeline.Value {
	if math.Abs(seconds) > maxSeconds {
		return pipeline.Value{}
	}
	if !f.sinceBoot {
		return pipeline.TimestampValue(time.UnixMilli(int64(math.Round(seconds * 1e3))))
	}
	boot := v.poll.bootedAt()
	if boot.IsZero() || seconds > v.poll.uptime.Seconds()+bootDrift.Seconds() {
		return pipeline.Value{} // it would lie ahead
	}
	return pipeline.TimestampValue(boot.Add(time.Duration(seconds * 1e9)).Truncate(time.Second))
}

// placePoint scales a number of ENTITY-SENSOR-MIB: by thousands from 10^-24 (1) to 10^24 (17), units
// being 9, and by so many digits behind the point. Without the two it is units. Nothing is measured in
// 10^-24: agents that say so leave out the scale.
func (v *view) placePoint(f *formula, n float64, row int) (scaled float64, ok, known bool) {
	scale, known := v.cell(f.scaleOf, row)
	precision, alsoKnown := v.cell(f.precisionOf, row)
	if !known || !alsoKnown {
		return 0, false, false
	}
	exponent := int64(0)
	if scale.isNumber() {
		if scale.integer() < 1 || scale.integer() > 17 {
			return 0, false, true
		}
		if scale.integer() > 1 {
			exponent = 3 * (scale.integer() - 9)
		}
	}
	if precision.isNumber() && precision.integer() > 0 { // a negative one says how accurate it is
		exponent -= min(precision.integer(), 9)
	}
	if exponent < 0 {
		return n / math.Pow10(int(-exponent)), true, true
	}
	return n * math.Pow10(int(exponent)), true, true
}

func (v *view) text(f *formula, row int) (value pipeline.Value, known bool) {
	c, known := v.cell(f.of[0], row)
	if !known || c.kind == absent {
		return value, known
	}
	s := c.text
	switch {
	case f.spell != nil:
		s = f.spell(c)
	case f.spellWith != nil:
		with, known := v.cell(f.with, row)
		if !known {
			return value, false
		}
		s = f.spellWith(c, with)
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
		if known && f.parse != nil && c.kind == textual {
			c = parsedCell(c, f.parse)
		}
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
