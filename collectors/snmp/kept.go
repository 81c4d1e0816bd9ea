package snmp

import (
	"encoding/binary"
	"math"
)

// keptCells are cells that are remembered from poll to poll. A fleet has millions of them: a number takes
// five bytes here, nearly always, where a cell is 32, and a text what it is long. All is in one string:
// first, for each cell, its kind and four bytes, which are a number or the place of what follows. Texts
// are cut out of it, so to hand one out takes no memory.
type keptCells string

const (
	keptSize = 5
	isWide   = textual + 1 // a number of more than 32 bits: its kind and eight bytes
)

// keep makes one string of cells: the one that was, if it says the same. room is used to work in, and
// returned.
func (k keptCells) keep(cells []cell, room []byte) (kept keptCells, roomAfter []byte) {
	b := append(room[:0], make([]byte, len(cells)*keptSize)...)
	for i := range cells {
		kind, num := cells[i].kind, uint32(len(b))
		switch {
		case kind == textual:
			b = append(binary.AppendUvarint(b, uint64(len(cells[i].text))), cells[i].text...)
		case cells[i].num > math.MaxUint32:
			b = binary.LittleEndian.AppendUint64(append(b, byte(kind)), cells[i].num)
			kind = isWide
		default:
			num = uint32(cells[i].num)
		}
		b[i*keptSize] = byte(kind)
		binary.LittleEndian.PutUint32(b[i*keptSize+1:], num)
	}
	if string(k) == string(b) {
		return k, b
	}
	return keptCells(b), b
}

func (k keptCells) at(i int) cell {
	i *= keptSize
	kind, num := cellKind(k[i]), uint32(k[i+1])|uint32(k[i+2])<<8|uint32(k[i+3])<<16|uint32(k[i+4])<<24
	switch kind {
	case textual:
		return cell{kind: textual, text: k.text(num)}
	case isWide:
		var wide uint64
		for shift := range 8 {
			wide |= uint64(k[int(num)+1+shift]) << (8 * shift)
		}
		return cell{kind: cellKind(k[num]), num: wide}
	}
	return cell{kind: kind, num: uint64(num)}
}

// text cuts out the text that begins there with its length.
func (k keptCells) text(from uint32) string {
	var length uint32
	for shift := 0; ; shift += 7 {
		b := k[from]
		from++
		if length |= uint32(b&0x7f) << shift; b < 0x80 {
			return string(k[from : from+length])
		}
	}
}

// appendTo appends n cells from i on.
func (k keptCells) appendTo(dst []cell, i, n int) []cell {
	for j := i; j < i+n; j++ {
		dst = append(dst, k.at(j))
	}
	return dst
}
