package snmp

import (
	"bytes"
	"math"
	"strings"

	"github.com/gosnmp/gosnmp"
)

// cell is one value as the device sent it: a number or a text. The zero cell is "no value".
type cell struct {
	kind cellKind
	num  uint64 // of a signed number: its bits
	text string
}

type cellKind uint8

const (
	absent     cellKind = iota
	signed              // INTEGER
	unsigned32          // Counter32, Gauge32, TimeTicks, Unsigned32
	unsigned64          // Counter64
	float               // Opaque float or double
	textual             // OCTET STRING, OBJECT IDENTIFIER (dotted, without leading dot), IpAddress
)

// form says how the bytes of an OCTET STRING become text.
type form uint8

const (
	plain form = iota
	mac        // six bytes; any other length is no address
)

func (c cell) isNumber() bool { return c.kind != absent && c.kind != textual }

// integer is the number, where it is a whole one.
func (c cell) integer() int64 { return int64(c.num) }

// float is the number; 32 bits that a device counts past 2^31 and sends as INTEGER arrive negative,
// which wrap undoes.
func (c cell) float(wrap bool) float64 {
	switch c.kind {
	case signed:
		if wrap && c.integer() < 0 && c.integer() >= math.MinInt32 {
			return float64(uint32(c.integer()))
		}
		return float64(c.integer())
	case float:
		return math.Float64frombits(c.num)
	}
	return float64(c.num)
}

// newCell takes a value out of a reply. was is the same cell of an earlier poll, or zero: where the
// text has not changed, its string is used again.
func newCell(pdu *gosnmp.SnmpPDU, as form, was cell) cell {
	switch v := pdu.Value.(type) {
	case int:
		return cell{kind: signed, num: uint64(int64(v))}
	case uint:
		return number32(uint64(v))
	case uint32:
		return number32(uint64(v))
	case uint64:
		return cell{kind: unsigned64, num: v}
	case float32:
		return cell{kind: float, num: math.Float64bits(float64(v))}
	case float64:
		return cell{kind: float, num: math.Float64bits(v)}
	case []byte:
		return octets(v, as, was)
	case string:
		return cell{kind: textual, text: strings.TrimPrefix(v, ".")}
	}
	return cell{}
}

// number32 refuses what does not fit: no such number can be on a wire that is in order.
func number32(n uint64) cell {
	if n > math.MaxUint32 {
		return cell{}
	}
	return cell{kind: unsigned32, num: n}
}

func octets(b []byte, as form, was cell) cell {
	if as == mac {
		return macCell(b, was)
	}
	b = bytes.TrimRight(b, "\x00") // some agents send the whole buffer that a name is in
	if was.kind == textual && was.text == string(b) {
		return was
	}
	return cell{kind: textual, text: string(b)}
}

func macCell(b []byte, was cell) cell {
	if len(b) != 6 {
		return cell{}
	}
	const hex = "0123456789abcdef"
	var buf [17]byte
	for i, x := range b {
		buf[3*i], buf[3*i+1] = hex[x>>4], hex[x&15]
		if i < 5 {
			buf[3*i+2] = ':'
		}
	}
	if was.text == string(buf[:]) {
		return was
	}
	return cell{kind: textual, text: string(buf[:])}
}
