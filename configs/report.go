package configs

import "fmt"

// Validator is implemented by a config struct that can tell more about its values than their types
// do. Load calls Validate on the root only; a root calls it on its parts with r.At("key").
type Validator interface{ Validate(r *Report) }

// Problem is one thing wrong in a config file.
type Problem struct {
	File         string
	Line, Column int    // 1-based; 0 if the place is not known
	Path         string // devices[3].address
	Message      string
	Hint         string // what to do about it
}

// Error is "file:line:column: path: message (hint)".
func (p Problem) Error() string {
	s := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Path != "" {
		s += p.Path + ": "
	}
	s += p.Message
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// Report collects the problems of one file, and knows the place it stands at.
type Report struct {
	path string
	sink func(path, message, hint string)
}

// NewReport makes a report that hands each problem to sink: for tests of a Validate method.
func NewReport(sink func(path, message, hint string)) *Report { return &Report{sink: sink} }

// At returns a report that stands deeper: a string is a key, an int is the index in a list.
func (r *Report) At(keys ...any) *Report {
	path := r.path
	for _, k := range keys {
		if i, ok := k.(int); ok {
			path += fmt.Sprintf("[%d]", i)
			continue
		}
		if path != "" {
			path += "."
		}
		path += fmt.Sprint(k)
	}
	return &Report{path: path, sink: r.sink}
}

// Errorf adds a problem at this place. hint says what to do; it may be "".
func (r *Report) Errorf(hint, format string, args ...any) {
	r.sink(r.path, fmt.Sprintf(format, args...), hint)
}
