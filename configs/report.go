package configs

import (
	"fmt"
	"slices"
)

// Validator is implemented by a config struct that can tell more about its values than their types
// do. Load calls Validate on the root only; a root calls it on its parts with r.At("key"). It also
// runs when the file had other problems, so it must cope with values that could not be read.
type Validator interface{ Validate(r *Report) }

// Defaulter is implemented by a struct that stands in a list, a map or behind a nil pointer, and has
// defaults of its own: Load calls SetDefaults before it decodes into a new one.
type Defaulter interface{ SetDefaults() }

// Report collects the problems of one file, and knows the place it stands at.
type Report struct {
	path path
	keys []any
	sink func(keys []any, p path, message, hint string)
}

// NewReport makes a report that hands each problem to sink: for tests of a Validate method.
func NewReport(sink func(path, message, hint string)) *Report {
	return &Report{sink: func(_ []any, p path, message, hint string) { sink(string(p), message, hint) }}
}

// At returns a report that stands deeper: a string is a key, an int is the index in a list.
func (r *Report) At(keys ...any) *Report {
	p := r.path
	for _, k := range keys {
		if i, ok := k.(int); ok {
			p = p.index(i)
			continue
		}
		p = p.key(fmt.Sprint(k))
	}
	return &Report{path: p, keys: slices.Concat(r.keys, keys), sink: r.sink}
}

// Errorf adds a problem at this place. hint says what to do; it may be "".
func (r *Report) Errorf(hint, format string, args ...any) {
	r.sink(r.keys, r.path, fmt.Sprintf(format, args...), hint)
}

// path is a place in the config as people write it: devices[3].address.
type path string

func (p path) key(k string) path {
	if p == "" {
		return path(k)
	}
	return p + "." + path(k)
}

func (p path) index(i int) path { return path(fmt.Sprintf("%s[%d]", p, i)) }
