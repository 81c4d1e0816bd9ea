package state

import (
	"math"
	"strconv"
)

// Kind says how a Value travels.
type Kind uint8

// The kinds of a Value.
const (
	None  Kind = iota // the row does not have the field
	Int               // JSON number; a string above 2^53, where JavaScript loses digits
	Float             // JSON number
	Bool              // true or false
	Text              // JSON string
	JSON              // encoded already: lists
)

// Value is one field of a row. It is comparable: == means exactly "unchanged".
type Value struct {
	kind Kind
	bits uint64
	text string
}

// IntValue makes an integer.
func IntValue(n int64) Value { return Value{kind: Int, bits: uint64(n)} }

// FloatValue makes a number with at most that many decimals, so that noise is no change. NaN and
// infinities, which JSON does not have, become None.
func FloatValue(f float64, decimals int) Value {
	scale := math.Pow10(decimals)
	if r := math.Round(f * scale); math.Abs(r) < 1<<53 {
		f = r / scale
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{}
	}
	if f == 0 {
		f = 0 // -0 and 0 are one value
	}
	return Value{kind: Float, bits: math.Float64bits(f)}
}

// BoolValue makes a bool.
func BoolValue(b bool) Value {
	v := Value{kind: Bool}
	if b {
		v.bits = 1
	}
	return v
}

// TextValue makes a text; the empty text is None.
func TextValue(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{kind: Text, text: s}
}

// JSONValue takes a value that is valid JSON already.
func JSONValue(encoded string) Value { return Value{kind: JSON, text: encoded} }

// Kind tells how the value travels.
func (v Value) Kind() Kind { return v.kind }

// IsNone reports that there is no value.
func (v Value) IsNone() bool { return v.kind == None }

// Int returns an integer or a bool, else 0.
func (v Value) Int() int64 {
	if v.kind == Int || v.kind == Bool {
		return int64(v.bits)
	}
	return 0
}

// Float returns any number, else 0.
func (v Value) Float() float64 {
	switch v.kind {
	case Int, Bool:
		return float64(int64(v.bits))
	case Float:
		return math.Float64frombits(v.bits)
	}
	return 0
}

// Text returns the text of a Text or JSON value, else "".
func (v Value) Text() string { return v.text }

// AppendJSON appends the value as it travels. None is null, which in a merge patch removes a field.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case Int:
		return appendInt(dst, int64(v.bits))
	case Float:
		return appendFloat(dst, math.Float64frombits(v.bits))
	case Bool:
		return strconv.AppendBool(dst, v.bits == 1)
	case Text:
		return AppendString(dst, v.text)
	case JSON:
		return append(dst, v.text...)
	}
	return append(dst, "null"...)
}

// maxSafe is the largest integer that every double holds.
const maxSafe = 1 << 53

func appendInt(dst []byte, n int64) []byte {
	if n >= -maxSafe && n <= maxSafe {
		return strconv.AppendInt(dst, n, 10)
	}
	dst = append(dst, '"')
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, '"')
}

func appendFloat(dst []byte, f float64) []byte {
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}
