package snmp

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// OIDs of definitions are texts: dotted, with a leading dot. Compiling turns them into names as they
// stand on the wire, and what arrives stays in that form: comparing two names is comparing bytes, and a
// text is only made for people.

// name is an OID on the wire, without tag and length: its first two arcs in one, each arc in base 128.
type name []byte

// index is what follows a column's name in the name of a value: the arcs as they stand on the wire.
type index string

// String is the index as text: dotted, without leading dot.
func (i index) String() string { return string(appendDotted(nil, []byte(i))) }

// String is the OID as text: dotted, with leading dot.
func (n name) String() string { return string(appendOID([]byte{'.'}, n)) }

// parseOID encodes a dotted OID with a leading dot.
func parseOID(oid string) (name, error) {
	arcs, found := strings.CutPrefix(oid, ".")
	first, arcs, isLonger := strings.Cut(arcs, ".")
	second, arcs, isLongerStill := strings.Cut(arcs, ".")
	a, errA := strconv.ParseUint(first, 10, 8)
	b, errB := strconv.ParseUint(second, 10, 32)
	if !found || !isLonger || errA != nil || errB != nil || a > 2 || a < 2 && b >= 40 || b > math.MaxUint32-80 {
		return nil, fmt.Errorf("%q is no OID", oid)
	}
	n := appendArc(make(name, 0, len(oid)), uint32(40*a+b))
	for isLongerStill {
		var arc string
		arc, arcs, isLongerStill = strings.Cut(arcs, ".")
		v, err := strconv.ParseUint(arc, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q is no OID", oid)
		}
		n = appendArc(n, uint32(v))
	}
	return n, nil
}

func appendArc(b []byte, arc uint32) []byte {
	for shift := 28; shift > 0; shift -= 7 {
		if arc>>shift != 0 {
			b = append(b, byte(arc>>shift)|0x80)
		}
	}
	return append(b, byte(arc)&0x7f)
}

// nextArc splits off the first arc. It is false for an arc that is cut off, too large or padded, none
// of which a name may have: padded ones would make one name of two.
func nextArc(b []byte) (arc uint32, rest []byte, ok bool) {
	var v uint64
	for i, c := range b {
		if i > 4 || i == 0 && c == 0x80 {
			break
		}
		v = v<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return uint32(v), b[i+1:], v <= math.MaxUint32
		}
	}
	return 0, nil, false
}

// isWellFormed reports that b is nothing but whole arcs.
func isWellFormed(b []byte) bool {
	for len(b) > 0 {
		_, rest, ok := nextArc(b)
		if !ok {
			return false
		}
		b = rest
	}
	return true
}

// appendDotted writes arcs as text, as far as they are well-formed.
func appendDotted(text, arcs []byte) []byte {
	for first := true; len(arcs) > 0; first = false {
		arc, rest, ok := nextArc(arcs)
		if !ok {
			return text
		}
		if !first {
			text = append(text, '.')
		}
		text, arcs = strconv.AppendUint(text, uint64(arc), 10), rest
	}
	return text
}

// appendOID writes a name as text, without leading dot.
func appendOID(text []byte, n name) []byte {
	first, rest, ok := nextArc(n)
	if !ok {
		return text
	}
	top := min(first/40, 2)
	text = strconv.AppendUint(text, uint64(top), 10)
	text = append(text, '.')
	text = strconv.AppendUint(text, uint64(first-40*top), 10)
	if len(rest) == 0 {
		return text
	}
	return appendDotted(append(text, '.'), rest)
}

// below returns what follows the subtree's name in n; false if n is not below it. No arc is a prefix
// of another one, so comparing bytes is enough.
func (n name) below(subtree name) (arcs []byte, ok bool) {
	if len(n) <= len(subtree) || !bytes.HasPrefix(n, subtree) {
		return nil, false
	}
	return n[len(subtree):], true
}

// isInside reports that n is the subtree itself or below it.
func (n name) isInside(subtree name) bool { return bytes.HasPrefix(n, subtree) }

// compareArcs orders two names, or two indexes, as SNMP does: number by number, then the shorter one
// first.
func compareArcs[A, B ~string | ~[]byte](a A, b B) int {
	start := 0 // of the arc that the first difference is in
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			x, y := arcLength(a[start:]), arcLength(b[start:])
			if x != y {
				return x - y // of two numbers the longer one is the larger
			}
			return int(a[i]) - int(b[i])
		}
		if a[i] < 0x80 {
			start = i + 1
		}
	}
	return len(a) - len(b)
}

func arcLength[T ~string | ~[]byte](arcs T) int {
	for i := range len(arcs) {
		if arcs[i] < 0x80 {
			return i + 1
		}
	}
	return len(arcs)
}

// inside reports that a dotted OID is the subtree itself or below it.
func inside(oid, subtree string) bool {
	return strings.HasPrefix(oid, subtree) && (len(oid) == len(subtree) || oid[len(subtree)] == '.')
}
