// Package configs reads config files: strict YAML with ${ENV}, include: and secrets, that reports
// every mistake at once, each with its file, line, column and what to do about it. It knows nothing of
// what is configured: the packages that are configured declare the structs.
package configs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
)

// Load reads a YAML file and the files it includes into a pointer to a struct. The defaults are what
// the struct holds before: a key sets its field, a mapping sets what it names, a list replaces the
// default list. The error is Problems unless into is of no use; the struct is then half filled and
// must not be used.
func Load(name string, into any) error {
	_, err := LoadFiles(name, into)
	return err
}

// LoadFiles is Load for who wants to know when to read again: it tells what was read, even when the
// error is not nil.
func LoadFiles(name string, into any) (*Files, error) {
	l := newLoader()
	return l.read, l.load(name, into)
}

func (l *loader) load(name string, into any) error {
	data, err := l.readFile(name)
	if err != nil {
		l.files = append(l.files, name)
		l.fileProblem(name, err)
		return l.result()
	}
	return l.run(name, data, into)
}

// Parse is Load for bytes at hand. name is what problems call them; relative paths inside start from
// its folder.
func Parse(name string, data []byte, into any) error {
	return newLoader().run(name, data, into)
}

// loader reads one config: it gathers the problems and the files in the order they are met.
type loader struct {
	env      func(string) (string, bool)
	files    []string
	problems []Problem
	// excused are paths whose value could not be read: what Validate says of them is a consequence.
	excused map[path]bool
	structs map[reflect.Type]map[string]field
	read    *Files
}

func newLoader() *loader {
	return &loader{env: os.LookupEnv, excused: map[path]bool{}, structs: map[reflect.Type]map[string]field{}, read: newFiles()}
}

// fieldsOf is the function of that name, once per type: there may be ten thousand devices.
func (l *loader) fieldsOf(t reflect.Type) map[string]field {
	if l.structs[t] == nil {
		l.structs[t] = fieldsOf(t)
	}
	return l.structs[t]
}

// place is where a node stands.
type place struct {
	file         string
	line, column int
}

// problem records what is wrong at a place.
func (l *loader) problem(at place, p path, hint, format string, args ...any) {
	l.problems = append(l.problems, Problem{File: at.file, Line: at.line, Column: at.column,
		Path: string(p), Message: fmt.Sprintf(format, args...), Hint: hint})
}

func (l *loader) fileProblem(name string, err error) {
	p := Problem{File: name, Message: err.Error()}
	var known *fileError
	if errors.As(err, &known) {
		p.Message, p.Hint = known.message, known.hint
	}
	l.problems = append(l.problems, p)
}

func (l *loader) result() error {
	if len(l.problems) == 0 {
		return nil
	}
	return sorted(l.problems, l.files)
}

func (l *loader) run(name string, data []byte, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("configs: cannot load into %T: want a pointer to a struct", into)
	}
	root := l.document(name, data)
	if root == nil {
		return l.result()
	}
	l.include(root)
	l.expand(root, "")
	l.decode(root, v.Elem(), "")
	if validator, ok := into.(Validator); ok {
		validator.Validate(&Report{sink: func(keys []any, p path, message, hint string) {
			if !l.isExcused(keys) {
				l.problem(root.locate(keys), p, hint, "%s", root.hideVariables(keys, message))
			}
		}})
	}
	return l.result()
}

// isExcused reports that a value on the way to the place could not be read: a second complaint, say
// that a misspelt key is missing, would only hide the first.
func (l *loader) isExcused(keys []any) bool {
	r := &Report{}
	for _, k := range keys {
		if r = r.At(k); l.excused[r.path] {
			return true
		}
	}
	return false
}

// base is the folder that relative paths in a config file start from: its own.
func base(file string) string { return filepath.Dir(file) }
