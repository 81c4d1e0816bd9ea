package snmp

import (
	"context"
	"errors"
	"slices"
	"time"
)

// smallTable is the most values for which a mib's rows are read with GET, by the indexes that the last
// walk found, in the same request as the scalars.
const smallTable = 24

// demand is what the tables of a poll need of a mib.
type demand uint8

const (
	nothingOf demand = iota
	namesOf          // what another mib joins, or which rows that one may have
	rowsOf
)

// noteWants finds what the tables of this poll need of each mib. Of one that the device does not have
// nothing is needed, nor of what it would join.
func (p *poll) noteWants() {
	p.wants = slices.Grow(p.wants[:0], len(p.library.mibs))[:len(p.library.mibs)]
	clear(p.wants)
	for _, t := range p.tables {
		for _, part := range t.parts {
			p.noteWant(part.source, rowsOf)
			for _, s := range part.also {
				p.noteWant(s, rowsOf)
			}
		}
	}
}

func (p *poll) noteWant(s *source, w demand) {
	if s == nil || p.wants[s.place] >= w || !p.hasVendor(s.vendor) || !p.memory.dueMib(s.place, p.startedAt) {
		return
	}
	p.wants[s.place] = w
	for i := range s.joins {
		p.noteWant(s.joins[i].source, namesOf)
	}
	p.noteWant(s.among, namesOf)
}

// sources are the mibs to be read. The list is good until the next call.
func (p *poll) sources() []*source {
	out := p.todo[:0]
	for _, s := range p.library.mibs {
		switch w := p.wants[s.place]; {
		case w == nothingOf:
		case w == rowsOf, !p.isFresh(p.memory.mib(s.place)):
			out = append(out, s)
		}
	}
	p.todo = out
	return out
}

// isFresh reports that the slow columns of a mib need not be read again yet.
func (p *poll) isFresh(m *mibMemory) bool {
	return !p.restarted && !m.readAt.IsZero() && p.startedAt.Sub(m.readAt) < refreshEvery
}

// columns lists those that a read asks for. all: each that the device can have; else the ones that
// change often, and the spare ones that are known to be needed. The list is good until the next call.
func (p *poll) columns(s *source, all bool) []int {
	out := p.picked[:0]
	m := p.memory.mib(s.place)
	for i := range s.asked {
		c := &s.columns[i]
		switch {
		case c.wide && p.version == v1:
		case !all && m.empty.has(i):
		case all, !c.slow && !c.spare, c.spare && m.rare != nil && m.rare.need.has(i):
			out = append(out, i)
		}
	}
	p.picked = out
	return out
}

// addRows puts the rows of a small mib on the list for GET.
func (p *poll) addRows(s *source, group int) {
	m := p.memory.mib(s.place)
	if s.fickle || !p.isFresh(m) {
		return
	}
	columns := p.columns(s, false)
	if n := m.rows.len() * len(columns); n == 0 || n > smallTable {
		return
	}
	g := &p.grids[s.place]
	g.start(s, m.rows)
	for row := range m.rows.len() {
		g.addRow(m.rows.index(row))
	}
	for _, column := range columns {
		g.column[column].asked = true
	}
	g.fill(m)
	for row, index := range g.index {
		for _, column := range columns {
			p.items = append(p.items, item{name: p.name(s.wire[column], index), group: group, scalar: none,
				grid: g, row: row, column: column, expects: numberBytes})
		}
	}
}

// readSources walks the mibs that GET did not read.
func (p *poll) readSources() {
	todo := p.sources()
	for i, s := range todo {
		g := &p.grids[s.place]
		if g.source == s && !p.restarted {
			if p.sameRows(g) {
				p.complete(p.ctx, g)
				continue
			}
			p.memory.mib(s.place).readAt = time.Time{}
		}
		g.start(s, p.memory.mib(s.place).rows)
		if p.dead != nil {
			g.err = p.dead
			continue
		}
		ctx, cancel := p.share(len(todo) - i)
		p.readSource(ctx, g)
		cancel()
		if errors.Is(g.err, errSilent) {
			p.probe()
		}
	}
}

// sameRows reports that each row that was read with GET is still there.
func (p *poll) sameRows(g *grid) bool {
	if g.err != nil {
		return true // what is there is not known
	}
	for row := range g.index {
		has := false
		for column := range g.source.asked {
			has = has || g.column[column].asked && g.at(row, column).kind != absent
		}
		if !has {
			return false
		}
	}
	return true
}

// share gives a mib half of the time that is left, so that a slow one leaves some to the others; the
// last one gets all.
func (p *poll) share(left int) (context.Context, context.CancelFunc) {
	deadline, ok := p.ctx.Deadline()
	if !ok || left <= 1 {
		return p.ctx, func() {}
	}
	return context.WithTimeout(p.ctx, time.Until(deadline)/2)
}

// readSource walks one mib: all columns now and then, else the ones that change often.
func (p *poll) readSource(ctx context.Context, g *grid) {
	m := p.memory.mib(g.source.place)
	if g.source.rows != nil {
		p.getSource(ctx, g)
		return
	}
	often := p.columns(g.source, false)
	all := !p.isFresh(m) || len(often) == 0
	if all {
		p.readAll(ctx, g)
	} else {
		if n := m.rows.len(); n > 0 {
			g.limit = m.rows.index(n - 1)
		}
		p.walk(ctx, g, often)
		g.fill(m)
		p.complete(ctx, g)
		if all = g.err == nil && p.hasNewRows(g, m); all {
			p.walk(ctx, g, p.unread(g))
			p.complete(ctx, g)
		}
	}
	p.remember(g, all)
}

// remember notes what a read found. all: it asked for all columns.
func (p *poll) remember(g *grid, all bool) {
	m := p.memory.mib(g.source.place)
	if g.err != nil {
		m.readAt = time.Time{}
		return
	}
	switch {
	case len(g.index) == 0 && !m.seen:
		m.missed(p.now())
	case all && len(g.index) > 0:
		m.keep(g, p.now(), &p.packer)
	}
}

// readAll walks all columns. Where rows may be left out it reads the names first, and then the other
// columns only as far as there are rows that count.
func (p *poll) readAll(ctx context.Context, g *grid) {
	if names := g.source.naming(); g.source.skip != nil && len(names) > 0 {
		p.walk(ctx, g, names)
		p.complete(ctx, g)
		if errors.Is(g.err, errSilent) || len(g.index) == 0 {
			return
		}
		g.closeAt()
	}
	p.walk(ctx, g, p.unread(g))
	p.complete(ctx, g)
}

// unread lists the columns that were not asked for yet.
func (p *poll) unread(g *grid) []int {
	all := p.columns(g.source, true)
	out := all[:0]
	for _, column := range all {
		if !g.column[column].asked {
			out = append(out, column)
		}
	}
	return out
}

// hasNewRows reports that a row is not in memory, or bears another name there.
func (p *poll) hasNewRows(g *grid, m *mibMemory) bool {
	next := 0
	for row, index := range g.index {
		if !g.kept[row] {
			continue
		}
		known := m.find(index, &next)
		if known == none {
			return true
		}
		for _, columns := range g.source.key {
			for _, column := range columns {
				if *g.at(row, column) != m.rows.cell(known, g.source.kept[column]) {
					return true
				}
			}
		}
	}
	return false
}

// fill puts what memory keeps into the cells that were not asked for.
func (g *grid) fill(m *mibMemory) {
	next := 0
	for row, index := range g.index {
		known := m.find(index, &next)
		if known == none {
			continue
		}
		for column, k := range g.source.kept {
			if k != none && !g.column[column].asked {
				*g.at(row, column) = m.rows.cell(known, k)
			}
		}
	}
}

// find returns the row of an index in memory. next is where to go on looking: indexes come in order,
// nearly always.
func (m *mibMemory) find(index index, next *int) int {
	for i := *next; i < m.rows.len(); i++ {
		switch known := m.rows.index(i); {
		case known == index:
			*next = i + 1
			return i
		case compareArcs(known, index) > 0:
			return search(m.rows, index)
		}
	}
	return search(m.rows, index)
}
