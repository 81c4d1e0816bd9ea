package simulator

import (
	"errors"
	"math/bits"
)

// Tags of the types that SNMP uses (X.690, RFC 2578, RFC 3416).
const (
	tagInteger        = 0x02
	tagOctetString    = 0x04
	tagNull           = 0x05
	tagOID            = 0x06
	tagSequence       = 0x30
	tagIPAddress      = 0x40
	tagCounter32      = 0x41
	tagGauge32        = 0x42
	tagTimeTicks      = 0x43
	tagOpaque         = 0x44
	tagCounter64      = 0x46
	tagNoSuchObject   = 0x80
	tagNoSuchInstance = 0x81
	tagEndOfMIBView   = 0x82
)

// maxOIDLength is the number of sub-identifiers RFC 2578 allows.
const maxOIDLength = 128

var errBER = errors.New("not the BER that was expected")

// value is one SNMP value. The zero value stands for an object that is not there.
type value struct {
	tag byte
	num uint64 // numbers; of an INTEGER the two's complement
	str []byte // octet strings and addresses
	oid []uint32
}

func integer(n int64) value     { return value{tag: tagInteger, num: uint64(n)} }
func counter32(n uint64) value  { return value{tag: tagCounter32, num: n & 0xffffffff} }
func counter64(n uint64) value  { return value{tag: tagCounter64, num: n} }
func gauge32(n uint64) value    { return value{tag: tagGauge32, num: n & 0xffffffff} }
func timeTicks(n uint64) value  { return value{tag: tagTimeTicks, num: n & 0xffffffff} }
func octets(b []byte) value     { return value{tag: tagOctetString, str: b} }
func ipAddress(b []byte) value  { return value{tag: tagIPAddress, str: b} }
func objectID(o []uint32) value { return value{tag: tagOID, oid: o} }

// size is the length of the value's content.
func (v value) size() int {
	switch v.tag {
	case tagInteger:
		return intSize(int64(v.num))
	case tagCounter32, tagGauge32, tagTimeTicks, tagCounter64:
		return uintSize(v.num)
	case tagOID:
		return oidSize(v.oid)
	default:
		return len(v.str)
	}
}

// appendValue appends tag, length and content.
func appendValue(b []byte, v value) []byte {
	n := v.size()
	b = appendLength(append(b, v.tag), n)
	switch v.tag {
	case tagInteger, tagCounter32, tagGauge32, tagTimeTicks, tagCounter64:
		return appendBigEndian(b, v.num, n)
	case tagOID:
		return appendOID(b, v.oid)
	default:
		return append(b, v.str...)
	}
}

// intSize is the shortest two's complement of n, in bytes.
func intSize(n int64) int {
	if n < 0 {
		n = ^n
	}
	return bits.Len64(uint64(n))/8 + 1
}

// uintSize is the same for an unsigned number, which needs a zero byte before a set top bit.
func uintSize(n uint64) int { return bits.Len64(n)/8 + 1 }

// appendBigEndian appends the lowest size bytes of n; a ninth byte is zero.
func appendBigEndian(b []byte, n uint64, size int) []byte {
	for i := size - 1; i >= 0; i-- {
		if i > 7 {
			b = append(b, 0)
			continue
		}
		b = append(b, byte(n>>(8*i)))
	}
	return b
}

func lengthSize(n int) int {
	switch {
	case n < 0x80:
		return 1
	case n < 0x100:
		return 2
	default:
		return 3
	}
}

// appendLength appends a definite length below 64 KiB, in the shortest form.
func appendLength(b []byte, n int) []byte {
	switch lengthSize(n) {
	case 1:
		return append(b, byte(n))
	case 2:
		return append(b, 0x81, byte(n))
	default:
		return append(b, 0x82, byte(n>>8), byte(n))
	}
}

func subIDSize(n uint32) int { return max(1, (bits.Len32(n)+6)/7) }

// firstSubID folds the first two sub-identifiers into one, as X.690 does.
func firstSubID(oid []uint32) uint32 {
	switch len(oid) {
	case 0:
		return 0
	case 1:
		return oid[0] * 40
	default:
		return oid[0]*40 + oid[1]
	}
}

func oidSize(oid []uint32) int {
	n := subIDSize(firstSubID(oid))
	for i := 2; i < len(oid); i++ {
		n += subIDSize(oid[i])
	}
	return n
}

func appendOID(b []byte, oid []uint32) []byte {
	b = appendSubID(b, firstSubID(oid))
	for i := 2; i < len(oid); i++ {
		b = appendSubID(b, oid[i])
	}
	return b
}

func appendSubID(b []byte, n uint32) []byte {
	for i := subIDSize(n) - 1; i > 0; i-- {
		b = append(b, 0x80|byte(n>>(7*i)))
	}
	return append(b, byte(n&0x7f))
}

// element splits the first tag-length-content off b.
func element(b []byte) (tag byte, content, rest []byte, err error) {
	if len(b) < 2 {
		return 0, nil, nil, errBER
	}
	tag, n, b := b[0], int(b[1]), b[2:]
	if n >= 0x80 {
		count := n & 0x7f
		if count == 0 || count > 4 || count > len(b) {
			return 0, nil, nil, errBER
		}
		n = 0
		for _, c := range b[:count] {
			n = n<<8 | int(c)
		}
		b = b[count:]
	}
	if n > len(b) {
		return 0, nil, nil, errBER
	}
	return tag, b[:n], b[n:], nil
}

// expect is element for a tag that must be there.
func expect(b []byte, want byte) (content, rest []byte, err error) {
	tag, content, rest, err := element(b)
	if err != nil || tag != want {
		return nil, nil, errBER
	}
	return content, rest, nil
}

// expectInt reads an INTEGER of at most 32 bits.
func expectInt(b []byte) (n int32, rest []byte, err error) {
	content, rest, err := expect(b, tagInteger)
	if err != nil || len(content) == 0 || len(content) > 4 {
		return 0, nil, errBER
	}
	n = int32(int8(content[0]))
	for _, c := range content[1:] {
		n = n<<8 | int32(c)
	}
	return n, rest, nil
}

// decodeOID appends the sub-identifiers of an OBJECT IDENTIFIER's content to dst.
func decodeOID(content []byte, dst []uint32) ([]uint32, error) {
	if len(content) == 0 {
		return dst, errBER
	}
	start := len(dst)
	for len(content) > 0 {
		var n uint64
		i := 0
		for {
			if i == len(content) || i == 5 || (i == 0 && content[0] == 0x80) {
				return dst[:start], errBER
			}
			c := content[i]
			n = n<<7 | uint64(c&0x7f)
			i++
			if c < 0x80 {
				break
			}
		}
		content = content[i:]
		if n > 0xffffffff || len(dst)-start >= maxOIDLength {
			return dst[:start], errBER
		}
		if len(dst) == start {
			arc := min(n/40, 2)
			dst = append(dst, uint32(arc))
			n -= arc * 40
		}
		dst = append(dst, uint32(n))
	}
	return dst, nil
}
