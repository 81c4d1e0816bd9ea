package simulator

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// mikrotik is the branch of the private objects; the catalogue calls it M.
const mikrotik = "1.3.6.1.4.1.14988.1.1"

// routerTree is the MIB of one model.
func routerTree(m *model) tree {
	return newTree(
		systemGroups(), hostGroups(m), interfaceGroups(), addressGroups(), entityGroups(),
		healthGroups(m), mikrotikGroups(m), hotspotGroups(), statisticsGroups(), portGroups(), scriptGroups(),
	)
}

// only leaves of a MIB the scalars and columns of those OIDs.
func (t tree) only(objects []string) tree {
	var out tree
	for _, g := range t {
		kept := *g
		kept.column = nil
		for _, object := range objects {
			oid := mustOID(strings.TrimSuffix(object, ".0"))
			if g.scalar != nil && slices.Equal(oid, g.prefix) {
				out = append(out, g)
			}
			if last := len(oid) - 1; g.rows != nil && slices.Equal(oid[:last], g.prefix) {
				if i, ok := g.findColumn(oid[last]); ok {
					kept.column = append(kept.column, g.column[i])
				}
			}
		}
		if len(kept.column) > 0 {
			slices.SortFunc(kept.column, func(a, b column) int { return cmp.Compare(a.sub, b.sub) })
			out = append(out, &kept)
		}
	}
	return out
}

// mustOID reads a dotted name that is written in this package; a wrong one is a bug.
func mustOID(dotted string) []uint32 {
	oid, err := parseOID(dotted)
	if err != nil {
		panic(err)
	}
	return oid
}

func parseOID(dotted string) ([]uint32, error) {
	parts := strings.Split(strings.TrimPrefix(dotted, "."), ".")
	oid := make([]uint32, 0, len(parts))
	for _, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, err
		}
		oid = append(oid, uint32(n))
	}
	return oid, nil
}

// scalar is an object with one value; dotted is its name without the .0.
func scalar(dotted string, value func(v *view) value) *group {
	return &group{prefix: mustOID(dotted), scalar: value}
}

// fixedText is a scalar that never changes.
func fixedText(dotted, s string) *group {
	b := []byte(s)
	return scalar(dotted, func(*view) value { return octets(b) })
}

func fixedInteger(dotted string, n int64) *group {
	return scalar(dotted, func(*view) value { return integer(n) })
}

// conceptual is a table; dotted is its entry.
func conceptual(dotted string, r func(v *view) rows, columns ...column) *group {
	return &group{prefix: mustOID(dotted), rows: r, column: columns}
}

// zeroOID is what RouterOS says where it has no name: 0.0.
func zeroOID() []uint32 { return []uint32{0, 0} }
