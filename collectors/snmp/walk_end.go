package snmp

// To see that a column has ended, a walk has to ask for one row more than there is, of every column. A
// device that was read before is asked in another way: together with the rows that are left of those
// that are known, for what comes after the last of them in one column.

// endsWithin reports that the rows which memory knows and which are not read yet are n at most, and that
// all columns have come equally far.
func (g *grid) endsWithin(m *mibMemory, active []int, n int) bool {
	row := g.column[active[0]].row
	left := m.rows.len() - (row + 1)
	if m.plain || left <= 0 || left > n || row != none && g.index[row] != m.rows.index(row) {
		return false
	}
	for _, c := range active {
		if g.column[c].row != row {
			return false
		}
	}
	return true
}

// takeEnd looks at what comes after the last row that memory knows. Nothing of the first column: all
// columns that have come to that row have ended.
func (p *poll) takeEnd(g *grid, m *mibMemory, active []int, v *value) {
	last := m.rows.index(m.rows.len() - 1)
	isLast := func(column int) bool {
		row := g.column[column].row
		return row != none && g.index[row] == last
	}
	first, ended := active[0], true
	if _, more := v.name.below(g.source.wire[first]); more && !v.isMissing() {
		ended = false
		if isLast(first) {
			p.take(g, m, first, v)
			ended = g.column[first].done // a row that does not count, and so none after it
		}
	}
	for _, c := range active {
		switch {
		case isLast(c):
			g.column[c].done = g.column[c].done || ended
		case g.column[c].done:
			// Before the last row. It may be gone; or the device does not know of names that are asked
			// for once, and its values are not where they belong. So it is asked again in the other way.
			g.column[c].done, m.plain = false, true
		}
	}
}
