package influxdb

import (
	"math"
	"strconv"

	"github.com/routerpulse/routerpulse/pipeline"
)

// appendLine writes one sample as a line of line protocol, with its line end. A sample without a value
// gives no line: ok is false and b as it was. skipped counts values that do not have their field's kind:
// they are left out, because the first write of a field decides its type in the database for ever.
func appendLine(b []byte, s *pipeline.Sample, ms int64) (line []byte, ok bool, skipped int) {
	start := len(b)
	b = append(b, s.Series.Key()...)
	sep := byte(' ')
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Value.IsNone() {
			continue
		}
		mark := len(b)
		b = append(append(append(b, sep), f.Def.Name...), '=')
		b, ok = appendValue(b, f.Def.Kind, f.Value)
		if !ok {
			b = b[:mark]
			skipped++
			continue
		}
		sep = ','
	}
	if sep == ' ' {
		return b[:start], false, skipped
	}
	b = strconv.AppendInt(append(b, ' '), ms, 10)
	return append(b, '\n'), true, skipped
}

// appendValue writes a value in the type that its field's kind has in the database.
func appendValue(b []byte, kind pipeline.Kind, v pipeline.Value) ([]byte, bool) {
	switch kind {
	case pipeline.Counter, pipeline.Counter32, pipeline.Enum:
		if !v.IsInteger() {
			return b, false
		}
		return append(strconv.AppendInt(b, v.Int(), 10), 'i'), true
	case pipeline.Gauge, pipeline.Duration, pipeline.Timestamp:
		return appendFloat(b, v.Float())
	case pipeline.Bool:
		if v.Kind() != pipeline.Bool {
			return b, false
		}
		return strconv.AppendBool(b, v.Bool()), true
	case pipeline.Text:
		if v.Kind() != pipeline.Text {
			return b, false
		}
		return appendText(b, v.Text()), true
	}
	return b, false
}

// appendFloat writes the shortest number that reads back the same. NaN (a text is one) and infinities
// do not exist in line protocol.
func appendFloat(b []byte, f float64) ([]byte, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return b, false
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, f, format, -1, 64), true
}

// appendText writes a quoted string. The pipeline took line breaks out already.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
