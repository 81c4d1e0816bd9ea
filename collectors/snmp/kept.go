package snmp

// keptCells are cells that are remembered from poll to poll. A fleet has millions of them: numbers take
// nine bytes here, texts 25 and their own, where a cell is 32.
type keptCells struct {
	kinds []cellKind
	nums  []uint64 // of a text: its place in texts
	texts []string
}

// empty forgets all, and makes room for so many, unless it fits well already.
func (k *keptCells) empty(cells int) {
	if cells > cap(k.kinds) || cells < cap(k.kinds)/2 {
		*k = keptCells{kinds: make([]cellKind, 0, cells), nums: make([]uint64, 0, cells)}
		return
	}
	clear(k.texts)
	k.kinds, k.nums, k.texts = k.kinds[:0], k.nums[:0], k.texts[:0]
}

func (k *keptCells) add(cells ...cell) {
	for _, c := range cells {
		num := c.num
		if c.kind == textual {
			num = uint64(len(k.texts))
			k.texts = append(k.texts, c.text)
		}
		k.kinds, k.nums = append(k.kinds, c.kind), append(k.nums, num)
	}
}

// fit gives back what growing took too much.
func (k *keptCells) fit() {
	if cap(k.texts) > len(k.texts)*5/4 {
		k.texts = append(make([]string, 0, len(k.texts)), k.texts...)
	}
}

func (k *keptCells) at(i int) cell {
	if k.kinds[i] == textual {
		return cell{kind: textual, text: k.texts[k.nums[i]]}
	}
	return cell{kind: k.kinds[i], num: k.nums[i]}
}

// appendTo appends n cells from i on.
func (k *keptCells) appendTo(dst []cell, i, n int) []cell {
	for j := i; j < i+n; j++ {
		dst = append(dst, k.at(j))
	}
	return dst
}
