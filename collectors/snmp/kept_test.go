package snmp

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Kept rows are those that were added, however often the memory for packing them is used again, and
// equal ones are one.
func TestKeptRows(t *testing.T) {
	text := rapid.SampledFrom([]string{"", "a", "ether1", "0a:00:00:00:00:01", strings.Repeat("long", 100)})
	value := rapid.Custom(func(t *rapid.T) cell {
		if rapid.Bool().Draw(t, "text") {
			return cell{kind: textual, text: text.Draw(t, "value")}
		}
		kind := rapid.SampledFrom([]cellKind{absent, signed, unsigned32, unsigned64, float}).Draw(t, "kind")
		if kind == absent {
			return cell{}
		}
		return cell{kind: kind, num: rapid.Uint64().Draw(t, "number")}
	})
	rapid.Check(t, func(t *rapid.T) {
		var p rowPacker
		for range rapid.IntRange(1, 4).Draw(t, "reads") {
			columns := rapid.IntRange(0, 5).Draw(t, "columns")
			indexes := rapid.SliceOfN(text, 0, 10).Draw(t, "indexes")
			cells := rapid.SliceOfN(value, columns*len(indexes), columns*len(indexes)).Draw(t, "cells")
			pack := func() keptRows {
				p.start(columns)
				for row, i := range indexes {
					p.add(index(i), cells[row*columns:][:columns])
				}
				return p.pack()
			}
			k := pack()
			if got := k.indexes(); !slices.EqualFunc(got, indexes, func(a index, b string) bool { return string(a) == b }) {
				t.Fatalf("indexes %q, want %q", got, indexes)
			}
			for i, want := range cells {
				if got := k.cell(i/columns, i%columns); got != want {
					t.Fatalf("cell %d is %+v, want %+v", i, got, want)
				}
			}
			if again := pack(); again != k {
				t.Fatal("equal rows are twice in memory")
			}
		}
	})
}
