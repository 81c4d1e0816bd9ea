package snmp

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// forms are the parts that an index can be made of, by the letters that tests write.
func forms() map[byte]form {
	return map[byte]form{'n': arc, 's': plain, 'm': mac, '4': ipv4, '6': ipv6, 'i': inet, 'o': oidPart, 'S': implied, 'O': impliedOID}
}

func partsOf(letters string) []part {
	parts := make([]part, 0, len(letters))
	for i := range len(letters) {
		parts = append(parts, part{fmt.Sprintf("p%d", i), forms()[letters[i]]})
	}
	return parts
}

// indexOf is the index that is written so.
func indexOf(t *testing.T, dotted string) index {
	t.Helper()
	var b []byte
	for _, arc := range strings.FieldsFunc(dotted, func(r rune) bool { return r == '.' }) {
		n, err := strconv.ParseUint(arc, 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		b = appendArc(b, uint32(n))
	}
	return index(b)
}

// A number beyond 32 bits, or one that breaks off, is none.
func TestNumbersOfAnIndex(t *testing.T) {
	for bytes, want := range map[index]string{"\x8f\xff\xff\xff\x7f": "4294967295", "\x90\x80\x80\x80\x00": "-", "\x81": "-", "\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01": "-"} {
		r := arcReader{index: bytes}
		got := "-"
		if n, ok := r.next(); ok {
			got = strconv.FormatUint(uint64(n), 10)
		}
		if got != want {
			t.Errorf("%x: %s, want %s", string(bytes), got, want)
		}
	}
}

func TestSplitIndex(t *testing.T) {
	const no = "-"
	for _, test := range []struct{ parts, index, want string }{
		{"n", "7", "7"},
		{"n", "0", "0"},
		{"n", "4294967295", "4294967295"},
		{"n", "", no},
		{"n", "7.1", no},
		{"n", "7.0", "7"}, // as some UPSs name the lines of their tables
		{"n", "7.0.0", no},
		{"nn", "7", no},
		{"nn", "7.1", "7 1"},
		{"mn", "2.200.0.0.1.255.12", "02:c8:00:00:01:ff 12"}, // mtxrWlRtabTable
		{"mn", "2.200.0.0.1.256.12", no},
		{"mn", "2.200.0.0.1.255", no},
		{"mn", "2.200.0.0.1.255.12.0", "02:c8:00:00:01:ff 12"},
		{"nm", "12.2.200.0.0.1.255", "12 02:c8:00:00:01:ff"},
		{"s", "5.101.116.104.101.114", "ether"},
		{"s", "0", ""},
		{"s", "5.101.116.104.101", no},
		{"s", "5.101.116.104.101.114.49", no},
		{"s", "4294967295.1", no},
		{"ns", "1.2.104.105", "1 hi"},
		{"sn", "2.104.105.9", "hi 9"},
		{"S", "101.116.104", "eth"},
		{"S", "", ""},
		{"S", "300", no},
		{"nS", "4.104.105", "4 hi"},
		{"nS", "4", "4 "},
		{"s", "3.104.105.0", "hi"}, // some agents send the whole buffer that a name is in
		{"4", "10.0.0.1", "10.0.0.1"},
		{"4", "10.0.0", no},
		{"4n", "10.0.0.1.0", "10.0.0.1 0"}, // ospfNbrTable
		{"6", "254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1", "fe80::1"},
		{"i", "1.4.10.0.0.1", "10.0.0.1"},
		{"i", "2.16.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1", "fe80::1"},
		{"i", "3.8.10.0.0.1.0.0.0.7", "10.0.0.1%7"},
		{"i", "4.20.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.1.0", "fe80::1%256"},
		{"i", "16.3.97.46.98", "a.b"},
		{"in", "0.0.5", "<absent> 5"},
		{"i", "1.16.10.0.0.1", no},
		{"i", "1.5.10.0.0.1.1", no},
		{"i", "9.1.1", no},
		{"i", "1", no},
		{"on", "3.1.3.6.9", "1.3.6 9"},
		{"o", "0", ""},
		{"o", "4.1.3.6", no},
		{"O", "1.3.6", "1.3.6"},
		{"nO", "2.1.3.6", "2 1.3.6"},
		{"nO", "2", "2 "},
	} {
		parts := partsOf(test.parts)
		cells, spans := make([]cell, len(parts)), make([]span, len(parts))
		got := no
		if splitIndex(indexOf(t, test.index), parts, nil, cells, spans) {
			got = strings.Join(textsOf(cells), " ")
		} else if !slices.Equal(cells, make([]cell, len(parts))) {
			t.Errorf("%s of %s: values of an index that is none: %v", test.index, test.parts, cells)
		}
		if got != test.want {
			t.Errorf("%s as %s: %q, want %q", test.index, test.parts, got, test.want)
		}
	}
}

func textsOf(cells []cell) []string {
	texts := make([]string, 0, len(cells))
	for _, c := range cells {
		if c.kind == absent {
			c.text = "<absent>"
		}
		texts = append(texts, c.text)
	}
	return texts
}

func TestSpansAreTheParts(t *testing.T) {
	parts := partsOf("msnO")
	index := indexOf(t, "2.0.0.0.0.1.2.104.105.40.1.3")
	cells, spans := make([]cell, 4), make([]span, 4)
	if !splitIndex(index, parts, nil, cells, spans) {
		t.Fatal("not split")
	}
	var got []string
	for _, s := range spans {
		got = append(got, s.of(index).String())
	}
	if diff := cmp.Diff([]string{"2.0.0.0.0.1", "2.104.105", "40", "1.3"}, got); diff != "" {
		t.Error(diff)
	}
}

// A table that was read before is taken apart without an allocation.
func TestSplittingAKnownIndexDoesNotAllocate(t *testing.T) {
	parts := partsOf("mn4isO")
	index := indexOf(t, "2.0.0.0.0.1.1234.10.0.0.1.2.16.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1.2.104.105.1.3.6")
	cells, spans := make([]cell, len(parts)), make([]span, len(parts))
	splitIndex(index, parts, nil, cells, spans)
	was := slices.Clone(cells)
	if n := testing.AllocsPerRun(100, func() { splitIndex(index, parts, was, cells, spans) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if !slices.Equal(was, cells) {
		t.Errorf("%v, then %v", was, cells)
	}
}

func TestPartsWithoutLengthMustBeLast(t *testing.T) {
	for letters, ok := range map[string]bool{"S": true, "nS": true, "Sn": false, "On": false, "nO": true, "mn": true} {
		if err := checkParts(partsOf(letters)); (err == nil) != ok {
			t.Errorf("%s: %v", letters, err)
		}
	}
}

// Whatever index a device sends, taking it apart ends, without a panic: with nothing, or with parts that
// make up the whole of it, in their order, each with text of a bounded length.
func FuzzIndex(f *testing.F) {
	for _, seed := range []struct {
		letters string
		arcs    []uint32
	}{
		{"mn", []uint32{2, 200, 0, 0, 1, 255, 12}},
		{"s", []uint32{5, 101, 116, 104, 101, 114}},
		{"i", []uint32{4, 20, 254, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0}},
		{"noS", []uint32{math.MaxUint32, 3, 1, 3, 6, 104, 105}},
		{"46O", []uint32{10, 0, 0, 1, 32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 3}},
	} {
		f.Add(seed.letters, []byte(encoded(seed.arcs)))
	}
	f.Fuzz(func(t *testing.T, letters string, arcs []byte) {
		parts := partsOf(letters)
		if len(letters) > 8 || len(arcs) > 5*maxIndexBytes || checkParts(parts) != nil {
			return
		}
		index := index(arcs)
		cells, spans := make([]cell, len(parts)), make([]span, len(parts))
		if !splitIndex(index, parts, nil, cells, spans) {
			return
		}
		var whole string
		for i, s := range spans {
			whole += string(s.of(index))
			if len(cells[i].text) > 11*maxIndexBytes {
				t.Errorf("part %d has %d bytes of text", i, len(cells[i].text))
			}
		}
		if whole != string(index) && whole+string(encoded([]uint32{0})) != string(index) { // a row may end like a scalar
			t.Errorf("%s is made of %s", index, appendDotted(nil, []byte(whole)))
		}
		again := slices.Clone(cells)
		if !splitIndex(index, parts, cells, again, spans) || !slices.Equal(cells, again) {
			t.Errorf("%s: %v, then %v", index, cells, again)
		}
	})
}
