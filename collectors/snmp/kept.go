package snmp

import (
	"encoding/binary"
	"math"
)

// keptCells are cells that are remembered from poll to poll. A fleet has millions of them: a number takes
// five bytes here, nearly always, where a cell is 32, and a text what it is long. Texts are cut out of
// one string, so to hand one out takes no memory.
type keptCells struct {
	kinds []cellKind // or isWide
	nums  []uint32   // of a text: where it begins in texts; of a wide number: its place in wide
	wide  []wideCell
	texts string // each behind its length
}

// wideCell is a number that does not fit into 32 bits.
type wideCell struct {
	kind cellKind
	num  uint64
}

const isWide = textual + 1

// set keeps these cells instead of what it kept before. texts is room to work in, which it returns, and
// where the texts are as they were, their string stays.
func (k *keptCells) set(cells []cell, texts []byte) []byte {
	if len(cells) > cap(k.kinds) || len(cells) < cap(k.kinds)/2 {
		k.kinds, k.nums = make([]cellKind, 0, len(cells)), make([]uint32, 0, len(cells))
	}
	k.kinds, k.nums, k.wide, texts = k.kinds[:0], k.nums[:0], k.wide[:0], texts[:0]
	for i := range cells {
		kind, num := cells[i].kind, uint32(cells[i].num)
		switch {
		case kind == textual:
			num = uint32(len(texts))
			texts = append(binary.AppendUvarint(texts, uint64(len(cells[i].text))), cells[i].text...)
		case cells[i].num > math.MaxUint32:
			k.wide = append(k.wide, wideCell{kind, cells[i].num})
			kind, num = isWide, uint32(len(k.wide)-1)
		}
		k.kinds, k.nums = append(k.kinds, kind), append(k.nums, num)
	}
	if k.texts != string(texts) {
		k.texts = string(texts)
	}
	return texts
}

func (k *keptCells) at(i int) cell {
	switch kind, num := k.kinds[i], k.nums[i]; kind {
	case textual:
		return cell{kind: textual, text: k.text(num)}
	case isWide:
		return cell{kind: k.wide[num].kind, num: k.wide[num].num}
	default:
		return cell{kind: kind, num: uint64(num)}
	}
}

// text cuts out the text that begins there.
func (k *keptCells) text(from uint32) string {
	var length uint32
	for shift := 0; ; shift += 7 {
		b := k.texts[from]
		from++
		if length |= uint32(b&0x7f) << shift; b < 0x80 {
			return k.texts[from : from+length]
		}
	}
}

// appendTo appends n cells from i on.
func (k *keptCells) appendTo(dst []cell, i, n int) []cell {
	for j := i; j < i+n; j++ {
		dst = append(dst, k.at(j))
	}
	return dst
}
