package simulator

// mib is what an agent answers from.
type mib interface {
	// get returns the object of exactly that name, or a value tagged noSuchObject or noSuchInstance.
	get(name []uint32) value
	// next returns the first object after name, its name appended to dst; a value tagged
	// endOfMibView when there is none.
	next(name, dst []uint32) ([]uint32, value)
}

// answerer answers requests. It is reused, and belongs to one goroutine.
type answerer struct {
	out     response
	scratch [][]uint32 // GETBULK: where each repeater stands
	name    []uint32
}

// answer returns the message that answers the request; it is valid until the next call.
func (a *answerer) answer(q *request, m mib) []byte {
	a.out.reset(q)
	switch q.pdu {
	case pduGet:
		return a.get(q, m)
	case pduGetNext:
		return a.getNext(q, m)
	case pduGetBulk:
		return a.getBulk(q, m)
	default:
		return a.set(q)
	}
}

func (a *answerer) get(q *request, m mib) []byte {
	for i := range q.ends {
		name := q.name(i)
		v := m.get(name)
		if q.version == snmpV1 && (v.tag >= tagNoSuchObject || v.tag == tagCounter64) {
			return a.out.fail(q, errNoSuchName, i+1)
		}
		if !a.out.add(name, v) {
			return a.out.fail(q, errTooBig, 0)
		}
	}
	return a.out.finish(q, 0, 0)
}

func (a *answerer) getNext(q *request, m mib) []byte {
	for i := range q.ends {
		var v value
		a.name, v = a.successor(q, m, q.name(i), a.name[:0])
		if q.version == snmpV1 && v.tag == tagEndOfMIBView {
			return a.out.fail(q, errNoSuchName, i+1)
		}
		if !a.out.add(a.name, v) {
			return a.out.fail(q, errTooBig, 0)
		}
	}
	return a.out.finish(q, 0, 0)
}

// successor is mib.next as the version sees it: v1 has no Counter64 and walks past it (RFC 3584).
// At the end the name is the one that was asked.
func (a *answerer) successor(q *request, m mib, name, dst []uint32) ([]uint32, value) {
	from := name
	for {
		start := len(dst)
		found, v := m.next(from, dst)
		if v.tag == tagEndOfMIBView {
			return append(dst[:start], name...), v
		}
		if q.version != snmpV1 || v.tag != tagCounter64 {
			return found, v
		}
		// next compares before it writes, so it may read from where it will write.
		from = append([]uint32(nil), found[start:]...)
		dst = found[:start]
	}
}

func (a *answerer) getBulk(q *request, m mib) []byte {
	plain := min(q.nonRepeat, len(q.ends))
	for i := range plain {
		var v value
		a.name, v = m.next(q.name(i), a.name[:0])
		if v.tag == tagEndOfMIBView {
			a.name = append(a.name[:0], q.name(i)...)
		}
		if !a.out.add(a.name, v) {
			return a.shortened(q)
		}
		a.out.settle()
	}
	a.startRepeaters(q, plain)
	for range q.repetitions {
		more, ok := a.repeat(m, len(q.ends)-plain)
		if !ok {
			return a.shortened(q)
		}
		if !more {
			break
		}
	}
	return a.out.finish(q, 0, 0)
}

func (a *answerer) startRepeaters(q *request, plain int) {
	for i := plain; i < len(q.ends); i++ {
		at := i - plain
		if at == len(a.scratch) {
			a.scratch = append(a.scratch, make([]uint32, 0, maxOIDLength))
		}
		a.scratch[at] = append(a.scratch[at][:0], q.name(i)...)
	}
}

// repeat adds one row. more is false when every repeater has come to the end, ok when the message
// has room.
func (a *answerer) repeat(m mib, repeaters int) (more, ok bool) {
	for i := range repeaters {
		var v value
		a.name, v = m.next(a.scratch[i], a.name[:0])
		if v.tag == tagEndOfMIBView {
			a.name = append(a.name[:0], a.scratch[i]...)
		} else {
			more = true
		}
		if !a.out.add(a.name, v) {
			return more, false
		}
		a.out.settle()
		a.scratch[i] = append(a.scratch[i][:0], a.name...)
	}
	return more, true
}

// shortened sends what fitted; nothing at all is tooBig.
func (a *answerer) shortened(q *request) []byte {
	if a.out.empty() {
		return a.out.fail(q, errTooBig, 0)
	}
	return a.out.finish(q, 0, 0)
}

// set refuses: these agents are read-only. v1 has no better word than noSuchName (RFC 3584).
func (a *answerer) set(q *request) []byte {
	if len(q.ends) == 0 {
		return a.out.finish(q, 0, 0)
	}
	if q.version == snmpV1 {
		return a.out.fail(q, errNoSuchName, 1)
	}
	return a.out.fail(q, errNotWritable, 1)
}
