package routeros

import (
	"slices"
	"strings"
)

// shape is the attributes that one kind of row can have. It is made with the plan and shared.
type shape struct {
	names []string
	slots map[string]int
}

func newShape(names []string) *shape {
	s := &shape{names: names, slots: make(map[string]int, len(names))}
	for i, n := range names {
		s.slots[n] = i
	}
	return s
}

// row is one row as the router says it. Its values are the bytes of the answer, and hold only until
// the next is read.
type row struct {
	shape  *shape
	values [][]byte // by slot; nil: the row does not have it
	order  []int    // the slots as the last row had them: a guess at the next
	clock  clock
}

// take makes it an empty row of that shape.
func (r *row) take(s *shape) {
	if r.shape != s {
		r.shape, r.order = s, r.order[:0]
		r.values = slices.Grow(r.values[:0], len(s.names))[:len(s.names)]
	}
	clear(r.values)
}

// fill takes the words of a sentence, =name=value each. Attributes that were not asked for are left
// out: routers add .section and the like.
func (r *row) fill(words [][]byte) {
	for i, w := range words {
		if len(w) < 2 || w[0] != '=' {
			continue
		}
		if i < len(r.order) {
			if s := r.order[i]; s >= 0 && has(w[1:], r.shape.names[s]) {
				r.values[s] = w[len(r.shape.names[s])+2:]
				continue
			}
		}
		r.find(i, w)
	}
}

func has(w []byte, name string) bool {
	return len(w) > len(name) && w[len(name)] == '=' && string(w[:len(name)]) == name
}

func (r *row) find(i int, w []byte) {
	name, value := splitWord(w)
	slot, ok := r.shape.slots[string(name)]
	if !ok {
		return
	}
	r.values[slot] = value
	for len(r.order) <= i {
		r.order = append(r.order, -1)
	}
	r.order[i] = slot
}

// splitWord takes =name=value apart; =name alone has an empty value.
func splitWord(w []byte) (name, value []byte) {
	for i := 1; i < len(w); i++ {
		if w[i] == '=' {
			return w[1:i], w[i+1:]
		}
	}
	return w[1:], w[len(w):]
}

// get is the value of an attribute, nil if the row does not have it. Of "a|b" it is the first that is
// there and not empty.
func (r *row) get(attr string) []byte {
	if slot, ok := r.shape.slots[attr]; ok {
		return r.values[slot]
	}
	var found []byte
	for attr != "" {
		var name string
		name, attr, _ = strings.Cut(attr, "|")
		if slot, ok := r.shape.slots[name]; ok && r.values[slot] != nil {
			if found = r.values[slot]; len(found) > 0 {
				return found
			}
		}
	}
	return found
}

// text is the same as a string, which costs an allocation.
func (r *row) text(attr string) string { return string(r.get(attr)) }

// has tells an attribute that is empty from one that is not there.
func (r *row) has(attr string) bool { return r.get(attr) != nil }

// set is for rows that a split makes.
func (r *row) set(attr string, value []byte) {
	if slot, ok := r.shape.slots[attr]; ok {
		r.values[slot] = value
	}
}
