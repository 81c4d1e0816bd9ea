package snmp

import "errors"

// Tags of BER and SNMP that the guard looks at.
const (
	tagInteger  = 0x02
	tagOctets   = 0x04
	tagOID      = 0x06
	tagSequence = 0x30
	tagGet      = 0xa0
	tagResponse = 0xa2
)

// message is the head of an SNMP message, v1 or v2c, and its varbinds still encoded.
type message struct {
	version   int64
	community []byte
	pdu       byte
	id        int64
	status    int64 // error-status; non-repeaters in a GETBULK
	varbinds  []byte
}

var errMalformed = errors.New("not an SNMP message")

// parseMessage reads the head strictly and without copying: the guard does it with every datagram
// that arrives, whoever sent it.
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
	m.pdu = body[0]
	pdu, rest, ok := element(body, m.pdu)
	if !ok || len(rest) != 0 {
		return m, errMalformed
	}
	if m.id, pdu, ok = integer(pdu); !ok {
		return m, errMalformed
	}
	if m.status, pdu, ok = integer(pdu); !ok {
		return m, errMalformed
	}
	if _, pdu, ok = integer(pdu); !ok {
		return m, errMalformed
	}
	if m.varbinds, rest, ok = element(pdu, tagSequence); !ok || len(rest) != 0 {
		return m, errMalformed
	}
	return m, nil
}

// nextName returns the encoded OID of the first varbind and what follows that varbind.
func nextName(varbinds []byte) (oid, rest []byte, ok bool) {
	pair, rest, ok := element(varbinds, tagSequence)
	if !ok {
		return nil, nil, false
	}
	oid, _, ok = element(pair, tagOID)
	return oid, rest, ok
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
	if length > len(b)-head {
		return nil, nil, false
	}
	return b[head : head+length], b[head+length:], true
}

func integer(b []byte) (n int64, rest []byte, ok bool) {
	c, rest, ok := element(b, tagInteger)
	if !ok || len(c) == 0 || len(c) > 8 {
		return 0, nil, false
	}
	n = int64(int8(c[0]))
	for _, x := range c[1:] {
		n = n<<8 | int64(x)
	}
	return n, rest, true
}
