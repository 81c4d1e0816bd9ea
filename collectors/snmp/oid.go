package snmp

import "strings"

// OIDs are kept as the codec writes them: dotted, with a leading dot. An index is what follows a
// column's OID, without a leading dot.

// indexOf returns the index of a name below a column, or false if the name is not below it.
func indexOf(name, column string) (string, bool) {
	if len(name) <= len(column)+1 || name[len(column)] != '.' || name[:len(column)] != column {
		return "", false
	}
	return name[len(column)+1:], true
}

// inside reports that a name is the subtree itself or below it.
func inside(name, subtree string) bool {
	return strings.HasPrefix(name, subtree) && (len(name) == len(subtree) || name[len(subtree)] == '.')
}

// compareOIDs orders two names, or two indexes, as SNMP does: number by number, then the shorter one
// first.
func compareOIDs(a, b string) int {
	a, b = strings.TrimPrefix(a, "."), strings.TrimPrefix(b, ".")
	for a != "" && b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		if c := compareNumbers(x, y); c != 0 {
			return c
		}
	}
	return len(a) - len(b)
}

// compareNumbers orders decimal numbers without leading zeros.
func compareNumbers(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
