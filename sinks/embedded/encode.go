package embedded

import (
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// pointBytes is about what a point takes: its time, and a number of some 12 digits.
const pointBytes = 28

// appendResult writes a query's result as Prometheus' API does: times as seconds, values as strings.
func appendResult(b []byte, v parser.Value) ([]byte, error) {
	b = append(b, `{"resultType":"`...)
	b = append(b, v.Type()...)
	b = append(b, `","result":`...)
	switch v := v.(type) {
	case promql.Matrix:
		b = appendMatrix(b, v)
	case promql.Vector:
		b = appendVector(b, v)
	case promql.Scalar:
		b = appendPoint(b, v.T, v.V)
	case promql.String:
		b = append(appendTime(append(b, '['), v.T), ',')
		b = append(appendString(b, v.V), ']')
	default:
		return nil, unknownResult(v)
	}
	return append(b, '}'), nil
}

func appendMatrix(b []byte, m promql.Matrix) []byte {
	points := 0
	for i := range m {
		points += len(m[i].Floats)
	}
	b = append(slices.Grow(b, points*pointBytes), '[')
	for i := range m {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendLabels(append(b, `{"metric":`...), m[i].Metric)
		b = append(b, `,"values":[`...)
		for j, p := range m[i].Floats {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendPoint(b, p.T, p.F)
		}
		b = append(b, `]}`...)
	}
	return append(b, ']')
}

func appendVector(b []byte, v promql.Vector) []byte {
	b = append(b, '[')
	for i := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendLabels(append(b, `{"metric":`...), v[i].Metric)
		b = appendPoint(append(b, `,"value":`...), v[i].T, v[i].F)
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendLabels(b []byte, l labels.Labels) []byte {
	b = append(b, '{')
	first := true
	l.Range(func(l labels.Label) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendString(b, l.Name), ':')
		b = appendString(b, l.Value)
	})
	return append(b, '}')
}

func appendPoint(b []byte, t int64, v float64) []byte {
	b = append(appendTime(append(b, '['), t), `,"`...)
	return append(appendFloat(b, v), `"]`...)
}

// appendTime writes milliseconds as seconds.
func appendTime(b []byte, t int64) []byte {
	if t < 0 {
		b, t = append(b, '-'), -t
	}
	b = strconv.AppendInt(b, t/1000, 10)
	if ms := t % 1000; ms != 0 {
		b = append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	}
	return b
}

// exact is where the shortest number that reads back the same may have other digits than the number itself.
const exact = 1 << 53

// appendFloat writes NaN, +Inf, -Inf or the shortest number that reads back the same.
func appendFloat(b []byte, v float64) []byte {
	// Counters and rates are whole numbers, which take a third of the time as such. 0 may be -0.
	if whole := int64(v); float64(whole) == v && whole != 0 && -exact < whole && whole < exact {
		return strconv.AppendInt(b, whole, 10)
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, 64)
}

const hex = "0123456789abcdef"

// appendString writes a JSON string; bytes that are not UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
			i++
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			i++
		case c < utf8.RuneSelf:
			b = append(b, c)
			i++
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
		}
	}
	return append(b, '"')
}
