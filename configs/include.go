package configs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxIncluded bounds a glob that matches more than was meant.
const maxIncluded = 1000

// include merges the files that root names in include: into it. Lists are appended and mappings
// merged; a value that two files set is a problem. An included file may include others.
func (l *loader) include(root *node) {
	in := root.take("include")
	if in == nil {
		return
	}
	l.expand(in, "include")
	patterns := in.items
	if in.kind == scalar {
		patterns = []*node{in}
	}
	if in.kind == mapping {
		l.problem(in.at, "include", "write include: [conf.d/*.yaml]", "expected a list of files, found a mapping")
	}
	for i, pattern := range patterns {
		for _, name := range l.matches(pattern, path("include").index(i)) {
			l.includeFile(root, pattern, name)
		}
	}
}

// take removes a key and returns its value.
func (n *node) take(key string) *node {
	i := slices.IndexFunc(n.pairs, func(p pair) bool { return p.key == key })
	if i < 0 {
		return nil
	}
	value := n.pairs[i].value
	n.pairs = slices.Delete(n.pairs, i, i+1)
	return value
}

// matches lists the files of one pattern, sorted by name. Hidden files are an editor's, not ours.
func (l *loader) matches(pattern *node, p path) []string {
	if pattern.kind != scalar || pattern.text == "" {
		l.problem(pattern.at, p, "write include: [conf.d/*.yaml]", "expected the name of a file, found %s", pattern.describe())
		return nil
	}
	glob := pattern.text
	if !filepath.IsAbs(glob) {
		glob = filepath.Join(base(pattern.at.file), glob)
	}
	l.read.globs[glob] = matched(glob)
	names, err := filepath.Glob(glob)
	if err != nil {
		l.problem(pattern.at, p, "see the manual of glob(7)", "not a pattern of file names: %s", pattern.show())
		return nil
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		return strings.HasPrefix(filepath.Base(name), ".") && !strings.HasPrefix(filepath.Base(glob), ".")
	})
	if len(names) == 0 && !strings.ContainsAny(glob, "*?[") {
		l.problem(pattern.at, p, "paths start from the folder of the file that includes", "no such file: %s", pattern.show())
	}
	return names
}

func (l *loader) includeFile(root, pattern *node, name string) {
	if slices.ContainsFunc(l.files, func(f string) bool { return sameFile(f, name) }) {
		l.problem(pattern.at, "include", "include each file once", "%s is read already", name)
		return
	}
	if len(l.files) > maxIncluded {
		l.problem(pattern.at, "include", "check the pattern", "more than %d files", maxIncluded)
		return
	}
	data, err := l.readFile(name)
	if err != nil {
		l.files = append(l.files, name)
		l.fileProblem(name, err)
		return
	}
	if part := l.document(name, data); part != nil {
		l.include(part)
		l.mergeInto(root, part, "")
	}
}

func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// mergeInto adds the pairs of one mapping to another.
func (l *loader) mergeInto(into, from *node, p path) {
	have := make(map[string]*pair, len(into.pairs))
	for i := range into.pairs {
		have[into.pairs[i].key] = &into.pairs[i]
	}
	var added []pair
	for _, f := range from.pairs {
		old := have[f.key]
		switch {
		case old == nil:
			added = append(added, f)
		case old.value.kind == mapping && f.value.kind == mapping:
			l.mergeInto(old.value, f.value, p.key(f.key))
		case old.value.kind == list && f.value.kind == list:
			old.value.items = append(old.value.items, f.value.items...)
		case f.value.empty():
		case old.value.empty():
			*old = f
		default:
			l.problem(f.at, p.key(f.key), "keep one of them", "is set already at %s:%d:%d", old.at.file, old.at.line, old.at.column)
		}
	}
	into.pairs = append(into.pairs, added...)
}
