package state

import (
	"iter"

	"github.com/routerpulse/routerpulse/pipeline"
)

// Row is one row, or the tombstone of one. Only the committer changes it; others read it inside
// Store.Read.
type Row struct {
	Topic  *Topic
	Device *Device
	Key    string
	Layout *Layout
	Seq    uint64 // of the last change
	N      uint64 // updates so far
	Born   uint64 // when it last came to be: whoever stands before has to get the whole row

	cells cells
	slot  uint32
	dead  bool // dropped from the store
	Gone  bool // a tombstone
}

// Cells visits the fields, in the order of Layout; none of a tombstone.
func (r *Row) Cells() iter.Seq2[int, Cell] { return r.cells.all() }

// Changed reports that a field changed after base.
func (r *Row) Changed(base uint64) bool {
	for _, c := range r.cells.all() {
		if c.Seq > base {
			return true
		}
	}
	return false
}

// Device is what rows and events belong to, and what filters and rights ask about. Rows that belong to
// no device have one without a name.
type Device struct {
	Name string
	Tags []pipeline.Tag
	// Retagged is the sequence number of the last change of Tags, 0 if there was none. What was in view
	// of somebody who stands before it is not known.
	Retagged uint64

	slot    int
	rows    int // tombstones included
	shelves []Shelf
}

// Shelf is where a device keeps its rows of one topic.
type Shelf struct {
	Slots   []*Row // nil: free. A row keeps its slot as long as it lives.
	Alive   int    // rows that are no tombstones
	Changed uint64 // the highest Seq of any row that is or was in it
	free    []uint32
	byKey   map[string]*Row // nil while it has few
}

// manyRows is from where on a shelf is worth an index: nearly all rows are found by their handles.
const manyRows = 64

func (s *Shelf) find(key string) *Row {
	if s.byKey != nil {
		return s.byKey[key]
	}
	for _, r := range s.Slots {
		if r != nil && r.Key == key {
			return r
		}
	}
	return nil
}

// Shelf returns the device's rows of a topic.
func (d *Device) Shelf(t *Topic) *Shelf { return &d.shelves[t.id] }

func (s *Shelf) put(r *Row) {
	if s.byKey != nil {
		s.byKey[r.Key] = r
	}
	if n := len(s.free); n > 0 {
		r.slot, s.free = s.free[n-1], s.free[:n-1]
		s.Slots[r.slot] = r
		return
	}
	r.slot = uint32(len(s.Slots))
	s.Slots = append(s.Slots, r)
	if s.byKey == nil && len(s.Slots) > manyRows {
		s.byKey = make(map[string]*Row, len(s.Slots))
		for _, other := range s.Slots {
			s.byKey[other.Key] = other
		}
	}
}

func (s *Shelf) take(r *Row) {
	delete(s.byKey, r.Key)
	s.Slots[r.slot] = nil
	s.free = append(s.free, r.slot)
}
