package spool

import "slices"

// interval are the sequence numbers from..to, both included.
type interval struct{ from, to uint64 }

// intervals are sequence numbers that are settled, in order, no two of them touching.
type intervals []interval

// add adds from..to.
func (v *intervals) add(from, to uint64) {
	list := *v
	i, _ := slices.BinarySearchFunc(list, from, func(x interval, from uint64) int {
		if x.to+1 < from {
			return -1
		}
		return 1
	})
	j := i
	for j < len(list) && list[j].from <= to+1 {
		from, to = min(from, list[j].from), max(to, list[j].to)
		j++
	}
	*v = slices.Replace(list, i, j, interval{from, to})
}

// has reports that a number is among them.
func (v intervals) has(seq uint64) bool {
	i, _ := slices.BinarySearchFunc(v, seq, func(x interval, seq uint64) int {
		if x.to < seq {
			return -1
		}
		return 1
	})
	return i < len(v) && v[i].from <= seq
}

// covers reports that all of from..to are among them.
func (v intervals) covers(from, to uint64) bool {
	for _, x := range v {
		if x.from <= from && to <= x.to {
			return true
		}
	}
	return false
}

// count counts those of from..to, to not included.
func (v intervals) count(from, to uint64) (n uint64) {
	for _, x := range v {
		if low, high := max(x.from, from), min(x.to+1, to); low < high {
			n += high - low
		}
	}
	return n
}
