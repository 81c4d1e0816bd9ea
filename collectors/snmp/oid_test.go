package snmp

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestIndexOf(t *testing.T) {
	for _, c := range []struct{ name, column, index string }{
		{".1.3.6.1.2.1.2.2.1.2.7", ".1.3.6.1.2.1.2.2.1.2", "7"},
		{".1.3.6.1.2.1.2.2.1.2.10.0.0.1", ".1.3.6.1.2.1.2.2.1.2", "10.0.0.1"},
		{".1.3.6.1.2.1.2.2.1.20.7", ".1.3.6.1.2.1.2.2.1.2", ""}, // column 20, not 2
		{".1.3.6.1.2.1.2.2.1.2", ".1.3.6.1.2.1.2.2.1.2", ""},
		{".1.3.6.1.2.1.2.2.1.2.", ".1.3.6.1.2.1.2.2.1.2", ""},
		{"", ".1.3", ""},
	} {
		if index, ok := indexOf(c.name, c.column); index != c.index || ok != (c.index != "") {
			t.Errorf("indexOf(%q, %q) = %q, %v", c.name, c.column, index, ok)
		}
	}
}

func TestInside(t *testing.T) {
	if !inside(".1.3.6", ".1.3") || !inside(".1.3", ".1.3") || inside(".1.30", ".1.3") || inside(".1", ".1.3") {
		t.Error("inside is wrong")
	}
}

// The order of OIDs is that of their numbers, whatever their spelling's length.
func TestCompareOIDs(t *testing.T) {
	oids := rapid.SliceOfN(rapid.Uint32Range(0, 300), 1, 6)
	rapid.Check(t, func(t *rapid.T) {
		a, b := oids.Draw(t, "a"), oids.Draw(t, "b")
		got := compareOIDs(dotted(a), dotted(b))
		if want := slices.Compare(a, b); sign(got) != want {
			t.Fatalf("compareOIDs(%s, %s) = %d, want %d", dotted(a), dotted(b), got, want)
		}
		if sign(compareOIDs("."+dotted(a), "."+dotted(b))) != sign(got) {
			t.Fatal("a leading dot changes the order")
		}
	})
}

func dotted(arcs []uint32) string {
	texts := make([]string, len(arcs))
	for i, arc := range arcs {
		texts[i] = strconv.FormatUint(uint64(arc), 10)
	}
	return strings.Join(texts, ".")
}

func sign(n int) int { return min(1, max(-1, n)) }
