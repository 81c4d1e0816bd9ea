package pipeline

import (
	"math"
	"testing"
	"time"
)

func TestValueKeepsWhatItWasGiven(t *testing.T) {
	cases := []struct {
		v     Value
		kind  Kind
		i     int64
		f     float64
		shown string
	}{
		{CounterValue(1 << 62), Counter, 1 << 62, 1 << 62, "4611686018427387904"},
		{CounterValue(math.MaxUint64), Counter, math.MaxInt64, math.MaxInt64, "9223372036854775807"},
		{Counter32Value(math.MaxUint32), Counter32, math.MaxUint32, math.MaxUint32, "4294967295"},
		{GaugeValue(-1.5), Gauge, 0, -1.5, "-1.5"},
		{EnumValue(-3), Enum, -3, -3, "-3"},
		{BoolValue(true), Bool, 1, 1, "true"},
		{DurationValue(1500 * time.Millisecond), Duration, 0, 1.5, "1.5"},
		{TimestampValue(time.UnixMicro(1767225600123999)), Timestamp, 0, 1767225600.123, "1767225600.123"},
	}
	for _, c := range cases {
		if c.v.Kind() != c.kind || c.v.Int() != c.i || c.v.Float() != c.f || c.v.String() != c.shown {
			t.Errorf("%s: %s %d %v %q", c.kind, c.v.Kind(), c.v.Int(), c.v.Float(), c.v.String())
		}
	}
	for _, v := range []Value{GaugeValue(math.NaN()), GaugeValue(math.Inf(1)), TimestampValue(time.Time{})} {
		if !v.IsNone() {
			t.Errorf("%v is a value", v)
		}
	}
	if GaugeValue(math.Copysign(0, -1)) != GaugeValue(0) {
		t.Error("-0 is a change from 0")
	}
}
