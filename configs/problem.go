package configs

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Problem is one thing wrong in a config file.
type Problem struct {
	File         string
	Line, Column int    // 1-based; 0 if the problem is the file's as a whole
	Path         string // devices[3].address
	Message      string
	Hint         string // what to do about it
}

// Error is "file:line:column: path: message (hint)".
func (p Problem) Error() string {
	s := p.File
	if p.Line > 0 {
		s += ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
	}
	s += ": "
	if p.Path != "" {
		s += p.Path + ": "
	}
	s += p.Message
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return strings.Map(printable, s)
}

// printable keeps a problem on one line, whatever a key holds, and away from the terminal's controls.
func printable(r rune) rune {
	if unicode.IsControl(r) {
		return unicode.ReplacementChar
	}
	return r
}

// Problems is everything wrong in a config file and the files it includes, in the order in which a
// person reads them. It is what Load and Parse return; errors.As finds the first Problem in it.
type Problems []Problem

// Error is one problem per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As look at each of them.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// sorted orders by file, as they were read, then by place; one place says one thing once.
func sorted(ps []Problem, files []string) Problems {
	order := make(map[string]int, len(files))
	for i, f := range files {
		order[f] = i
	}
	ps = slices.Clone(ps)
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(ps, func(a, b Problem) bool {
		a.Path, b.Path = "", "" // an alias shows one place under several paths
		return a == b
	})
}
