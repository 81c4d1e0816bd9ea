package routeros

import (
	"bytes"
	"math"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// The ways to make a field. An attribute "a|b" is a, or b where a row does not have a.

// count is a counter.
func count(field, attr string) column {
	return single(field, pipeline.Counter, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		if n, ok := parseCount(b); ok {
			return pipeline.CounterValue(n)
		}
		return pipeline.Value{}
	})
}

// countOfLanes is a counter that a port with several lanes has several times: 1031871042,1168942227.
func countOfLanes(field, attr string) column {
	return single(field, pipeline.Counter, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		total := uint64(0)
		for lane := range bytes.SplitSeq(b, []byte{comma}) {
			n, ok := parseCount(lane)
			if !ok {
				return pipeline.Value{}
			}
			total += n // modulo 2^64, as the lanes' own counters
		}
		return pipeline.CounterValue(total)
	})
}

// number is a gauge in the unit that the router uses.
func number(field, attr string) column { return scaled(field, attr, 1, "") }

// scaled is a gauge of which one unit on the wire is so many units of the schema. The unit's name
// may follow the number.
func scaled(field, attr string, scale float64, unit string) column {
	return single(field, pipeline.Gauge, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		return gauge(b, scale, unit)
	})
}

func gauge(b []byte, scale float64, unit string) pipeline.Value {
	f, ok := parseDecimal(b, unit)
	switch {
	case !ok:
		return pipeline.Value{}
	case scale < 1: // 18 mA are 0.018 A, which 18 times 0.001 is not
		return pipeline.GaugeValue(f / math.Round(1/scale))
	}
	return pipeline.GaugeValue(f * scale)
}

// percent is a gauge, with or without the sign.
func percent(field, attr string) column { return scaled(field, attr, 1, "%") }

// signal is a gauge that something may follow after an @, as in -67@5GHz; of -60,-71 the first.
func signal(field, attr string) column {
	return single(field, pipeline.Gauge, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		if i := bytes.IndexAny(b, "@,/ "); i >= 0 {
			b = b[:i]
		}
		return gauge(b, 1, "dBm")
	})
}

// rate is a speed as RouterOS writes it, in bits per second: 1Gbps, 2.5Gbps, 10M-full, 130Mbps-20MHz/1S,
// or plain bits.
func rate(field, attr string) column {
	return single(field, pipeline.Gauge, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		if f, ok := parseRate(b); ok {
			return pipeline.GaugeValue(f)
		}
		return pipeline.Value{}
	})
}

// How the halves of a pair are separated: queues write upload/download, wireless tx,rx.
const (
	slash = '/'
	comma = ','
)

// countOf is a counter that is one part of a pair, the first being 0.
func countOf(field, attr string, separator byte, part int) column {
	return single(field, pipeline.Counter, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		if n, ok := parseCount(partOf(b, separator, part)); ok {
			return pipeline.CounterValue(n)
		}
		return pipeline.Value{}
	})
}

// numberOf is a gauge that is one part of a pair; rateOf one that may have a unit (10M/2M).
func numberOf(field, attr string, separator byte, part int) column {
	return single(field, pipeline.Gauge, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		return gauge(partOf(b, separator, part), 1, "")
	})
}

func rateOf(field, attr string, separator byte, part int) column {
	return single(field, pipeline.Gauge, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		if f, ok := parseRate(partOf(b, separator, part)); ok {
			return pipeline.GaugeValue(f)
		}
		return pipeline.Value{}
	})
}

// text is shown as the router says it.
func text(field, attr string) column { return textBy(field, attr, nil) }

// textBy is a text brought into another form.
func textBy(field, attr string, form func(string) string) column {
	return column{field: field, kind: pipeline.Text, reads: []string{attr}, form: form}
}

// mac is a hardware address, in lower case as SNMP gives it.
func mac(field, attr string) column { return textBy(field, attr, parseMAC) }

// flag is a bool that the router says; flagged one that it leaves out when it is not set.
func flag(field, attr string) column {
	return single(field, pipeline.Bool, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		if v, ok := parseBool(b); ok {
			return pipeline.BoolValue(v)
		}
		return pipeline.Value{}
	})
}

func flagged(field, attr string) column { return when(field, yes(attr)) }

// when is a bool made of a test.
func when(field string, t test) column {
	return column{field: field, kind: pipeline.Bool, reads: t.reads, value: func(_ *pipeline.FieldDef, r *row) pipeline.Value {
		return pipeline.BoolValue(t.holds(r))
	}}
}

// duration is a length of time; "never" and a number without a unit are none.
func duration(field, attr string) column {
	return single(field, pipeline.Duration, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		if d, ok := parseDuration(b); ok {
			return pipeline.DurationValue(d)
		}
		return pipeline.Value{}
	})
}

// timestamp is an instant, in either form of RouterOS. The router writes its local time; without its
// offset there is no field.
func timestamp(field, attr string) column {
	return column{field: field, kind: pipeline.Timestamp, reads: []string{attr}, value: func(_ *pipeline.FieldDef, r *row) pipeline.Value {
		if t, ok := parseTimestamp(r.get(attr)); ok && r.clock.known {
			return pipeline.TimestampValue(t.Add(-r.clock.offset))
		}
		return pipeline.Value{}
	}}
}

// enum is one of the names that the schema has for the field; another is none.
func enum(field, attr string) column {
	return single(field, pipeline.Enum, attr, func(def *pipeline.FieldDef, b []byte) pipeline.Value {
		if code, ok := codeOf(def, b); ok {
			return pipeline.EnumValue(code)
		}
		return pipeline.Value{}
	})
}

// status is an enumeration made of flags.
func status(field string, reads []string, code func(*row) (int64, bool)) column {
	return column{field: field, kind: pipeline.Enum, reads: reads, value: func(_ *pipeline.FieldDef, r *row) pipeline.Value {
		if n, ok := code(r); ok {
			return pipeline.EnumValue(n)
		}
		return pipeline.Value{}
	}}
}

// listed is a gauge: how many elements a list has.
func listed(field, attr string) column {
	return single(field, pipeline.Gauge, attr, func(_ *pipeline.FieldDef, b []byte) pipeline.Value {
		if len(b) == 0 {
			return pipeline.GaugeValue(0)
		}
		return pipeline.GaugeValue(float64(bytes.Count(b, []byte{','}) + 1))
	})
}

// ofTotal is a gauge made of a total and what of it is free.
func ofTotal(field, total, free string, value func(total, free float64) float64) column {
	return column{field: field, kind: pipeline.Gauge, reads: []string{total, free}, value: func(_ *pipeline.FieldDef, r *row) pipeline.Value {
		t, okTotal := parseSize(r.get(total), 1)
		f, okFree := parseSize(r.get(free), 1)
		if !okTotal || !okFree || f > t || t <= 0 {
			return pipeline.Value{}
		}
		return pipeline.GaugeValue(value(t, f))
	}}
}

func used(total, free float64) float64        { return total - free }
func usedPercent(total, free float64) float64 { return (total - free) / total * 100 }

// rows is, in a tally, how many rows have the key.
func rows(field string) column { return rowsIf(field, test{holds: func(*row) bool { return true }}) }

// rowsIf is, in a tally, how many of the key's rows pass a test.
func rowsIf(field string, t test) column {
	return column{field: field, kind: pipeline.Gauge, reads: t.reads, adds: true, value: func(_ *pipeline.FieldDef, r *row) pipeline.Value {
		if t.holds(r) {
			return pipeline.GaugeValue(1)
		}
		return pipeline.GaugeValue(0)
	}}
}

// sum is, in a tally, the sum of the key's rows.
func sum(field, attr string) column {
	c := number(field, attr)
	c.adds = true
	return c
}

// seldom marks a column that changes only when somebody configures the router: a comment, a type, a
// limit. Not a state, however rare: that must be seen at once. It has no effect in a tally, a join, a
// split, or a table with one row.
func seldom(c column) column {
	c.seldom = true
	return c
}

// single is a column made of one attribute; without it there is no field.
func single(field string, kind pipeline.Kind, attr string, parse func(*pipeline.FieldDef, []byte) pipeline.Value) column {
	return column{field: field, kind: kind, reads: []string{attr}, parse: parse}
}

// codeOf finds the code of a name in the schema.
func codeOf(def *pipeline.FieldDef, name []byte) (int64, bool) {
	for i := range def.Enum {
		if def.Enum[i].Name == string(name) {
			return def.Enum[i].Code, true
		}
	}
	return 0, false
}

// clock is how far a router's local time is ahead of UTC.
type clock struct {
	offset time.Duration
	known  bool
}
