package snmp

import (
	"context"
	"math"
	"slices"
	"sort"
)

// complete fills in the columns that nobody asks for, in the rows that are new since the last call: the
// parts of the index, and what joins find in other mibs. Then it marks the rows that are left out.
func (p *poll) complete(ctx context.Context, g *grid) {
	m := p.memory.mib(g.source.place)
	for row := g.complete; row < len(g.index); row++ {
		g.splitIndex(row, m)
	}
	for i := range g.source.joins {
		p.join(ctx, g, &g.source.joins[i], g.complete)
	}
	g.complete = len(g.index)
	g.markSkipped(&p.memory.device)
}

// splitIndex takes the index of a row apart. One that is not made as its MIB says gives no values.
func (g *grid) splitIndex(row int, m *mibMemory) {
	parts := g.source.index
	if len(parts) == 0 {
		return
	}
	var was []cell
	if row < m.rows.len() && m.rows.index(row) == g.index[row] {
		var room [4]cell
		was = room[:0]
		for part := range parts {
			was = append(was, m.rows.cell(row, g.source.kept[g.source.asked+part]))
		}
	}
	cells := g.cells[row*len(g.source.columns)+g.source.asked:][:len(parts)]
	g.spans = slices.Grow(g.spans, len(parts))[:(row+1)*len(parts)]
	splitIndex(g.index[row], parts, was, cells, g.spans[row*len(parts):])
}

// join fills one column of the rows from row first on. The other mib's columns are in memory. Where it
// lacks a row, it is read again at once, but not at every poll for a row that it never has.
func (p *poll) join(ctx context.Context, g *grid, j *joined, first int) {
	m := p.memory.mib(j.source.place)
	if missing := p.joinRows(g, j, first); missing && !m.readAt.IsZero() && m.readAt.Before(p.startedAt) && m.misses.due(p.now()) {
		other := &p.grids[j.source.place]
		other.start(j.source, m.rows)
		p.readAll(ctx, other)
		p.remember(other, true)
		if other.err == nil {
			m.misses.missed(p.now())
			if !p.joinRows(g, j, first) {
				m.misses = absence{}
			}
		}
	}
	if m.readAt.IsZero() && m.rows.len() == 0 && p.grids[j.source.place].err != nil {
		g.fail(j.column, p.grids[j.source.place].err)
	}
}

// joinRows reports whether the other mib lacks a row that was looked for.
func (p *poll) joinRows(g *grid, j *joined, first int) (missing bool) {
	m := p.memory.mib(j.source.place)
	last := none
	for row := first; row < len(g.index); row++ {
		index, ok := p.joinIndex(g, j, row)
		if !ok {
			continue
		}
		if last == none || string(m.rows.index(last)) != string(index) {
			last = search(m.rows, index)
		}
		if last == none {
			missing = true
			continue
		}
		for _, k := range j.take {
			if c := m.rows.cell(last, k); c.kind != absent && (c.kind != textual || c.text != "") {
				*g.at(row, j.column) = c
				break
			}
		}
	}
	return missing
}

// joinIndex is the other mib's index for a row: parts of this one's, or numbers out of columns. Not ok if
// one of them is missing.
func (p *poll) joinIndex(g *grid, j *joined, row int) ([]byte, bool) {
	p.index = p.index[:0]
	if len(j.by) == 0 {
		p.index = append(p.index, g.index[row]...)
		return p.index, true
	}
	for _, column := range j.by {
		c := g.at(row, column)
		if c.kind == absent {
			return nil, false
		}
		switch part := column - g.source.asked; {
		case part >= 0 && part < len(g.source.index):
			p.index = append(p.index, g.spans[row*len(g.source.index)+part].of(g.index[row])...)
		case c.isNumber() && c.kind != float && c.integer() >= 0 && c.integer() <= math.MaxUint32:
			p.index = appendArc(p.index, uint32(c.integer()))
		default:
			return nil, false
		}
	}
	return p.index, true
}

// search returns the row of an index; none if there is no such row.
func search[A ~string | ~[]byte](rows keptRows, arcs A) int {
	row, ok := sort.Find(rows.len(), func(row int) int { return compareArcs(arcs, rows.index(row)) })
	if !ok {
		return none
	}
	return row
}
