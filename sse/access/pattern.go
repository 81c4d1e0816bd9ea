package access

import (
	"path"
	"slices"
	"strings"

	"github.com/routerpulse/routerpulse/configs"
)

// Patterns are names of channels, in which * stands for any part.
type Patterns []string

// Match reports whether a name is one of them.
func (p Patterns) Match(name string) bool {
	return slices.ContainsFunc(p, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}

// Validate reports what is wrong with them.
func (p Patterns) Validate(r *configs.Report) {
	for i, name := range p {
		if !plainPattern(name) {
			r.At(i).Errorf("use letters, digits, - _ . : @ = and * for any part", "%q is no name for channels", name)
		}
	}
}

// plainPattern refuses what path.Match would take for more than a name with stars.
func plainPattern(s string) bool {
	return s != "" && len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:@=*", r)
	})
}
