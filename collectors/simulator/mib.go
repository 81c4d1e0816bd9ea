package simulator

import (
	"cmp"
	"slices"
)

// group is a scalar or a conceptual table of the MIB. Its values are computed from a view when they
// are asked for.
type group struct {
	prefix []uint32 // of a scalar its name without .0, of a table its entry
	scalar func(v *view) value
	rows   func(v *view) rows // table only
	column []column           // table only, ascending
}

// column is one column of a table. A value without a tag means that the row does not have it.
type column struct {
	sub   uint32
	value func(v *view, row int) value
}

// rows are the rows of a table, ascending by index.
type rows struct {
	count int
	// index appends the index of a row to dst. nil: the row number plus one.
	index func(v *view, row int, dst []uint32) []uint32
}

func (r rows) appendIndex(v *view, row int, dst []uint32) []uint32 {
	if r.index == nil {
		return append(dst, uint32(row)+1)
	}
	return r.index(v, row, dst)
}

// find returns the first row whose index is at least idx, and whether it is the very one.
func (r rows) find(v *view, idx []uint32) (row int, exact bool) {
	low, high := 0, r.count
	for low < high {
		middle := int(uint(low+high) >> 1)
		v.index = r.appendIndex(v, middle, v.index[:0])
		if order := slices.Compare(v.index, idx); order < 0 {
			low = middle + 1
		} else {
			high, exact = middle, exact || order == 0
		}
	}
	return low, exact
}

// findColumn returns the first column from sub on, and whether it is the very one.
func (g *group) findColumn(sub uint32) (int, bool) {
	return slices.BinarySearchFunc(g.column, sub, func(c column, sub uint32) int { return cmp.Compare(c.sub, sub) })
}

// tree is the MIB of one model: groups ascending by prefix, none inside another.
type tree []*group

func newTree(groups ...[]*group) tree {
	t := tree(slices.Concat(groups...))
	slices.SortFunc(t, func(a, b *group) int { return slices.Compare(a.prefix, b.prefix) })
	return t
}

// locate returns the group that holds name, or else the first one behind it.
func (t tree) locate(name []uint32) (at int, inside bool) {
	at, exact := slices.BinarySearchFunc(t, name, func(g *group, name []uint32) int { return slices.Compare(g.prefix, name) })
	if exact {
		return at, true
	}
	if at > 0 && hasPrefix(name, t[at-1].prefix) {
		return at - 1, true
	}
	return at, false
}

func hasPrefix(name, prefix []uint32) bool {
	return len(name) >= len(prefix) && slices.Equal(name[:len(prefix)], prefix)
}

// agentView makes a view answer SNMP.
type agentView struct {
	*view
	tree tree
}

// get implements mib.
func (a agentView) get(name []uint32) value {
	at, inside := a.tree.locate(name)
	if !inside {
		return value{tag: tagNoSuchObject}
	}
	g, rest := a.tree[at], name[len(a.tree[at].prefix):]
	if g.scalar != nil {
		return getScalar(g, a.view, rest)
	}
	if len(rest) == 0 {
		return value{tag: tagNoSuchObject}
	}
	c, ok := g.findColumn(rest[0])
	if !ok {
		return value{tag: tagNoSuchObject}
	}
	row, ok := g.rows(a.view).find(a.view, rest[1:])
	if !ok {
		return value{tag: tagNoSuchInstance}
	}
	if v := g.column[c].value(a.view, row); v.tag != 0 {
		return v
	}
	return value{tag: tagNoSuchInstance}
}

func getScalar(g *group, v *view, rest []uint32) value {
	found := g.scalar(v)
	if found.tag == 0 {
		return value{tag: tagNoSuchObject}
	}
	if len(rest) != 1 || rest[0] != 0 {
		return value{tag: tagNoSuchInstance}
	}
	return found
}

// next implements mib.
func (a agentView) next(name, dst []uint32) ([]uint32, value) {
	at, inside := a.tree.locate(name)
	var rest []uint32
	if inside {
		rest = name[len(a.tree[at].prefix):]
	}
	for ; at < len(a.tree); at, rest = at+1, nil {
		g := a.tree[at]
		if g.scalar != nil {
			if len(rest) > 0 {
				continue
			}
			if v := g.scalar(a.view); v.tag != 0 {
				return append(append(dst, g.prefix...), 0), v
			}
			continue
		}
		if found, v := g.nextCell(a.view, rest, dst); v.tag != 0 {
			return found, v
		}
	}
	return dst, value{tag: tagEndOfMIBView}
}

// nextCell returns the first cell behind rest, which is a column and an index or less. The zero
// value means that the table has none.
func (g *group) nextCell(v *view, rest, dst []uint32) ([]uint32, value) {
	r := g.rows(v)
	c, row := 0, 0
	if len(rest) > 0 {
		var same bool
		if c, same = g.findColumn(rest[0]); same && len(rest) > 1 {
			var exact bool
			if row, exact = r.find(v, rest[1:]); exact {
				row++
			}
		}
	}
	for ; c < len(g.column); c, row = c+1, 0 {
		for ; row < r.count; row++ {
			if found := g.column[c].value(v, row); found.tag != 0 {
				dst = append(append(dst, g.prefix...), g.column[c].sub)
				return r.appendIndex(v, row, dst), found
			}
		}
	}
	return dst, value{}
}
