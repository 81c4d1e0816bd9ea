package snmp

import (
	"encoding/binary"
	"unique"
)

// keptRows are the rows of a mib that are remembered from poll to poll: for each its index, and the
// columns that memory keeps. A fleet has millions of such cells, and the same ones again and again: in
// each lane of a device, on each router of a model. So they are one text that never changes, and equal
// ones are in memory once. First come all cells, cellBytes each, then what is too long for that.
type keptRows struct {
	packed unique.Handle[string] // of no rows: none
	rows   uint32
	width  uint32 // cells of a row, its index included
}

// cellBytes are a cell's kind, and its number or the place behind the cells where it is.
const cellBytes = 5

// wide marks the kind of a number of more than 32 bits.
const wide = 0x80

func (k keptRows) len() int { return int(k.rows) }

// index of a row.
func (k keptRows) index(row int) index { return index(k.at(row * int(k.width)).text) }

// indexes of all rows.
func (k keptRows) indexes() []index {
	out := make([]index, k.len())
	for row := range out {
		out[row] = k.index(row)
	}
	return out
}

// cell is a row's cell of a kept column.
func (k keptRows) cell(row, column int) cell { return k.at(row*int(k.width) + 1 + column) }

func (k keptRows) at(i int) cell {
	packed := k.packed.Value()
	kind, num := packed[i*cellBytes], number32(packed[i*cellBytes+1:])
	if kind != byte(textual) && kind&wide == 0 {
		return cell{kind: cellKind(kind), num: uint64(num)}
	}
	long := packed[int(k.rows*k.width)*cellBytes+int(num):]
	if kind&wide != 0 {
		return cell{kind: cellKind(kind &^ wide), num: uint64(number32(long)) | uint64(number32(long[4:]))<<32}
	}
	size := number32(long)
	return cell{kind: textual, text: long[4 : 4+size]}
}

// number32 reads as binary.LittleEndian does, which does not read from a string.
func number32(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// rowPacker makes keptRows. Its memory is used again.
type rowPacker struct {
	cells, long []byte
	rows, width uint32
}

// start begins anew, with rows of so many columns.
func (p *rowPacker) start(columns int) {
	p.cells, p.long, p.rows, p.width = p.cells[:0], p.long[:0], 0, uint32(columns)+1
}

// add appends a row.
func (p *rowPacker) add(i index, cells []cell) {
	p.rows++
	p.cell(cell{kind: textual, text: string(i)})
	for _, c := range cells {
		p.cell(c)
	}
}

func (p *rowPacker) cell(c cell) {
	kind, num := byte(c.kind), c.num
	switch {
	case c.kind == textual:
		num = uint64(len(p.long))
		p.long = append(binary.LittleEndian.AppendUint32(p.long, uint32(len(c.text))), c.text...)
	case num>>32 != 0:
		kind |= wide
		num = uint64(len(p.long))
		p.long = binary.LittleEndian.AppendUint64(p.long, c.num)
	}
	p.cells = binary.LittleEndian.AppendUint32(append(p.cells, kind), uint32(num))
}

// pack returns the rows that were added.
func (p *rowPacker) pack() keptRows {
	if p.rows == 0 {
		return keptRows{}
	}
	p.cells = append(p.cells, p.long...)
	return keptRows{packed: unique.Make(string(p.cells)), rows: p.rows, width: p.width}
}
