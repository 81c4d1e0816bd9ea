package snmp

// columnSet are some of a mib's columns, a bit for each. The empty string has none.
type columnSet string

func newColumnSet(columns []bool) columnSet {
	bits := make([]byte, (len(columns)+7)/8)
	some := false
	for i, in := range columns {
		if in {
			bits[i/8] |= 1 << (i % 8)
			some = true
		}
	}
	if !some {
		return ""
	}
	return columnSet(bits)
}

func (s columnSet) has(column int) bool {
	return column/8 < len(s) && s[column/8]&(1<<(column%8)) != 0
}
