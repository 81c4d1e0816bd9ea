package configs

import (
	"encoding"
	"errors"
	"reflect"
	"time"

	"go.yaml.in/yaml/v3"
)

// decode puts a node into v, which is addressable, and records every problem on the way.
func (l *loader) decode(n *node, v reflect.Value, p path) { l.decodeTagged(n, v, "", p) }

// decodeTagged is decode for a struct field; tag is its `config:"…"`.
func (l *loader) decodeTagged(n *node, v reflect.Value, tag string, p path) {
	if n.broken {
		return
	}
	if n.null() && !n.empty() { // null or ~: off, none
		v.SetZero()
		return
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(fresh(v.Type().Elem()).Addr())
		}
		l.decodeTagged(n, v.Elem(), tag, p)
		return
	}
	if v.Type() == reflect.TypeFor[File]() && n.kind == scalar && !n.empty() {
		name, ok := l.file(n, tag, p)
		l.excused[p] = !ok
		v.SetString(string(name))
		return
	}
	if l.decodeItself(n, v, p) {
		return
	}
	l.decodeKind(n, v, p)
}

// fresh makes a new value with the defaults of its type.
func fresh(t reflect.Type) reflect.Value {
	v := reflect.New(t)
	if d, ok := v.Interface().(Defaulter); ok {
		d.SetDefaults()
	}
	return v.Elem()
}

// decodeItself lets a type decode itself: from any node with UnmarshalYAML, from a scalar with
// UnmarshalText. A struct or list with UnmarshalText thus has a short form, and its long one stays
// strict. It reports whether the value is done.
func (l *loader) decodeItself(n *node, v reflect.Value, p path) bool {
	switch target := v.Addr().Interface().(type) {
	case *yaml.Node:
		*target = *n.yaml()
	case *time.Duration: // else it would be read as nanoseconds
		return l.decodeItself(n, reflect.ValueOf((*Duration)(target)).Elem(), p)
	case yaml.Unmarshaler:
		if err := target.UnmarshalYAML(n.yaml()); err != nil {
			l.refused(n, v, p, err)
		}
	case encoding.TextUnmarshaler:
		switch {
		case n.kind != scalar && hasLongForm(v.Type()):
			return false
		case n.kind != scalar:
			l.wrong(n, p, "", "a single value")
		case n.empty():
			l.noValue(n, p)
		default:
			if err := target.UnmarshalText([]byte(n.text)); err != nil {
				l.refused(n, v, p, err)
			}
		}
	default:
		return false
	}
	return true
}

func hasLongForm(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		return len(fieldsOf(t)) > 0
	case reflect.Slice, reflect.Map:
		return true
	}
	return false
}

// refused reports the error of a type that decodes itself. Such errors quote the value, so where an
// environment variable was put in, the message is ours.
func (l *loader) refused(n *node, v reflect.Value, p path, err error) {
	l.excused[p] = true
	message, hint := err.Error(), ""
	if n.hasVariable() {
		message = "what the environment variable holds is refused here, in " + n.show()
	}
	if v.Type() == reflect.TypeFor[Duration]() {
		hint = "write a number and its unit, as in 15s, 10m, 1h30m or 30d"
	}
	var typed *yaml.TypeError
	if errors.As(err, &typed) && !n.hasVariable() {
		for _, line := range typed.Errors {
			l.problem(n.at, p, hint, "%s", line)
		}
		return
	}
	l.problem(n.at, p, hint, "%s", message)
}

// hasVariable reports that the text of an environment variable is in a value.
func (n *node) hasVariable() bool {
	for _, item := range n.items {
		if item.hasVariable() {
			return true
		}
	}
	for _, pair := range n.pairs {
		if pair.value.hasVariable() {
			return true
		}
	}
	return n.raw != ""
}

// wrong reports a value of another shape than the key's.
func (l *loader) wrong(n *node, p path, hint, want string) {
	l.excused[p] = true
	l.problem(n.at, p, hint, "expected %s, found %s", want, n.describe())
}

func (l *loader) noValue(n *node, p path) {
	l.excused[p] = true
	l.problem(n.at, p, "write one, or remove the key", "has no value")
}
