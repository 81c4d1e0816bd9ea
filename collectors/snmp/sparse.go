package snmp

import "slices"

// sparse is an array of which few places are used: a device has few of the many things that it may be
// asked for.
type sparse[T any] struct {
	places []uint16 // in order
	values []*T
}

// at returns what is at a place, nil if nothing is.
func (s *sparse[T]) at(place int) *T {
	if i, ok := slices.BinarySearch(s.places, uint16(place)); ok {
		return s.values[i]
	}
	return nil
}

// put fills a place that is empty.
func (s *sparse[T]) put(place int, value *T) {
	i, _ := slices.BinarySearch(s.places, uint16(place))
	s.places = slices.Insert(s.places, i, uint16(place))
	s.values = slices.Insert(s.values, i, value)
}
