package snmp

// outlook is what a poll will ask, as far as memory tells before anything is asked: of a device that is as it
// was, all of it. Those requests are sent together (flights). It only spares time to foresee them: each is asked
// as if it had not been, and where it comes otherwise, another one is sent.
type outlook struct {
	requests []request
	names    []name
	arena    []byte
}

// maxOutlook bounds the requests that are foreseen. A table with more is read on one by one.
const maxOutlook = 64

// start forgets what was foreseen, but not the memory.
func (o *outlook) start() {
	clear(o.requests)
	clear(o.names)
	o.requests, o.names, o.arena = o.requests[:0], o.names[:0], o.arena[:0]
}

// name adds a name to the request that comes next: a column's, and an index after it.
func (o *outlook) name(column name, row index) {
	start := len(o.arena)
	o.arena = append(append(o.arena, column...), row...)
	o.names = append(o.names, o.arena[start:len(o.arena):len(o.arena)])
}

// add ends a request, whose names are those from first on.
func (o *outlook) add(r request, first int) {
	r.names = o.names[first:len(o.names):len(o.names)]
	o.requests = append(o.requests, r)
}

// isFull reports that no more is foreseen.
func (o *outlook) isFull() bool { return len(o.requests) >= maxOutlook }

// lookAhead sends what the poll is going to ask, beginning with the items on its list. SNMPv1 ends a table
// with an error, so it is asked one by one.
func (p *poll) lookAhead() {
	most := p.inFlight()
	if most < 2 || !p.isKnown() || p.memory.apart || p.version != v2c {
		return
	}
	p.outlook.start()
	p.foreseeItems()
	for _, s := range p.sources() {
		if m := p.memory.mibs.at(s.place); m != nil && p.grids[s.place].source != s && p.isForeseeable(s, m) {
			p.foreseeWalk(s, m)
		}
	}
	if o := &p.outlook; len(o.requests) > 1 && p.allowsAll(o.requests) {
		p.session.ahead(o.requests, most)
	}
}

// inFlight is how many requests may wait for replies at a time.
func (p *poll) inFlight() int { return p.memory.pace.limitInFlight(p.target.inFlight()) }

// isForeseeable reports that the rows of a mib are walked, and known from before.
func (p *poll) isForeseeable(s *source, m *mibMemory) bool {
	return s.rows == nil && m.rows.len() > 0 && p.isFresh(m)
}

// allowsAll reports that each name may be asked for. Whoever asks for one that may not gets the error.
func (p *poll) allowsAll(requests []request) bool {
	for i := range requests {
		for _, n := range requests[i].names {
			if p.library.deny.allow(requests[i].kind, n) != nil {
				return false
			}
		}
	}
	return true
}

// foreseeItems is what get will ask. Frail items, which come last, may be met with silence.
func (p *poll) foreseeItems() {
	o := &p.outlook
	for items := p.items; len(items) > 0 && !items[0].isFrail() && !o.isFull(); {
		n, first := p.fit(items), len(o.names)
		for i := range items[:n] {
			o.name(items[i].name, "")
		}
		o.add(request{kind: get}, first)
		items = items[n:]
	}
}

// foreseeWalk is what walk will ask for the columns that change often.
func (p *poll) foreseeWalk(s *source, m *mibMemory) {
	for columns := p.columns(s, false); len(columns) > 0; {
		n := p.memory.pace.share(len(columns))
		p.foreseeTogether(s, m, columns[:n])
		columns = columns[n:]
	}
}

// foreseeTogether is what walkTogether will ask if each row is where it was.
func (p *poll) foreseeTogether(s *source, m *mibMemory, columns []int) {
	o, all := &p.outlook, m.rows.len()
	if m.plain {
		all++ // which shows the end
	}
	for read := 0; read < all && !o.isFull(); {
		first, left, after := len(o.names), all-read, index("")
		if read > 0 {
			after = m.rows.index(read - 1)
		}
		rows := p.memory.pace.limitRepetitions(min(rowsOfReply(m.perCell, len(columns)), left, s.most))
		r := request{kind: getBulk, repetitions: rows}
		if rows == left && !m.plain {
			r.single = 1
			o.name(s.wire[columns[0]], m.rows.index(m.rows.len()-1))
		}
		for _, c := range columns {
			o.name(s.wire[c], after)
		}
		o.add(r, first)
		read += rows
	}
}
