package snmp

import (
	"bytes"
	"math"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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

// form says how the bytes of an OCTET STRING become text, in a column or as a part of an index. In an
// index, plain and oidPart begin with their length, and addresses stand without one.
type form uint8

const (
	plain    form = iota
	mac           // six bytes, or their text; anything else is no address
	raw           // the bytes as they are
	label         // text, or bytes that are none, which become "0a:1b:…"
	portName      // text that is a name: neither a number nor a MAC address
	dateTime      // DateAndTime (RFC 2579), which becomes a number: seconds since 1970
	inet          // an IP address: 4 or 16 bytes; in an index InetAddressType, length and bytes

	// Parts of an index alone.
	arc        // one number
	ipv4       // four bytes
	ipv6       // sixteen bytes
	oidPart    // an OBJECT IDENTIFIER
	implied    // text up to the end, without its length
	impliedOID // the same of an OBJECT IDENTIFIER
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

// withSign is the number, where a device sent a negative one as unsigned, of 32 bits or of 16. It is for
// what is never as large as 2^15.
func (c cell) withSign() float64 {
	switch {
	case c.kind == unsigned32 && c.num >= 1<<31:
		return float64(int32(uint32(c.num)))
	case (c.kind == unsigned32 || c.kind == signed) && c.integer() >= 1<<15 && c.integer() < 1<<16:
		return float64(int16(uint16(c.num)))
	}
	return c.float(false)
}

// parsedCell is the number that a text holds; none if it holds no number.
func parsedCell(c cell, parse func(string) (float64, bool)) cell {
	n, ok := parse(c.text)
	if !ok {
		return cell{}
	}
	return cell{kind: float, num: math.Float64bits(n)}
}

// newCell takes a value out of a reply. was is the same cell of an earlier poll, or zero: where the
// text has not changed, its string is used again.
func newCell(v *value, as form, was cell) cell {
	switch v.tag {
	case tagInteger:
		return cell{kind: signed, num: v.num}
	case tagCounter32, tagGauge32, tagTimeTicks, tagUnsigned32:
		return cell{kind: unsigned32, num: v.num}
	case tagCounter64:
		return cell{kind: unsigned64, num: v.num}
	case tagFloat, tagDouble:
		return cell{kind: float, num: v.num}
	case tagOctets:
		return octets(v.bytes, as, was)
	case tagOID:
		return oidCell(v.bytes, was)
	case tagIPAddress:
		return addressCell(v.bytes, was)
	}
	return cell{}
}

// textCell is a text, in the string of the last poll if it has not changed.
func textCell(text []byte, was cell) cell {
	if was.kind == textual && was.text == string(text) {
		return was
	}
	return cell{kind: textual, text: string(text)}
}

func oidCell(b []byte, was cell) cell {
	if len(b) == 0 || !isWellFormed(b) {
		return cell{}
	}
	var buf [128]byte
	return textCell(appendOID(buf[:0], b), was)
}

func addressCell(b []byte, was cell) cell {
	addr, ok := netip.AddrFromSlice(b)
	if !ok {
		return cell{}
	}
	var buf [64]byte
	return textCell(addr.AppendTo(buf[:0]), was)
}

func octets(b []byte, as form, was cell) cell {
	switch as {
	case mac:
		return macCell(b, was)
	case inet:
		return addressCell(b, was)
	case raw:
		return textCell(b, was)
	case label:
		return labelCell(b, was)
	case portName:
		return portNameCell(b, was)
	case dateTime:
		return dateCell(b)
	}
	return textCell(ofBuffer(b), was)
}

// ofBuffer is a text whose agent sends the whole buffer that it is in: what follows two NULs was there
// before.
func ofBuffer(b []byte) []byte {
	text, _, _ := bytes.Cut(b, []byte{0, 0})
	return bytes.TrimRight(text, "\x00")
}

// macCell takes six bytes, or a text of six numbers: 0:2:63:6:65:d8, 00-1C-7F-81-41-1D.
func macCell(b []byte, was cell) cell {
	var spelled [6]byte
	if len(b) != len(spelled) {
		if !spellsMAC(b, &spelled) {
			return cell{}
		}
		b = spelled[:]
	}
	const hex = "0123456789abcdef"
	var buf [17]byte
	for i, x := range b {
		buf[3*i], buf[3*i+1] = hex[x>>4], hex[x&15]
		if i < 5 {
			buf[3*i+2] = ':'
		}
	}
	return textCell(buf[:], was)
}

func spellsMAC(text []byte, into *[6]byte) bool {
	part, digits := 0, 0
	for _, c := range text {
		n, isDigit := fromHex(c)
		switch {
		case isDigit && digits < 2:
			into[part], digits = into[part]<<4|n, digits+1
		case (c == ':' || c == '-') && digits > 0 && part < len(into)-1:
			part, digits = part+1, 0
		default:
			return false
		}
	}
	return part == len(into)-1 && digits > 0
}

func fromHex(c byte) (n byte, ok bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// longestAddress is the length of an IEEE 64-bit identifier; IPv6 addresses follow a byte that is no letter.
const longestAddress = 8

// labelCell writes bytes that are no text as RouterOS writes a MAC address, whatever their number. In an
// address, what looks like a buffer with a text is none.
func labelCell(b []byte, was cell) cell {
	text := bytes.TrimRight(b, "\x00")
	if len(b) > longestAddress {
		text = ofBuffer(b)
	}
	if len(text) > 0 && utf8.Valid(text) && bytes.IndexFunc(text, unicode.IsControl) < 0 {
		return textCell(text, was)
	}
	if len(b) == 6 {
		return macCell(b, was)
	}
	const hex = "0123456789abcdef"
	var buf [96]byte
	out := buf[:0]
	for i, x := range b[:min(len(b), 32)] {
		if i > 0 {
			out = append(out, ':')
		}
		out = append(out, hex[x>>4], hex[x&15])
	}
	return textCell(out, was)
}

// portNameCell leaves out what names no port for people: a number, and a MAC address as bytes or as text.
func portNameCell(b []byte, was cell) cell {
	c := labelCell(b, was)
	digits := strings.Trim(c.text, "0123456789") == ""
	address := len(c.text) == 17 && strings.Trim(c.text, "0123456789abcdefABCDEF:-") == ""
	if digits || address {
		return cell{}
	}
	return c
}

// dateCell reads DateAndTime: year, month, day, hour, minute, second, tenths, and the offset from UTC,
// which may be missing.
func dateCell(b []byte) cell {
	if len(b) != 8 && len(b) != 11 {
		return cell{}
	}
	year, month, day := int(b[0])<<8|int(b[1]), time.Month(b[2]), int(b[3])
	t := time.Date(year, month, day, int(b[4]), int(b[5]), int(b[6]), int(b[7])*1e8, time.UTC)
	if year == 0 || t.Month() != month || t.Day() != day || b[4] > 23 || b[5] > 59 || b[6] > 60 || b[7] > 9 {
		return cell{}
	}
	if len(b) == 11 {
		offset := time.Duration(b[9])*time.Hour + time.Duration(b[10])*time.Minute
		if b[8] == '+' {
			offset = -offset
		}
		t = t.Add(offset)
	}
	return cell{kind: float, num: math.Float64bits(float64(t.UnixMilli()) / 1e3)}
}
