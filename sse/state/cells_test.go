package state

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Packed or not, a row says the same, and of each field when it changed.
func TestCellsArePackedWithoutLoss(t *testing.T) {
	value := rapid.OneOf(
		rapid.Just(Value{}),
		rapid.Map(rapid.Int64(), IntValue),
		rapid.Map(rapid.Float64Range(-1e9, 1e9), func(f float64) Value { return FloatValue(f, 3) }),
		rapid.Map(rapid.Bool(), BoolValue),
		rapid.Map(rapid.SampledFrom([]string{"", "up", "\x00\xff", "a comment that is rather long, as people write them"}), TextValue),
		rapid.Just(JSONValue(`[{"router":"é"}]`)),
		rapid.SampledFrom([]Value{IntValue(math.MaxInt64), IntValue(math.MinInt64), FloatValue(0, 1)}),
	)
	rapid.Check(t, func(t *rapid.T) {
		var c cells
		var want []Cell
		var values []Value
		seq := uint64(0)
		for range rapid.IntRange(1, 8).Draw(t, "commits") {
			seq += rapid.Uint64Range(1, 1<<40).Draw(t, "later")
			drawn := rapid.SliceOfN(value, max(1, len(want)-1), len(want)+3).Draw(t, "values")
			if want == nil {
				c.pack(drawn, seq)
				for range drawn {
					want, values = append(want, Cell{Seq: seq}), append(values, Value{})
				}
				copy(values, drawn)
			} else {
				changed, before := false, len(want)
				for i, v := range drawn {
					if i == len(want) {
						want, values = append(want, Cell{}), append(values, Value{})
					}
					if values[i] != v {
						values[i], want[i].Seq, changed = v, seq, true
					}
				}
				if got := c.update(drawn, seq); got != changed {
					t.Fatalf("update says %t, want %t", got, changed)
				}
				if !changed { // nothing was noted, not even fields that have no value
					want, values = want[:before], values[:before]
				}
			}
			n := 0
			for i, got := range c.all() {
				n++
				if got.Value() != values[i] || got.Seq != want[i].Seq {
					t.Fatalf("field %d is %v of %d, want %v of %d", i, got.Value(), got.Seq, values[i], want[i].Seq)
				}
				if a, b := string(got.AppendJSON(nil)), string(values[i].AppendJSON(nil)); a != b {
					t.Fatalf("field %d is %s, want %s", i, a, b)
				}
			}
			if n != len(want) {
				t.Fatalf("%d fields, want %d", n, len(want))
			}
		}
	})
}

func BenchmarkUpdate(b *testing.B) {
	values := []Value{TextValue("up"), TextValue("up"), TextValue("ether"), TextValue("uplink to the tower"), IntValue(1e9), IntValue(123456),
		IntValue(654321), FloatValue(0.1, 1), FloatValue(0.2, 1), IntValue(0), IntValue(0), IntValue(0), IntValue(0), IntValue(1767225600000)}
	var c cells
	c.pack(values, 1)
	b.ReportAllocs()
	seq := uint64(1)
	for b.Loop() {
		seq++
		values[13] = IntValue(int64(1767225600000 + seq))
		c.update(values, seq)
	}
	b.ReportMetric(float64(cap(c.packed)), "bytes/row")
}
