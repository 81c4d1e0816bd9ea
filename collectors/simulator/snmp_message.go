package simulator

import "bytes"

// SNMP versions as messages carry them.
const (
	snmpV1  = 0
	snmpV2c = 1
)

// PDU types.
const (
	pduGet      = 0xa0
	pduGetNext  = 0xa1
	pduResponse = 0xa2
	pduSet      = 0xa3
	pduGetBulk  = 0xa5
)

// Error states of a response (RFC 3416).
const (
	errTooBig      = 1
	errNoSuchName  = 2
	errNotWritable = 17
)

// maxMessage is the longest message sent: what fits an Ethernet frame. A real agent shortens a
// GETBULK reply in the same way.
const maxMessage = 1472

// maxVarBinds bounds how many names one request may hold.
const maxVarBinds = 512

// request is a decoded message. It points into the datagram and is reused.
type request struct {
	version     int
	community   []byte
	pdu         byte
	id          int32
	nonRepeat   int // GETBULK only
	repetitions int // GETBULK only
	bindings    []byte
	arena       []uint32 // all names, one after the other
	ends        []int    // where each ends in arena
}

// name returns the i-th name asked for.
func (q *request) name(i int) []uint32 {
	start := 0
	if i > 0 {
		start = q.ends[i-1]
	}
	return q.arena[start:q.ends[i]]
}

// decode reads a v1 or v2c message. Whatever it does not understand is an error; a real agent stays
// silent then.
func (q *request) decode(b []byte) error {
	message, _, err := expect(b, tagSequence)
	if err != nil {
		return err
	}
	version, message, err := expectInt(message)
	if err != nil || (version != snmpV1 && version != snmpV2c) {
		return errBER
	}
	community, message, err := expect(message, tagOctetString)
	if err != nil {
		return err
	}
	pdu, content, _, err := element(message)
	if err != nil {
		return err
	}
	q.version, q.community, q.pdu = int(version), community, pdu
	return q.decodePDU(content)
}

func (q *request) decodePDU(content []byte) error {
	switch q.pdu {
	case pduGet, pduGetNext, pduSet:
	case pduGetBulk:
		if q.version == snmpV1 {
			return errBER
		}
	default:
		return errBER
	}
	id, content, err := expectInt(content)
	if err != nil {
		return err
	}
	first, content, err := expectInt(content)
	if err != nil {
		return err
	}
	second, content, err := expectInt(content)
	if err != nil {
		return err
	}
	q.id, q.nonRepeat, q.repetitions = id, max(0, int(first)), max(0, int(second))
	if q.bindings, _, err = expect(content, tagSequence); err != nil {
		return err
	}
	return q.decodeNames()
}

func (q *request) decodeNames() error {
	q.arena, q.ends = q.arena[:0], q.ends[:0]
	for rest := q.bindings; len(rest) > 0; {
		binding, after, err := expect(rest, tagSequence)
		if err != nil {
			return err
		}
		name, content, err := expect(binding, tagOID)
		if err != nil {
			return err
		}
		if _, _, _, err := element(content); err != nil {
			return err
		}
		if q.arena, err = decodeOID(name, q.arena); err != nil {
			return err
		}
		if q.ends = append(q.ends, len(q.arena)); len(q.ends) > maxVarBinds {
			return errBER
		}
		rest = after
	}
	return nil
}

// response builds one message from its end: the bindings are appended behind room for the header,
// which is written when its lengths are known.
type response struct {
	buf   []byte
	start int // where the bindings begin
	limit int // how long buf may become

	// whole is how long a message may become for the sake of what must not be cut: everything that a
	// GET asks for, the first binding of a GETBULK. 0 means maxMessage.
	whole int
}

// headerRoom is enough for everything before the bindings, less the community.
const headerRoom = 40

func (a *response) reset(q *request) {
	a.start = headerRoom + len(q.community)
	if cap(a.buf) < a.start+maxMessage {
		a.buf = make([]byte, 0, a.start+maxMessage)
	}
	a.buf = a.buf[:a.start]
	// Counting the longest header keeps every message below its limit, at worst a few bytes early.
	a.limit = max(maxMessage, a.whole)
}

// settle ends the indulgence for long messages: more bindings must fit into maxMessage.
func (a *response) settle() { a.limit = maxMessage }

// add appends a binding; false means that it does not fit.
func (a *response) add(name []uint32, v value) bool {
	nameSize, valueSize := oidSize(name), v.size()
	n := 1 + lengthSize(nameSize) + nameSize + 1 + lengthSize(valueSize) + valueSize
	if len(a.buf)+1+lengthSize(n)+n > a.limit {
		return false
	}
	a.buf = appendLength(append(a.buf, tagSequence), n)
	a.buf = appendLength(append(a.buf, tagOID), nameSize)
	a.buf = appendOID(a.buf, name)
	a.buf = appendValue(a.buf, v)
	return true
}

func (a *response) empty() bool { return len(a.buf) == a.start }

// fail replaces the bindings by the ones that were asked, which is how an error is reported.
func (a *response) fail(q *request, state, index int) []byte {
	a.buf = a.buf[:a.start]
	if state != errTooBig || q.version == snmpV1 {
		a.buf = append(a.buf, q.bindings...)
	}
	return a.finish(q, state, index)
}

// finish writes the header before the bindings and returns the whole message.
func (a *response) finish(q *request, state, index int) []byte {
	b := &prepender{buf: a.buf, at: a.start}
	b.length(tagSequence)
	b.integer(int64(index))
	b.integer(int64(state))
	b.integer(int64(q.id))
	b.length(pduResponse)
	b.bytes(q.community)
	b.integer(int64(q.version))
	b.length(tagSequence)
	return b.buf[b.at:]
}

// prepender writes towards the front of a buffer.
type prepender struct {
	buf []byte
	at  int
}

func (p *prepender) put(b []byte) { p.at -= len(b); copy(p.buf[p.at:], b) }

// length puts tag and length before everything from here to the end.
func (p *prepender) length(tag byte) {
	var scratch [4]byte
	p.put(appendLength(append(scratch[:0], tag), len(p.buf)-p.at))
}

func (p *prepender) integer(n int64) {
	var scratch [12]byte
	p.put(appendValue(scratch[:0], integer(n)))
}

func (p *prepender) bytes(b []byte) {
	var scratch [4]byte
	p.put(b)
	p.put(appendLength(append(scratch[:0], tagOctetString), len(b)))
}

// knows tells whether the request may be answered at all.
func (q *request) knows(community string) bool {
	return bytes.Equal(q.community, []byte(community))
}
