package snmp

import "encoding/binary"

// encoder writes requests, each over the one before. A message is nested and every length stands
// before what it measures, so the varbinds are written first and the heads around them from the inside
// to the outside, backwards into the room that was left for them.
type encoder struct {
	buf   []byte
	start int // of the message
	id    int // where its request id stands
}

// headRoom is more than the heads of a message can take: five tags with lengths, the version, the
// community, the id and two more numbers.
const headRoom = 5*4 + 3 + maxCommunity + 3*6

// encode writes a message whose id is still to come.
func (e *encoder) encode(v version, secret []byte, r *request) {
	if cap(e.buf) < headRoom {
		e.buf = make([]byte, headRoom, 2048)
	}
	e.buf = e.buf[:headRoom]
	for _, n := range r.names {
		// A sequence of the name and NULL, which stands for a value in a question.
		e.buf = append(e.buf, tagSequence)
		e.buf = appendLength(e.buf, 1+lengthOfLength(len(n))+len(n)+2)
		e.buf = append(e.buf, tagOID)
		e.buf = appendLength(e.buf, len(n))
		e.buf = append(append(e.buf, n...), tagNull, 0)
	}
	e.start = headRoom
	e.wrap(tagSequence)
	// Where a reply has error-status and error-index, GETBULK has these two, and others have 0.
	var single, repetitions int
	if r.kind == getBulk {
		single, repetitions = r.single, r.repetitions
	}
	e.number(repetitions)
	e.number(single)
	e.before(tagInteger, 4, 0, 0, 0, 0)
	e.id = e.start + 2
	e.wrap(byte(r.kind))
	e.start -= len(secret)
	copy(e.buf[e.start:], secret)
	e.before(tagOctets, byte(len(secret))) // at most maxCommunity, which one byte can say
	e.number(int(v))
	e.wrap(tagSequence)
}

// datagram is the message under an id, which has four bytes: firstID or more, and below 1<<31.
func (e *encoder) datagram(id uint32) []byte {
	binary.BigEndian.PutUint32(e.buf[e.id:], id)
	return e.buf[e.start:]
}

// forget wipes what was written: it has the community.
func (e *encoder) forget() { clear(e.buf[:cap(e.buf)]) }

// wrap puts a tag and the length before all that was written.
func (e *encoder) wrap(tag byte) {
	length := len(e.buf) - e.start
	size := 1 + lengthOfLength(length)
	e.start -= size
	appendLength(append(e.buf[e.start:e.start], tag), length)
}

// number puts a small number, not below 0, before all that was written.
func (e *encoder) number(n int) {
	if n < 0x80 {
		e.before(tagInteger, 1, byte(n))
		return
	}
	e.before(tagInteger, 2, byte(n>>8), byte(n))
}

func (e *encoder) before(b ...byte) {
	e.start -= len(b)
	copy(e.buf[e.start:], b)
}

func lengthOfLength(n int) int {
	switch {
	case n < 0x80:
		return 1
	case n < 0x100:
		return 2
	}
	return 3
}

func appendLength(b []byte, n int) []byte {
	switch lengthOfLength(n) {
	case 1:
		return append(b, byte(n))
	case 2:
		return append(b, 0x81, byte(n))
	}
	return append(b, 0x82, byte(n>>8), byte(n))
}
