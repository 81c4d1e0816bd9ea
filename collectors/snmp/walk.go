package snmp

import (
	"context"
	"errors"
	"fmt"
)

var errTooManyRows = fmt.Errorf("more rows than %d, or more values than %d", maxRows, maxCells)

// walk reads columns of a mib to their ends, several in each request and all in step, and puts what
// it finds into the grid. What goes wrong is noted in the grid: a column that a device declines does
// not keep the others from being read.
func (p *poll) walk(ctx context.Context, g *grid, columns []int) {
	for i := range columns {
		g.column[columns[i]].asked = true
	}
	g.perCell = p.memory.mib(g.source.place).perCell
	for len(columns) > 0 {
		n := p.memory.pace.share(len(columns))
		if !p.walkTogether(ctx, g, columns[:n]) {
			continue // fewer columns in a request from now on
		}
		columns = columns[n:]
	}
}

// walkTogether reads columns in step. It returns false if the device cannot answer so many at once;
// what was read stays read.
func (p *poll) walkTogether(ctx context.Context, g *grid, columns []int) bool {
	limit := maxRepetitions
	for {
		active := p.active[:0]
		for _, c := range columns {
			if !g.column[c].done && !g.column[c].failed {
				active = append(active, c)
			}
		}
		p.active = active
		if len(active) == 0 {
			return true
		}
		repetitions := min(limit, p.repetitions(g, active))
		err := p.step(ctx, g, active, repetitions)
		switch {
		case err == nil:
		case isTooBig(err) && (repetitions > 1 || len(active) > 1):
			p.strained = true
			p.memory.pace.shrink(repetitions, len(active))
			if repetitions == 1 {
				return false
			}
		case errors.Is(err, errSilent) && repetitions > 1 && limit == maxRepetitions && p.dead == nil && ctx.Err() == nil:
			p.strained = true
			limit = repetitions / 2 // once: a second silence is the table's
			p.memory.pace.strike(repetitions)
		case !p.declined(g, active, err):
			return true
		}
	}
}

// repetitions is how many rows to ask for: as many as fit a datagram, and not much more than there
// can be.
func (p *poll) repetitions(g *grid, active []int) int {
	if p.version == v1 {
		return 1
	}
	m := p.memory.mib(g.source.place)
	if g.perCell == 0 {
		g.perCell = m.perCell // what the first reply told
	}
	n := rowsOfReply(g.perCell, len(active))
	switch read := g.column[active[0]].row + 1; {
	case g.endsWithin(m, active, n):
		n = m.rows.len() - read
	case m.rows.len() >= read && m.rows.len() > 0:
		n = min(n, m.rows.len()-read+1) // one more than is left shows the end
	case read == 0:
		n = min(n, firstGuess)
	}
	return p.memory.pace.limitRepetitions(min(n, g.source.most))
}

// rowsOfReply is how many rows of so many columns fit a reply.
func rowsOfReply(perCell float32, columns int) int {
	if perCell == 0 {
		perCell = cellGuess
	}
	return int((datagram - replyHead) / (perCell * float32(columns)))
}

// step asks for the next values of the columns, and takes them.
func (p *poll) step(ctx context.Context, g *grid, active []int, repetitions int) error {
	m := p.memory.mib(g.source.place)
	r := request{kind: getBulk, repetitions: repetitions}
	p.names, p.arena = p.names[:0], p.arena[:0]
	if p.version == v1 {
		r.kind, r.repetitions = getNext, 0
	} else if g.endsWithin(m, active, repetitions) {
		r.single = 1
		p.names = append(p.names, p.name(g.source.wire[active[0]], m.rows.index(m.rows.len()-1)))
	}
	for _, c := range active {
		after := g.source.wire[c]
		if row := g.column[c].row; row != none {
			after = p.name(after, g.index[row])
		}
		p.names = append(p.names, after)
	}
	r.names = p.names
	values, err := p.ask(ctx, r)
	if err != nil {
		return err
	}
	if g.readAt.IsZero() {
		g.readAt = p.repliedAt()
	}
	m.measured(p.session.answer.size, len(values))
	for i, at := r.single, 0; i < len(values); i++ {
		p.take(g, m, active[at], &values[i])
		if at++; at == len(active) {
			at = 0
		}
	}
	if r.single > 0 {
		p.takeEnd(g, m, active, &values[0])
		m.plain = m.plain || len(values) <= r.single // it answers nothing beside: ask in the other way
	}
	g.bound()
	return nil
}

// bound ends the reading of a table that is too large.
func (g *grid) bound() {
	if len(g.index) <= maxRows && len(g.cells) <= maxCells {
		return
	}
	for i := range g.column {
		g.fail(i, errTooManyRows)
	}
}

// measured refines the estimate of a value's size. It leans to the larger ones.
func (m *mibMemory) measured(bytes, values int) {
	if values < 8 {
		return
	}
	size := float32(bytes-replyHead) / float32(values)
	if size < m.perCell {
		size = (size + 3*m.perCell) / 4
	}
	m.perCell = size
}

// take puts one value of a reply into the grid, or notes that its column ends or goes wrong there.
func (p *poll) take(g *grid, m *mibMemory, column int, v *value) {
	state := &g.column[column]
	if state.done || state.failed {
		return // beyond the end
	}
	arcs, ok := v.name.below(g.source.wire[column])
	if !ok || v.isMissing() {
		state.done = true
		return
	}
	row := state.row + 1
	if !g.inStep(row, arcs) {
		if !isWellFormed(arcs) {
			g.fail(column, fmt.Errorf("%s: %w", g.source.columns[column].name, errGarbled))
			return
		}
		var increasing bool
		if row, increasing = g.place(column, arcs); !increasing {
			g.fail(column, fmt.Errorf("%s does not increase: .%s after .%s", g.source.columns[column].name, index(arcs), g.index[state.row]))
			return
		}
	}
	state.row = row
	was := m.known(g.source, g.index[row], row, column)
	*g.at(row, column) = newCell(v, g.source.columns[column].as, was)
	state.done = g.endsAt(row, &p.memory.device)
}

// declined notes an error in the columns that it is about. It returns false if none of them is left.
func (p *poll) declined(g *grid, active []int, err error) bool {
	var status *statusError
	if !errors.As(err, &status) || status.index < 1 || status.index > len(active) {
		for _, c := range active {
			g.fail(c, err)
		}
		return false
	}
	column := active[status.index-1]
	if status.status == noSuchName {
		g.column[column].done = true
		return true
	}
	g.fail(column, fmt.Errorf("%s: %w", g.source.columns[column].name, err))
	return true
}

func isTooBig(err error) bool {
	var status *statusError
	return errors.As(err, &status) && status.status == tooBig
}
