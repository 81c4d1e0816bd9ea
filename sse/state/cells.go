package state

import (
	"encoding/binary"
	"iter"
)

// Cell is one field of a row, and the sequence number of its last change.
type Cell struct {
	Seq  uint64
	kind Kind
	bits uint64
	text []byte // a piece of the row's memory: not to be kept
}

// IsNone reports that the row does not have the field.
func (c Cell) IsNone() bool { return c.kind == None }

// Value returns a copy of what the cell holds.
func (c Cell) Value() Value { return Value{kind: c.kind, bits: c.bits, text: string(c.text)} }

// is reports that the cell holds v.
func (c Cell) is(v Value) bool {
	return c.kind == v.kind && c.bits == v.bits && string(c.text) == v.text
}

// AppendJSON appends the value as it travels.
func (c Cell) AppendJSON(dst []byte) []byte {
	switch c.kind {
	case Text:
		return AppendString(dst, c.text)
	case JSON:
		return append(dst, c.text...)
	}
	return Value{kind: c.kind, bits: c.bits}.AppendJSON(dst)
}

// cells are the fields of one row, one after the other, as few bytes as they can be: a fleet has
// millions of them, and all but a few are read once a poll at most. A field is its kind, what it holds,
// and how much older it is than base.
type cells struct {
	packed []byte
	base   uint64 // the sequence number of the newest
}

// pack makes cells that all changed at seq.
func (c *cells) pack(values []Value, seq uint64) {
	var buf [512]byte
	b := buf[:0]
	for _, v := range values {
		b = appendCell(b, v, 0)
	}
	c.set(b, seq)
}

// update sets the cells that differ from values; those changed at seq. It reports whether any did.
func (c *cells) update(values []Value, seq uint64) (changed bool) {
	var buf [512]byte
	b := buf[:0]
	rest := c.packed
	for _, v := range values {
		var old Cell
		if len(rest) > 0 {
			old, rest = c.first(rest)
		}
		if old.is(v) {
			b = appendCell(b, v, seq-old.Seq)
		} else {
			b = appendCell(b, v, 0)
			changed = true
		}
	}
	if !changed {
		return false
	}
	for len(rest) > 0 { // fields that only a later layout has
		var old Cell
		old, rest = c.first(rest)
		b = appendCell(b, old.Value(), seq-old.Seq)
	}
	c.set(b, seq)
	return true
}

// set takes over what is packed: into the memory that is there if it fits well.
func (c *cells) set(packed []byte, base uint64) {
	c.base = base
	if n := len(packed); n > cap(c.packed) || n < cap(c.packed)/2 {
		c.packed = make([]byte, 0, n+n/16) // a little room: numbers grow by a digit
	}
	c.packed = append(c.packed[:0], packed...)
}

func appendCell(b []byte, v Value, age uint64) []byte {
	b = append(b, byte(v.kind))
	switch v.kind {
	case Int:
		b = binary.AppendVarint(b, int64(v.bits))
	case Float:
		b = binary.LittleEndian.AppendUint64(b, v.bits)
	case Bool:
		b = append(b, byte(v.bits))
	case Text, JSON:
		b = append(binary.AppendUvarint(b, uint64(len(v.text))), v.text...)
	}
	return binary.AppendUvarint(b, age)
}

// first takes the first cell off the front. What is packed was packed here: it is never cut short.
func (c *cells) first(b []byte) (cell Cell, rest []byte) {
	cell.kind, b = Kind(b[0]), b[1:]
	switch cell.kind {
	case Int:
		v, n := binary.Varint(b)
		cell.bits, b = uint64(v), b[n:]
	case Float:
		cell.bits, b = binary.LittleEndian.Uint64(b), b[8:]
	case Bool:
		cell.bits, b = uint64(b[0]), b[1:]
	case Text, JSON:
		size, n := binary.Uvarint(b)
		cell.text, b = b[n:n+int(size)], b[n+int(size):]
	}
	age, n := binary.Uvarint(b)
	cell.Seq = c.base - age
	return cell, b[n:]
}

// all visits the cells in the order of the layout.
func (c *cells) all() iter.Seq2[int, Cell] {
	return func(yield func(int, Cell) bool) {
		rest := c.packed
		for i := 0; len(rest) > 0; i++ {
			var cell Cell
			if cell, rest = c.first(rest); !yield(i, cell) {
				return
			}
		}
	}
}
