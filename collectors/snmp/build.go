package snmp

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// sourceName is what every TableRead of this package names as its source.
const sourceName = "snmp"

const notOnDevice = "not on this device"

// row is one row of a table on its way to a sample.
type row struct {
	rowID
	first, last int // its fields in builder.fields
	room        int // for its rates, behind them
}

// builder turns what a poll read into the samples of one table.
type builder struct {
	view
	whole  *table // of which view.table is a part
	part   uint8
	rows   []row
	fields []pipeline.Field // of all rows; after each row's there is room for its rates
	// earlier is how many rows come from earlier parts, taken their names, once somebody asked.
	earlier int
	taken   map[rowID]bool
	readAt  *grid // of the first part that has rows of a mib
	err     error
}

// read makes the result of one table.
func (p *poll) read(t *table, rows *pipeline.Rows) pipeline.TableRead {
	out := pipeline.TableRead{Table: t.schema, Source: sourceName, Status: pipeline.Skipped, Reason: notOnDevice}
	if !p.mayHave(t) {
		if p.dead != nil && !p.answered {
			out.Status, out.Reason = pipeline.Failed, p.reason(p.dead)
		}
		return out
	}
	b := builder{view: view{poll: p}, whole: t, rows: p.rows[:0]}
	defer func() { p.rows = b.rows[:0] }()
	for i, part := range t.parts {
		b.addPart(uint8(i), part)
	}
	switch {
	case b.err != nil:
		out.Status, out.Reason = pipeline.Failed, p.reason(b.err)
		b.dropDoubtful()
	case len(b.rows) > 0:
		out.Status, out.Reason = pipeline.Whole, ""
	}
	if len(b.rows) > 0 {
		out.ReadAt, out.Uptime = p.times(b.readAt)
		out.Samples = b.samples(rows, out.Status)
	}
	return out
}

// times are when the table was read, and the device's uptime then.
func (p *poll) times(g *grid) (readAt time.Time, uptime time.Duration) {
	readAt = p.answeredAt
	if g != nil && !g.readAt.IsZero() {
		readAt = g.readAt
	}
	if p.uptime > 0 {
		uptime = p.uptime + readAt.Sub(p.upAt)
	}
	return readAt, uptime
}

// addPart adds the rows of one of the places that a table comes from.
func (b *builder) addPart(number uint8, part *table) {
	if part.standIn && len(b.rows) > 0 {
		return
	}
	b.part, b.table, b.grid, b.spares = number, part, nil, nil
	b.earlier, b.taken = len(b.rows), nil
	before := len(b.rows)
	b.addRows()
	b.addSensors()
	if part.source == nil && len(part.sensors) == 0 {
		b.addOne()
	}
	b.noteErrors(before)
}

// isTaken reports that a row of an earlier part has the name already.
func (b *builder) isTaken(id rowID) bool {
	if b.earlier == 0 {
		return false
	}
	if b.taken == nil {
		b.taken = make(map[rowID]bool, b.earlier)
		for i := range b.rows[:b.earlier] {
			b.taken[b.rows[i].name()] = true
		}
	}
	return b.taken[id.name()]
}

func (b *builder) addRows() {
	if b.table.source == nil {
		return
	}
	g := &b.poll.grids[b.table.source.place]
	if g.source != b.table.source {
		return // absent, and not asked for
	}
	b.grid = g
	if b.readAt == nil && g.len() > 0 {
		b.readAt = g
	}
	b.noteSpareColumns()
	if room := g.len()*(len(b.table.fields)+b.table.rates) + len(b.table.sensors); b.fields == nil {
		b.fields = make([]pipeline.Field, 0, room)
	} else {
		b.fields = slices.Grow(b.fields, room)
	}
	number := 0
	for _, r := range g.inOrder() {
		if !g.kept[r] {
			continue
		}
		id := g.id(r)
		if b.table.number {
			id.key = strconv.Itoa(number)
			number++
		}
		if b.table.nameRow != nil {
			keys := id.names(len(b.table.schema.Keys))
			b.table.nameRow(keys)
			id = id.named(keys)
		}
		if id.part = b.part; !b.isTaken(id) {
			b.addRow(id, b.table.fields, r)
		}
	}
	if b.spares != nil {
		b.poll.memory.mib(g.source.place).rarely().need = newColumnSet(b.spares)
	}
}

// noteSpareColumns starts to note which spare columns the device needs, if this poll asked for all.
func (b *builder) noteSpareColumns() {
	complete, hasSpares := true, false
	for i, c := range b.grid.source.columns {
		hasSpares = hasSpares || c.spare
		complete = complete && (b.grid.column[i].asked || c.wide && b.poll.version == v1)
	}
	if !complete || !hasSpares {
		return
	}
	b.spares = make([]bool, len(b.grid.source.columns))
	for r := range b.grid.len() {
		for _, columns := range b.grid.source.key {
			b.noteSpareName(r, columns)
		}
	}
}

// noteSpareName notes it if the row's name is in a spare column.
func (b *builder) noteSpareName(row int, columns []int) {
	for _, column := range columns {
		if b.grid.at(row, column).text != "" {
			b.spares[column] = b.spares[column] || b.grid.source.columns[column].spare
			return
		}
	}
}

// addRow computes the fields of a row.
func (b *builder) addRow(id rowID, fields []field, r int) {
	first := len(b.fields)
	for i := range fields {
		b.add(fields[i].def, b.value(&fields[i], r))
	}
	b.endRow(id, first)
}

func (b *builder) add(def *pipeline.FieldDef, v pipeline.Value) {
	if def != nil && !v.IsNone() {
		b.fields = append(b.fields, pipeline.Field{Def: def, Value: v})
	}
}

// addOnce adds a field that no rule of the row that begins at first gave.
func (b *builder) addOnce(first int, def *pipeline.FieldDef, v pipeline.Value) {
	if !slices.ContainsFunc(b.fields[first:], func(f pipeline.Field) bool { return f.Def == def }) {
		b.add(def, v)
	}
}

// endRow makes a row of the fields since first; no row if there are none.
func (b *builder) endRow(id rowID, first int) {
	last := len(b.fields)
	if last == first {
		return
	}
	b.rows = append(b.rows, row{id, first, last, b.table.rates})
	b.fields = slices.Grow(b.fields, b.table.rates)[:last+b.table.rates]
}

// addSensors adds the scalars that are rows, where the mib has no row of that name.
func (b *builder) addSensors() {
	n := len(b.rows)
next:
	for i := range b.table.sensors {
		s := &b.table.sensors[i]
		for _, r := range b.rows[:n] {
			if r.key == s.key {
				continue next
			}
		}
		first := len(b.fields)
		b.add(s.def, b.value(&s.field, none))
		b.endRow(rowID{part: b.part, key: s.key}, first)
	}
}

// addOne makes the row of a table that has one.
func (b *builder) addOne() {
	id := rowID{part: b.part}
	if b.table.solo != nil {
		id = id.named(b.table.solo)
	}
	if b.isTaken(id) {
		return
	}
	first := len(b.fields)
	b.fields = slices.Grow(b.fields, len(b.table.schema.Fields))
	for i := range b.table.fields {
		b.add(b.table.fields[i].def, b.value(&b.table.fields[i], none))
	}
	if b.table.derive != nil && len(b.fields) > first {
		b.table.derive(&b.view, func(name string, v pipeline.Value) { b.addOnce(first, b.table.schema.Field(name), v) })
	}
	b.endRow(id, first)
}

// noteErrors finds what kept the table from being read whole. What only derive reads does not count:
// it has tables of its own to say so.
func (b *builder) noteErrors(before int) {
	if b.err != nil {
		return
	}
	if b.grid != nil && b.grid.err != nil {
		b.err = b.grid.err
		return
	}
	for _, scalar := range b.table.scalars {
		if err := b.poll.scalars[scalar].err; err != nil {
			b.err = err
			return
		}
	}
	if b.poll.dead != nil && b.grid == nil && len(b.rows) == before {
		b.err = b.poll.dead
	}
}

// dropDoubtful leaves out rows of a failed table whose names could not all be read: under another name
// they would be rows that do not exist. Of a table without end it leaves out all.
func (b *builder) dropDoubtful() {
	if errors.Is(b.err, errTooManyRows) || b.takeGlimpse() {
		b.rows = b.rows[:0]
	}
	if b.whole.number {
		return
	}
	kept := b.rows[:0]
	for _, r := range b.rows {
		if r.index == "" || !slices.Contains(r.names(len(b.whole.schema.Keys)), "") {
			kept = append(kept, r)
		}
	}
	b.rows = kept
}

// takeGlimpse reports, and notes, that time was up, or the device fell silent, while rows with names were read for the
// first time. Of two with one name the second may have been cut off, and the first would be stored as the only
// one, a series of its own for ever. If it happens again, what there is must do: such a device may never be
// read whole.
func (b *builder) takeGlimpse() bool {
	if len(b.whole.schema.Keys) == 0 || len(b.rows) == 0 || !isCutOff(b.err) {
		return false
	}
	m := b.poll.memory.table(b.whole)
	first := m.series == nil && !m.glimpsed
	m.glimpsed = true
	return first
}

// isCutOff reports that a table was not read to its end because no answer came in time.
func isCutOff(err error) bool {
	return errors.Is(err, errSlow) || errors.Is(err, errTimeIsUp) || errors.Is(err, errSilent) || errors.Is(err, errFellSilent)
}

// samples gives each row its series.
func (b *builder) samples(rows *pipeline.Rows, status pipeline.TableStatus) []pipeline.Sample {
	series := b.series(rows, status)
	out := make([]pipeline.Sample, len(b.rows))
	for i, r := range b.rows {
		out[i] = pipeline.Sample{Series: series[i], Fields: b.fields[r.first : r.last : r.last+r.room]}
	}
	return out
}

// series finds the series of the rows: those of the last poll if the rows are the same.
func (b *builder) series(rows *pipeline.Rows, status pipeline.TableStatus) []*pipeline.Series {
	m := b.poll.memory.table(b.whole)
	encoded := b.poll.arena[:0]
	for i := range b.rows {
		encoded = b.rows[i].appendTo(encoded)
	}
	b.poll.arena = encoded
	if m.ids == string(encoded) {
		return m.series
	}
	ids := make([]rowID, 0, len(b.rows))
	for i := range b.rows {
		ids = append(ids, b.rows[i].rowID)
	}
	if status == pipeline.Whole {
		m.ids, m.series = string(encoded), rows.Of(b.whole.schema, b.whole.rowKeys(ids))
		return m.series
	}
	// Some rows are missing for now: they keep their series, and two of one name stay apart.
	return rows.Of(b.whole.schema, b.whole.rowKeys(append(ids, m.missing(ids)...)))[:len(b.rows)]
}

// rowKeys names rows as the pipeline does.
func (t *table) rowKeys(ids []rowID) []pipeline.RowKey {
	keys := make([]pipeline.RowKey, len(ids))
	for i, id := range ids {
		keys[i].Index = id.index.String()
		if id.index == "" {
			keys[i].Index = id.key
		}
		keys[i].Values = id.names(len(t.schema.Keys))
	}
	return keys
}

// missing lists the rows of the last whole read that are not among ids.
func (m *tableMemory) missing(ids []rowID) (out []rowID) {
	have := make(map[rowID]bool, len(ids))
	for _, id := range ids {
		have[id.place()] = true
	}
	for rest := m.ids; rest != ""; {
		var id rowID
		if id, rest = nextID(rest); !have[id.place()] {
			out = append(out, id)
		}
	}
	return out
}

// name is the row without its place.
func (id rowID) name() rowID { return rowID{key: id.key, more: id.more} }

// place is the row without its name, if it has an index.
func (id rowID) place() rowID {
	if id.index != "" {
		id.key, id.more = "", ""
	}
	return id
}

// reason says for people why a table could not be read.
func (p *poll) reason(err error) string {
	switch {
	case errors.Is(err, errSilent):
		return "no answer to its request"
	case isUnreachable(err):
		return "unreachable: " + cause(err).Error()
	}
	return err.Error()
}
