package snmp

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// grid is what one poll read of one mib: rows by columns. Its memory is used again by the next poll.
type grid struct {
	source  *source
	index   []index // of each row
	cells   []cell  // row by row
	kept    []bool  // of each row: not skipped
	spans   []span  // of each row: where the parts of its index stand
	column  []columnState
	places  map[index]int // index to row, made when columns are not in step
	ordered bool          // indexes increase
	// complete counts the rows whose columns that nobody asks for are filled in.
	complete int
	// limit is the index of the last row that counts, as far as is known, "" if nothing is; beyond is
	// the first row after it. What is left out there is not read on to the end.
	limit  index
	beyond int
	// perCell is mibMemory's when the walk began: it holds for the whole of it, so that what is asked can be told
	// before.
	perCell float32
	known   keptRows // of the last poll, whose strings are used again
	hint    int      // the first of them that may come next

	rows   []int     // of inOrder
	readAt time.Time // when the first reply arrived; zero: none did
	err    error     // the first that kept a column from being read to its end
}

// columnState is how far a column was read.
type columnState struct {
	asked, failed bool
	done          bool // its end was seen
	row           int  // the last one read; none at first
}

// start empties the grid for a poll.
func (g *grid) start(s *source, known keptRows) {
	g.source, g.known, g.hint, g.perCell = s, known, 0, 0
	g.index, g.kept = g.index[:0], g.kept[:0]
	clear(g.cells)
	g.cells = g.cells[:0]
	g.column = slices.Grow(g.column[:0], len(s.columns))[:len(s.columns)]
	for i := range g.column {
		mine := i >= s.asked // nobody asks for it
		g.column[i] = columnState{row: none, asked: mine, done: mine}
	}
	clear(g.places)
	g.readAt, g.err, g.ordered = time.Time{}, nil, true
	g.limit, g.beyond, g.complete, g.spans = "", none, 0, g.spans[:0]
}

// release drops what the grid holds of a device, so that a session that is not in use keeps none of it.
func (g *grid) release() {
	if g.source == nil {
		return
	}
	clear(g.index[:cap(g.index)])
	clear(g.cells) // what is beyond their number is empty at all times
	g.cells = g.cells[:0]
	clear(g.places)
	g.source, g.known, g.err = nil, keptRows{}, nil
}

// empty tells which columns the device does not have, after a read of all.
func (g *grid) empty() columnSet {
	columns := make([]bool, g.source.asked)
	for column := range columns {
		columns[column] = true
		for row := 0; row < len(g.index) && columns[column]; row++ {
			columns[column] = g.at(row, column).kind == absent
		}
	}
	return newColumnSet(columns)
}

func (g *grid) len() int {
	if g == nil {
		return 0
	}
	return len(g.index)
}

func (g *grid) at(row, column int) *cell { return &g.cells[row*len(g.source.columns)+column] }

// get finds a cell by the column's name; the zero cell if there is none.
func (g *grid) get(row int, name string) cell {
	if g == nil || row < 0 || row >= len(g.index) {
		return cell{}
	}
	column, ok := g.source.names[name]
	if !ok {
		return cell{}
	}
	return *g.at(row, column)
}

// find returns the first row whose column has one of the texts, tried in their order; none if there
// is no such row.
func (g *grid) find(column string, texts ...string) int {
	for _, text := range texts {
		for row := range g.len() {
			if c := g.get(row, column); c.kind == textual && c.text == text {
				return row
			}
		}
	}
	return none
}

// place finds or makes the row of the next value of a column. It refuses an index that is not beyond
// the column's last one, as when a device goes round in circles.
func (g *grid) place(column int, arcs []byte) (row int, increasing bool) {
	last := g.column[column].row
	if g.inStep(last+1, arcs) {
		return last + 1, true
	}
	if last != none && compareArcs(arcs, g.index[last]) <= 0 {
		return none, false
	}
	if row := g.rowOf(arcs); row != none {
		return row, true
	}
	return g.addRow(g.remembered(arcs)), true
}

// inStep reports that arcs are the index of a row that another column has brought already, which is
// nearly always.
func (g *grid) inStep(row int, arcs []byte) bool {
	return g.ordered && row < len(g.index) && string(g.index[row]) == string(arcs)
}

// remembered makes an index of arcs. The memory of the last poll has it already, as a rule in the next place.
func (g *grid) remembered(arcs []byte) index {
	for ; g.hint < g.known.len(); g.hint++ {
		known := g.known.index(g.hint)
		switch c := compareArcs(arcs, known); {
		case c == 0:
			g.hint++
			return known
		case c < 0:
			return index(arcs)
		}
	}
	return index(arcs)
}

// rowOf returns the row of an index, none if there is no such row.
func (g *grid) rowOf(arcs []byte) int {
	n := len(g.index)
	if n == 0 || g.ordered && compareArcs(arcs, g.index[n-1]) > 0 {
		return none
	}
	if len(g.places) != n {
		if g.places == nil {
			g.places = make(map[index]int, n)
		}
		for row, known := range g.index {
			g.places[known] = row
		}
	}
	if row, ok := g.places[index(arcs)]; ok {
		return row
	}
	return none
}

// addRow appends an empty row.
func (g *grid) addRow(index index) int {
	row := len(g.index)
	if row > 0 && compareArcs(index, g.index[row-1]) <= 0 {
		g.ordered = false
	}
	if g.beyond == none && g.limit != "" && compareArcs(index, g.limit) > 0 {
		g.beyond = row
	}
	if len(g.places) > 0 {
		g.places[index] = row
	}
	g.index = append(g.index, index)
	g.kept = append(g.kept, true)
	width := len(g.source.columns)
	g.cells = slices.Grow(g.cells, width)[:len(g.cells)+width]
	return row
}

// fail marks a column as not read to its end.
func (g *grid) fail(column int, err error) {
	g.column[column].failed = true
	if g.err == nil {
		g.err = err
	}
}

// inOrder are the rows in the order of their indexes: columns with gaps bring rows late. It is good
// until the next call.
func (g *grid) inOrder() []int {
	rows := slices.Grow(g.rows[:0], len(g.index))[:len(g.index)]
	g.rows = rows
	for i := range rows {
		rows[i] = i
	}
	if !g.ordered {
		slices.SortFunc(rows, func(a, b int) int { return compareArcs(g.index[a], g.index[b]) })
	}
	return rows
}

// markSkipped leaves out the rows that the mib says are none.
func (g *grid) markSkipped(d *device) {
	if g.source.skip == nil {
		return
	}
	for row := range g.index {
		g.kept[row] = !g.source.skip(d, g, row)
	}
}

// endsAt reports that nothing counts from this row on: it is after the last one that does, and is
// left out itself. A router with a thousand sessions has a thousand such rows.
func (g *grid) endsAt(row int, d *device) bool {
	return g.beyond != none && row >= g.beyond && g.ordered && g.source.skip != nil && g.source.skip(d, g, row)
}

// closeAt makes the last row that counts the end of all columns that are read from now on.
func (g *grid) closeAt() {
	g.beyond = 0
	for row, kept := range g.kept {
		if kept {
			g.beyond = row + 1
		}
	}
}

// key is the name of a row under one of the table's keys. There is none if a join could not be made:
// another column would give the row another name.
func (g *grid) key(row, key int) string {
	for _, column := range g.source.key[key] {
		c := g.at(row, column)
		switch {
		case c.text != "":
			return c.text
		case c.isNumber() && c.kind != float:
			return strconv.FormatInt(c.integer(), 10)
		case column >= g.source.asked && g.column[column].failed:
			return ""
		}
	}
	return ""
}

// id is what a row's series is made of.
func (g *grid) id(row int) rowID {
	id := rowID{index: g.index[row], key: g.name(row)}
	for i := 1; i < len(g.source.key); i++ {
		name := g.key(row, i)
		if len(g.source.key) > 2 {
			name = strings.ReplaceAll(name, keySeparator, "")
		}
		if i > 1 {
			name = id.more + keySeparator + name
		}
		id.more = name
	}
	return id
}

// name is the first of a row's names.
func (g *grid) name(row int) string {
	if len(g.source.key) == 0 {
		return ""
	}
	return g.key(row, 0)
}
