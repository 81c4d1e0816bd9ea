package snmp

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
)

// part is one piece of the index of a MIB's table, which its MIB lists under INDEX. Rules, keys and
// joins refer to it as if it were a column.
type part struct {
	name string
	as   form
}

// span is where a part stands in an index.
type span struct{ from, to int }

// of cuts a part out of an index.
func (s span) of(i index) index { return i[s.from:s.to] }

// arcReader takes an index apart, number by number.
type arcReader struct {
	index index
	at    int // of the next number
}

func (r *arcReader) atEnd() bool { return r.at >= len(r.index) }

// isScalarEnd reports that nothing is left but a 0, which ends the name of a scalar.
func (r *arcReader) isScalarEnd() bool { return r.at == len(r.index)-1 && r.index[r.at] == 0 }

// next reads one number; not ok at the end, or if there is none of 32 bits.
func (r *arcReader) next() (n uint32, ok bool) {
	var big uint64
	for !r.atEnd() && big <= math.MaxUint32 {
		b := r.index[r.at]
		r.at++
		if big = big<<7 | uint64(b&0x7f); b < 0x80 {
			return uint32(big), big <= math.MaxUint32
		}
	}
	return 0, false
}

// maxIndexBytes bounds a string in an index: an OID has 128 numbers.
const maxIndexBytes = 128

// bytes reads so many numbers that are bytes.
func (r *arcReader) bytes(into *[maxIndexBytes]byte, n int) ([]byte, bool) {
	if n > len(into) {
		return nil, false
	}
	for i := range n {
		b, ok := r.next()
		if !ok || b > math.MaxUint8 {
			return nil, false
		}
		into[i] = byte(b)
	}
	return into[:n], true
}

// rest reads the numbers up to the end, which are bytes.
func (r *arcReader) rest(into *[maxIndexBytes]byte) ([]byte, bool) {
	n := 0
	for ; !r.atEnd(); n++ {
		b, ok := r.next()
		if !ok || b > math.MaxUint8 || n == len(into) {
			return nil, false
		}
		into[n] = byte(b)
	}
	return into[:n], true
}

// splitIndex reads an index into a cell and a span for each part. It reports false, with no value in any
// cell, if the index is not made of these parts to its end; a 0 that some agents append, as if a column
// were a scalar, is no part. was are the same cells of an earlier poll, or nil: their strings are used
// again.
func splitIndex(index index, parts []part, was, cells []cell, spans []span) bool {
	r := arcReader{index: index}
	for i := range parts {
		var before cell
		if was != nil {
			before = was[i]
		}
		from := r.at
		c, ok := r.part(parts[i].as, before)
		if !ok {
			clear(cells)
			return false
		}
		cells[i], spans[i] = c, span{from, r.at}
	}
	if !r.atEnd() && !r.isScalarEnd() {
		clear(cells)
		return false
	}
	return true
}

// part reads one part.
func (r *arcReader) part(as form, was cell) (cell, bool) {
	var buffer [maxIndexBytes]byte
	switch as {
	case arc:
		return r.number(was)
	case mac:
		b, ok := r.bytes(&buffer, 6)
		return macCell(b, was), ok
	case ipv4:
		b, ok := r.bytes(&buffer, 4)
		return addressCell(b, was), ok
	case ipv6:
		b, ok := r.bytes(&buffer, 16)
		return addressCell(b, was), ok
	case inet:
		return r.inet(&buffer, was)
	case implied:
		b, ok := r.rest(&buffer)
		return octets(b, plain, was), ok
	case oidPart, impliedOID:
		return r.oid(as == oidPart, was)
	}
	n, ok := r.next()
	if !ok || n > maxIndexBytes {
		return cell{}, false
	}
	b, ok := r.bytes(&buffer, int(n))
	return octets(b, plain, was), ok
}

// number keeps its text too: it may name a row.
func (r *arcReader) number(was cell) (cell, bool) {
	n, ok := r.next()
	c := cell{kind: unsigned32, num: uint64(n)}
	if was.kind == c.kind && was.num == c.num && was.text != "" {
		return was, ok
	}
	c.text = strconv.FormatUint(c.num, 10)
	return c, ok
}

// The kinds of InetAddressType (RFC 4001) and the bytes that each has; those with a zone have four more.
const (
	inetUnknown = 0
	inetIPv4    = 1
	inetIPv6    = 2
	inetIPv4z   = 3
	inetIPv6z   = 4
	inetDNS     = 16
)

// inet reads InetAddressType, the length and the bytes of an InetAddress.
func (r *arcReader) inet(buffer *[maxIndexBytes]byte, was cell) (cell, bool) {
	kind, ok := r.next()
	n, okLength := r.next()
	if !ok || !okLength || n > maxIndexBytes {
		return cell{}, false
	}
	b, ok := r.bytes(buffer, int(n))
	if !ok {
		return cell{}, false
	}
	switch {
	case kind == inetUnknown:
		return cell{}, n == 0
	case kind == inetIPv4 && n == 4, kind == inetIPv6 && n == 16:
		return addressCell(b, was), true
	case kind == inetIPv4z && n == 8, kind == inetIPv6z && n == 20:
		address, zone := b[:n-4], b[n-4:]
		addr, _ := netip.AddrFromSlice(address)
		id := uint32(zone[0])<<24 | uint32(zone[1])<<16 | uint32(zone[2])<<8 | uint32(zone[3])
		return cell{kind: textual, text: addr.String() + "%" + strconv.FormatUint(uint64(id), 10)}, true
	case kind == inetDNS:
		return octets(b, plain, was), true
	}
	return cell{}, false
}

// oid reads an OBJECT IDENTIFIER: as many numbers as the first one says, or all up to the end.
func (r *arcReader) oid(counted bool, was cell) (cell, bool) {
	left := uint32(maxIndexBytes)
	if counted {
		n, ok := r.next()
		if !ok || n > maxIndexBytes {
			return cell{}, false
		}
		left = n
	}
	from := r.at
	for ; left > 0 && (counted || !r.atEnd()); left-- {
		if _, ok := r.next(); !ok {
			return cell{}, false
		}
	}
	var buffer [11 * maxIndexBytes]byte
	return textCell(appendDotted(buffer[:0], []byte(r.index[from:r.at])), was), true
}

// checkParts refuses what cannot be taken apart.
func checkParts(parts []part) error {
	for i, p := range parts {
		if (p.as == implied || p.as == impliedOID) && i < len(parts)-1 {
			return fmt.Errorf("%s: only the last part of an index can be without its length", p.name)
		}
	}
	return nil
}
