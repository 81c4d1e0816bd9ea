package snmp

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNames(t *testing.T) {
	for oid, want := range map[string]string{
		".1.3.6.1.2.1.2.2.1.2":          "\x2b\x06\x01\x02\x01\x02\x02\x01\x02",
		".1.3.6.1.4.1.14988.1":          "\x2b\x06\x01\x04\x01\xf5\x0c\x01",
		".0.0":                          "\x00",
		".2.999.4294967295":             "\x88\x37\x8f\xff\xff\xff\x7f",
		".1.39.0.127.128.16383.16384.0": "\x4f\x00\x7f\x81\x00\xff\x7f\x81\x80\x00\x00",
	} {
		n, err := parseOID(oid)
		if err != nil || string(n) != want || n.String() != oid {
			t.Errorf("%s is %x on the wire and %s as text, %v", oid, []byte(n), n, err)
		}
	}
	for _, oid := range []string{"", ".", ".1", "1.3", ".1.3.", "..1.3", ".1..3", ".3.1", ".1.40", ".1.3.x", ".1.3.-1", ".1.3.4294967296", ".1.3.+1"} {
		if n, err := parseOID(oid); err == nil {
			t.Errorf("%q is %x", oid, []byte(n))
		}
	}
}

func TestBelow(t *testing.T) {
	for _, c := range []struct{ name, column, index string }{
		{".1.3.6.1.2.1.2.2.1.2.7", ".1.3.6.1.2.1.2.2.1.2", "7"},
		{".1.3.6.1.2.1.2.2.1.2.10.0.0.1", ".1.3.6.1.2.1.2.2.1.2", "10.0.0.1"},
		{".1.3.6.1.2.1.2.2.1.2.300.4294967295", ".1.3.6.1.2.1.2.2.1.2", "300.4294967295"},
		{".1.3.6.1.2.1.2.2.1.20.7", ".1.3.6.1.2.1.2.2.1.2", ""}, // column 20, not 2
		{".1.3.6.1.2.1.2.2.1.2", ".1.3.6.1.2.1.2.2.1.2", ""},
	} {
		if arcs, ok := mustName(t, c.name).below(mustName(t, c.column)); index(arcs).String() != c.index || ok != (c.index != "") {
			t.Errorf("%q below %q is %q, %v", c.name, c.column, index(arcs), ok)
		}
	}
}

// One name has one form: arcs that are padded, cut off or too large make none.
func TestMalformedArcs(t *testing.T) {
	for arcs, want := range map[string]bool{
		"": true, "\x00": true, "\x7f\x81\x00": true, "\x8f\xff\xff\xff\x7f": true,
		"\x80\x01": false, "\x81": false, "\x01\x80": false, "\x90\x80\x80\x80\x00": false, "\x81\x80\x80\x80\x80\x00": false,
	} {
		if isWellFormed([]byte(arcs)) != want {
			t.Errorf("%x: want %v", arcs, want)
		}
		_ = index(arcs).String()
		_ = name(arcs).String()
	}
}

func TestInside(t *testing.T) {
	if !inside(".1.3.6", ".1.3") || !inside(".1.3", ".1.3") || inside(".1.30", ".1.3") || inside(".1", ".1.3") {
		t.Error("inside is wrong")
	}
}

// The order of names is that of their numbers, whatever their length on the wire.
func TestCompareArcs(t *testing.T) {
	oids := rapid.SliceOfN(rapid.OneOf(rapid.Uint32Range(0, 300), rapid.Uint32()), 1, 6)
	rapid.Check(t, func(t *rapid.T) {
		a, b := oids.Draw(t, "a"), oids.Draw(t, "b")
		x, y := encoded(a), encoded(b)
		if want := slices.Compare(a, b); sign(compareArcs(x, y)) != want {
			t.Fatalf("compareArcs(%s, %s) = %d, want %d", x, y, compareArcs(x, y), want)
		}
		if x.String() != dotted(a) {
			t.Fatalf("%v is %s as text", a, x)
		}
	})
}

func encoded(arcs []uint32) index {
	var b []byte
	for _, arc := range arcs {
		b = appendArc(b, arc)
	}
	return index(b)
}

func dotted(arcs []uint32) string {
	texts := make([]string, len(arcs))
	for i, arc := range arcs {
		texts[i] = strconv.FormatUint(uint64(arc), 10)
	}
	return strings.Join(texts, ".")
}

func sign(n int) int { return min(1, max(-1, n)) }
