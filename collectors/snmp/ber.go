package snmp

import (
	"encoding/binary"
	"errors"
	"math"
)

// Tags of BER and SNMP.
const (
	tagInteger    = 0x02
	tagOctets     = 0x04
	tagNull       = 0x05
	tagOID        = 0x06
	tagSequence   = 0x30
	tagIPAddress  = 0x40
	tagCounter32  = 0x41
	tagGauge32    = 0x42
	tagTimeTicks  = 0x43
	tagOpaque     = 0x44
	tagCounter64  = 0x46
	tagUnsigned32 = 0x47
	tagFloat      = 0x78 // the second byte of the tag inside an Opaque, after opaqueTag
	tagDouble     = 0x79
	opaqueTag     = 0x9f

	tagNoSuchObject   = 0x80
	tagNoSuchInstance = 0x81
	tagEndOfMibView   = 0x82

	tagGet      = 0xa0
	tagGetNext  = 0xa1
	tagResponse = 0xa2
	tagGetBulk  = 0xa5
)

// message is an SNMP message, v1 or v2c, and its varbinds still encoded.
type message struct {
	version   int64
	community []byte
	pdu       byte
	id        int64
	status    int64 // error-status; non-repeaters in a GETBULK
	index     int64 // error-index; repetitions in a GETBULK
	varbinds  []byte
}

var errMalformed = errors.New("not an SNMP message")

// parseMessage reads the head strictly and without copying, of every datagram that arrives, whoever
// sent it.
func parseMessage(b []byte) (m message, err error) {
	body, rest, ok := element(b, tagSequence)
	if !ok || len(rest) != 0 {
		return m, errMalformed
	}
	if m.version, body, ok = integer(body); !ok {
		return m, errMalformed
	}
	if m.community, body, ok = element(body, tagOctets); !ok {
		return m, errMalformed
	}
	if len(body) == 0 {
		return m, errMalformed
	}
	return m, m.parsePDU(body)
}

// parsePDU reads the head of a PDU that is all of b, which is not empty.
func (m *message) parsePDU(b []byte) error {
	m.pdu = b[0]
	pdu, rest, ok := element(b, m.pdu)
	if !ok || len(rest) != 0 {
		return errMalformed
	}
	if m.id, pdu, ok = integer(pdu); !ok {
		return errMalformed
	}
	if m.status, pdu, ok = integer(pdu); !ok {
		return errMalformed
	}
	if m.index, pdu, ok = integer(pdu); !ok {
		return errMalformed
	}
	if m.varbinds, rest, ok = element(pdu, tagSequence); !ok || len(rest) != 0 {
		return errMalformed
	}
	return nil
}

// nextVarbind splits off the first varbind: its name, and its value still encoded.
func nextVarbind(varbinds []byte) (n name, encoded, rest []byte, ok bool) {
	pair, rest, ok := element(varbinds, tagSequence)
	if !ok {
		return nil, nil, nil, false
	}
	n, encoded, ok = element(pair, tagOID)
	return n, encoded, rest, ok
}

// decodeValue reads what a varbind says. It is false if that is no BER at all; a value that makes no
// sense is none, and the others of the reply are still good.
func (v *value) decodeValue(encoded []byte) bool {
	if len(encoded) < 2 {
		return false
	}
	v.tag = encoded[0]
	content, rest, ok := element(encoded, v.tag)
	if !ok || len(rest) != 0 {
		return false
	}
	v.num, v.bytes = 0, content
	switch v.tag {
	case tagInteger:
		v.num, ok = signedNumber(content)
	case tagCounter32, tagGauge32, tagTimeTicks, tagUnsigned32, tagCounter64:
		v.num, ok = unsignedNumber(content)
		ok = ok && (v.tag == tagCounter64 || v.num <= math.MaxUint32)
	case tagOpaque:
		ok = v.decodeOpaque(content)
	}
	if !ok {
		v.tag = tagNull
	}
	return true
}

// decodeOpaque reads the only two things that are found in an Opaque: net-snmp's floating points.
func (v *value) decodeOpaque(b []byte) bool {
	switch {
	case len(b) == 7 && b[0] == opaqueTag && b[1] == tagFloat && b[2] == 4:
		v.tag, v.num = tagFloat, math.Float64bits(float64(math.Float32frombits(binary.BigEndian.Uint32(b[3:]))))
	case len(b) == 11 && b[0] == opaqueTag && b[1] == tagDouble && b[2] == 8:
		v.tag, v.num = tagDouble, binary.BigEndian.Uint64(b[3:])
	default:
		return false
	}
	return true
}

// element splits b after its first element, which must have the tag.
func element(b []byte, tag byte) (content, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != tag {
		return nil, nil, false
	}
	length, head := int(b[1]), 2
	if length >= 0x80 {
		// Indefinite lengths are forbidden, and no datagram needs more than two bytes of length; some
		// agents always write four.
		n := length & 0x7f
		if n == 0 || n > 4 || len(b) < 2+n {
			return nil, nil, false
		}
		length = 0
		for _, c := range b[2 : 2+n] {
			length = length<<8 | int(c)
		}
		head += n
	}
	if length < 0 || length > len(b)-head { // below 0 where an int has 32 bits
		return nil, nil, false
	}
	return b[head : head+length], b[head+length:], true
}

func integer(b []byte) (n int64, rest []byte, ok bool) {
	c, rest, ok := element(b, tagInteger)
	if !ok {
		return 0, nil, false
	}
	bits, ok := signedNumber(c)
	return int64(bits), rest, ok
}

// signedNumber returns the bits of an integer in two's complement.
func signedNumber(c []byte) (bits uint64, ok bool) {
	if len(c) == 0 || len(c) > 8 {
		return 0, false
	}
	n := int64(int8(c[0]))
	for _, x := range c[1:] {
		n = n<<8 | int64(x)
	}
	return uint64(n), true
}

// unsignedNumber reads counters and the like. Some agents leave out the zero byte that keeps a large
// one from being negative; there are no negative ones, so both ways are clear.
func unsignedNumber(c []byte) (n uint64, ok bool) {
	if len(c) == 9 && c[0] == 0 {
		c = c[1:]
	}
	if len(c) == 0 || len(c) > 8 {
		return 0, false
	}
	for _, x := range c {
		n = n<<8 | uint64(x)
	}
	return n, true
}
