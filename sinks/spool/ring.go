package spool

import "slices"

// ringBytes bounds the records that are kept in memory for Newest.
const ringBytes = 8 << 20

// ring is the newest records, in order, that were not handed out yet.
type ring struct {
	entries []Entry
	bytes   int // of memory
	points  int
	lines   int // bytes of them
}

func (r *ring) count(e *Entry, sign int) {
	r.bytes += sign * len(e.blocks)
	r.points += sign * e.Points
	r.lines += sign * e.Size()
}

func (r *ring) push(e Entry) {
	r.entries = append(r.entries, e)
	r.count(&e, 1)
}

// back puts a record before all others.
func (r *ring) back(e Entry) {
	r.entries = slices.Insert(r.entries, 0, e)
	r.count(&e, 1)
}

// take removes the first record; there must be one.
func (r *ring) take() Entry {
	e := r.entries[0]
	r.count(&e, -1)
	r.entries[0] = Entry{}
	if r.entries = r.entries[1:]; len(r.entries) == 0 {
		r.entries = nil
	}
	return e
}

// drop removes the records from..to, to not included.
func (r *ring) drop(from, to uint64) {
	r.entries = slices.DeleteFunc(r.entries, func(e Entry) bool {
		in := from <= e.Seq && e.Seq < to
		if in {
			r.count(&e, -1)
		}
		return in
	})
}
