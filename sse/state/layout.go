package state

import "slices"

// Layout names the fields of rows or events, in order. It never changes; With makes another one.
type Layout struct {
	names  []string
	quoted []string
	index  map[string]int
}

// NewLayout makes a layout of the given fields.
func NewLayout(names ...string) *Layout {
	l := &Layout{names: slices.Clone(names), index: make(map[string]int, len(names))}
	for i, name := range l.names {
		l.quoted = append(l.quoted, Quoted(name))
		l.index[name] = i
	}
	return l
}

// With returns a layout that has these fields, then the ones that are new.
func (l *Layout) With(names ...string) *Layout {
	all := slices.Clone(l.names)
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	if len(all) == len(l.names) {
		return l
	}
	return NewLayout(all...)
}

// Names lists the fields. The slice is shared: do not change it.
func (l *Layout) Names() []string { return l.names }

// Index returns the place of a field, -1 if there is none of that name.
func (l *Layout) Index(name string) int {
	if i, ok := l.index[name]; ok {
		return i
	}
	return -1
}

// Quoted returns the name of field i as it stands in an object: quoted, with its colon.
func (l *Layout) Quoted(i int) string { return l.quoted[i] }

// Quoted returns name as it stands in an object: quoted, with its colon.
func Quoted(name string) string { return string(append(AppendString(nil, name), ':')) }
