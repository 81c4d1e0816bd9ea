package snmp

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Kept cells are those that were added, however often the memory is used again.
func TestKeptCells(t *testing.T) {
	value := rapid.Custom(func(t *rapid.T) cell {
		if rapid.Bool().Draw(t, "text") {
			return cell{kind: textual, text: rapid.SampledFrom([]string{"", "a", "ether1", "0a:00:00:00:00:01", strings.Repeat("long ", 60)}).Draw(t, "value")}
		}
		kind := rapid.SampledFrom([]cellKind{absent, signed, unsigned32, unsigned64, float}).Draw(t, "kind")
		if kind == absent {
			return cell{}
		}
		if rapid.Bool().Draw(t, "small") {
			return cell{kind: kind, num: uint64(rapid.Uint32().Draw(t, "number"))}
		}
		return cell{kind: kind, num: rapid.Uint64().Draw(t, "number")}
	})
	rapid.Check(t, func(t *rapid.T) {
		var k keptCells
		var room []byte
		for range rapid.IntRange(1, 4).Draw(t, "reads") {
			cells := rapid.SliceOfN(value, 0, 40).Draw(t, "cells")
			k, room = k.keep(cells, room)
			for i, want := range cells {
				if got := k.at(i); got != want {
					t.Fatalf("cell %d is %+v, want %+v", i, got, want)
				}
			}
			if got := k.appendTo(nil, 0, len(cells)); fmt.Sprint(got) != fmt.Sprint(append([]cell(nil), cells...)) {
				t.Fatalf("got %v", got)
			}
		}
	})
}
