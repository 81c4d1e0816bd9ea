package pipeline

import (
	"math"
	"strconv"
	"time"
)

// Kind says how the bits of a Value are to be read and stored. A field keeps its kind for ever,
// because a database fixes a field's type with the first write.
type Kind uint8

// The kinds. Counter and Counter32 are stored alike; they differ in where they wrap.
const (
	None      Kind = iota // no value: the device did not say
	Counter               // only grows, unsigned 64 bits on the wire, kept modulo 2^63 (int64)
	Counter32             // only grows, wraps at 2^32 (int64)
	Gauge                 // float64
	Enum                  // integer code, its names are in the schema (int64)
	Bool                  // bool
	Duration              // seconds (float64)
	Timestamp             // seconds since 1970-01-01 UTC, truncated to milliseconds (float64)
	Text                  // string
)

// String names the kind as the docs do.
func (k Kind) String() string {
	names := [...]string{"none", "counter", "counter32", "gauge", "enum", "bool", "duration", "timestamp", "text"}
	if int(k) < len(names) {
		return names[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// Value is one reading. It holds no pointer but the text's, and == means exactly "unchanged",
// NaN included, because floats are compared by their bits.
type Value struct {
	kind Kind
	bits uint64
	text string
}

// counterMask keeps a counter inside the positive half of int64 (modulo 2^63).
const counterMask = 1<<63 - 1

// CounterValue makes a 64-bit counter; n is taken modulo 2^63.
func CounterValue(n uint64) Value { return Value{kind: Counter, bits: n & counterMask} }

// Counter32Value makes a counter that wraps at 2^32.
func Counter32Value(n uint32) Value { return Value{kind: Counter32, bits: uint64(n)} }

// GaugeValue makes a gauge. NaN and infinities are no readings and become None.
func GaugeValue(f float64) Value { return floatValue(Gauge, f) }

// EnumValue makes the code of an enumeration.
func EnumValue(code int64) Value { return Value{kind: Enum, bits: uint64(code)} }

// BoolValue makes a bool.
func BoolValue(b bool) Value {
	v := Value{kind: Bool}
	if b {
		v.bits = 1
	}
	return v
}

// DurationValue makes a duration, kept as seconds.
func DurationValue(d time.Duration) Value { return floatValue(Duration, d.Seconds()) }

// TimestampValue makes an instant, truncated to milliseconds. The zero time becomes None.
func TimestampValue(t time.Time) Value {
	if t.IsZero() {
		return Value{}
	}
	return floatValue(Timestamp, float64(t.UnixMilli())/1000)
}

// TextValue makes a text; the bytes are cleaned by CleanText first.
func TextValue(s string) Value { return Value{kind: Text, text: CleanText(s)} }

func floatValue(k Kind, f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{}
	}
	if f == 0 {
		f = 0 // -0 and 0 are one reading
	}
	return Value{kind: k, bits: math.Float64bits(f)}
}

// Kind tells how to read the value.
func (v Value) Kind() Kind { return v.kind }

// IsNone reports that there is no reading.
func (v Value) IsNone() bool { return v.kind == None }

// Int returns the stored integer of a counter, an enum or a bool, else 0.
func (v Value) Int() int64 {
	switch v.kind {
	case Counter, Counter32, Enum, Bool:
		return int64(v.bits)
	}
	return 0
}

// Float returns any number as float64 (a bool is 0 or 1); a text is NaN.
func (v Value) Float() float64 {
	switch v.kind {
	case Counter, Counter32, Enum, Bool:
		return float64(int64(v.bits))
	case Gauge, Duration, Timestamp:
		return math.Float64frombits(v.bits)
	}
	return math.NaN()
}

// Bool reports whether a bool is true.
func (v Value) Bool() bool { return v.kind == Bool && v.bits == 1 }

// Text returns the text of a Text value, else "".
func (v Value) Text() string { return v.text }

// IsInteger reports that the value is stored as int64.
func (v Value) IsInteger() bool {
	return v.kind == Counter || v.kind == Counter32 || v.kind == Enum
}

// String is for logs and terminals.
func (v Value) String() string {
	switch v.kind {
	case None:
		return ""
	case Text:
		return v.text
	case Bool:
		return strconv.FormatBool(v.Bool())
	case Counter, Counter32, Enum:
		return strconv.FormatInt(v.Int(), 10)
	}
	return strconv.FormatFloat(v.Float(), 'f', -1, 64)
}
