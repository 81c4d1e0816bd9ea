package sse

import (
	"strconv"

	"github.com/routerpulse/routerpulse/sse/state"
)

// field returns the name of a field as the carry calls it, with its colon.
func (c *carry) field(layout *state.Layout, i int) string {
	if c.names != nil {
		if name, ok := c.names[layout.Names()[i]]; ok {
			return name
		}
	}
	return layout.Quoted(i)
}

// appendCells appends an object of all fields that have a value. c may be nil.
func appendCells(dst []byte, layout *state.Layout, cells []state.Value, c *carry) []byte {
	o := object{dst: append(dst, '{'), carry: c}
	for i, v := range cells {
		if !v.IsNone() {
			o.add(layout, i, v)
		}
	}
	return append(o.dst, '}')
}

// object appends fields with the commas between them.
type object struct {
	dst   []byte
	carry *carry
	some  bool
}

func (o *object) name(quoted string) {
	if o.some {
		o.dst = append(o.dst, ',')
	}
	o.some = true
	o.dst = append(o.dst, quoted...)
}

func (o *object) add(layout *state.Layout, i int, v state.Value) {
	o.field(layout, i)
	o.dst = v.AppendJSON(o.dst)
}

func (o *object) cell(layout *state.Layout, i int, c state.Cell) {
	o.field(layout, i)
	o.dst = c.AppendJSON(o.dst)
}

func (o *object) field(layout *state.Layout, i int) {
	if o.carry == nil {
		o.name(layout.Quoted(i))
	} else {
		o.name(o.carry.field(layout, i))
	}
}

// text adds a field that is in no layout.
func (o *object) text(field, value string) {
	if name, ok := o.carry.names[field]; ok {
		o.name(name)
	} else {
		o.name(state.Quoted(field))
	}
	o.dst = state.AppendString(o.dst, value)
}

// fields adds all fields of a row that have a value.
func (o *object) fields(row *state.Row) {
	for i, cell := range row.Cells() {
		if !cell.IsNone() {
			o.cell(row.Layout, i, cell)
		}
	}
}

// appendRow appends the whole row as an object.
func (c *carry) appendRow(dst []byte, row *state.Row) []byte {
	o := object{dst: append(dst, '{'), carry: c}
	o.fields(row)
	return append(o.dst, '}')
}

// appendPatch appends the fields that changed after base; one that the row no longer has is null.
func (c *carry) appendPatch(dst []byte, row *state.Row, base uint64) []byte {
	o := object{dst: append(dst, '{'), carry: c}
	for i, cell := range row.Cells() {
		if cell.Seq > base {
			o.cell(row.Layout, i, cell)
		}
	}
	return append(o.dst, '}')
}

// appendNamed appends the whole row with the names that its key holds, for who sees no key.
func (c *carry) appendNamed(dst []byte, row *state.Row, gone bool) []byte {
	o := object{dst: append(dst, '{'), carry: c}
	if device := row.Device.Name; device != "" {
		o.text(fieldRouter, device)
	}
	if c.topic.rowField != "" {
		o.text(c.topic.rowField, lastOfKey(row))
	}
	if gone {
		o.name(`"removed":true`)
	} else {
		o.fields(row)
	}
	return append(o.dst, '}')
}

// lastOfKey is what a row's key holds beside its device: interface/<device>/<this>.
func lastOfKey(row *state.Row) string {
	if row.Device.Name == "" {
		return row.Key
	}
	for i := range len(row.Key) {
		if row.Key[i] == '/' {
			if i += len("/") + len(row.Device.Name) + len("/"); i <= len(row.Key) {
				return row.Key[i:]
			}
			break
		}
	}
	return row.Key
}

// appendSnapshotRow appends [key, seq, n, value].
func (c *carry) appendSnapshotRow(dst []byte, row *state.Row) []byte {
	dst = state.AppendString(append(dst, '['), row.Key)
	dst = strconv.AppendUint(append(dst, ','), row.Seq, 10)
	dst = strconv.AppendUint(append(dst, ','), row.N, 10)
	return append(c.appendRow(append(dst, ','), row), ']')
}

// appendChange appends an element of a delta's changes.
func (c *carry) appendChange(dst []byte, row *state.Row, seq uint64, v verdict, base uint64) []byte {
	dst = state.AppendString(append(dst, c.head...), row.Key)
	dst = strconv.AppendUint(append(dst, `,"seq":`...), seq, 10)
	dst = strconv.AppendUint(append(dst, `,"n":`...), row.N, 10)
	switch v {
	case removed:
		return append(dst, `,"patch":null}`...)
	case whole:
		dst = c.appendRow(append(dst, `,"full":true,"patch":`...), row)
	default:
		dst = c.appendPatch(append(dst, `,"patch":`...), row, base)
	}
	return append(dst, '}')
}

// eventName is the name of an event: the topic's, or what the application calls it.
func (c *carry) eventName(e *state.Entry) string {
	if e.Post != nil {
		return e.Post.Name
	}
	return c.event
}

// appendEventData appends what an event says.
func (c *carry) appendEventData(dst []byte, e *state.Entry) []byte {
	if e.Post != nil {
		return e.Cells[0].AppendJSON(dst)
	}
	return appendCells(dst, e.Layout, e.Cells, c)
}

// appendEvent appends the data of an event frame.
func (c *carry) appendEvent(dst []byte, e *state.Entry) []byte {
	if p := e.Post; p != nil {
		dst = state.AppendString(append(dst, `{"channel":`...), c.channel)
		dst = state.AppendString(append(dst, `,"topic":`...), appPrefix+p.App)
		dst = state.AppendString(append(dst, `,"event":`...), p.Name)
	} else {
		dst = append(dst, c.eventHead...)
	}
	dst = strconv.AppendUint(append(dst, `,"seq":`...), e.Seq, 10)
	dst = strconv.AppendUint(append(dst, `,"pos":`...), e.Pos, 10)
	dst = strconv.AppendInt(append(dst, `,"time":`...), e.Time, 10)
	return append(c.appendEventData(append(dst, `,"data":`...), e), '}')
}

// appendGap appends the data of a gap frame: what is lost, up to a position of the journal.
func (c *carry) appendGap(dst []byte, why string, lost int, pos uint64) []byte {
	dst = state.AppendString(append(dst, `{"channel":`...), c.channel)
	dst = state.AppendString(append(dst, `,"topic":`...), c.title())
	dst = state.AppendString(append(dst, `,"why":`...), why)
	if lost > 0 {
		dst = strconv.AppendInt(append(dst, `,"lost":`...), int64(lost), 10)
	}
	dst = strconv.AppendUint(append(dst, `,"pos":`...), pos, 10)
	return append(dst, '}')
}
