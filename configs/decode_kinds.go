package configs

import (
	"reflect"
	"strings"
)

// decodeKind puts a node into a value of a kind that Go knows.
func (l *loader) decodeKind(n *node, v reflect.Value, p path) {
	switch v.Kind() {
	case reflect.Struct:
		l.decodeStruct(n, v, p)
	case reflect.Map:
		l.decodeMap(n, v, p)
	case reflect.Slice:
		l.decodeList(n, v, p)
	case reflect.Interface:
		l.decodeAny(n, v, p)
	default:
		l.decodeScalar(n, v, p)
	}
}

func (l *loader) decodeStruct(n *node, v reflect.Value, p path) {
	if n.empty() {
		return // a section of which every key is commented out
	}
	if n.kind != mapping {
		l.wrong(n, p, "write key: value below it", "a mapping")
		return
	}
	fields := l.fieldsOf(v.Type())
	for _, pair := range n.pairs {
		f, known := fields[pair.key]
		if !known {
			l.unknownKey(pair, fields, p)
			continue
		}
		l.decodeTagged(pair.value, f.in(v), f.tag, p.key(pair.key))
	}
}

func (l *loader) unknownKey(k pair, fields map[string]field, p path) {
	if k.bare {
		l.problem(k.at, p, hintComma, "unknown key without a value")
		return
	}
	hint := ""
	if near := Nearest(k.key, sortedKeys(fields)); near != "" {
		hint = "did you mean " + near + "?"
		l.excused[p.key(near)] = true
	} else if names := sortedKeys(fields); len(names) > 0 && len(names) <= 12 {
		hint = "known: " + strings.Join(names, ", ")
	}
	l.problem(k.at, p.key(k.key), hint, "unknown key")
}

// decodeMap adds to the defaults: a key that is not named keeps its value.
func (l *loader) decodeMap(n *node, v reflect.Value, p path) {
	if n.kind != mapping && !n.empty() {
		l.wrong(n, p, "write key: value below it", "a mapping")
		return
	}
	out := reflect.MakeMap(v.Type())
	for _, key := range v.MapKeys() { // a new map: the default may be shared
		out.SetMapIndex(key, v.MapIndex(key))
	}
	for _, pair := range n.pairs {
		key := reflect.New(v.Type().Key()).Elem()
		before := len(l.problems)
		l.decode(&node{at: pair.at, tag: "!!str", text: pair.key}, key, p.key(pair.key))
		if len(l.problems) > before {
			continue
		}
		value := fresh(v.Type().Elem())
		if old := out.MapIndex(key); old.IsValid() {
			value.Set(old)
		}
		l.decode(pair.value, value, p.key(pair.key))
		out.SetMapIndex(key, value)
	}
	v.Set(out)
}

// decodeList replaces the default list.
func (l *loader) decodeList(n *node, v reflect.Value, p path) {
	if n.kind != list && !n.empty() {
		l.wrong(n, p, `write [a, b], or each item on a line that begins with "- "`, "a list")
		return
	}
	out := reflect.MakeSlice(v.Type(), 0, len(n.items))
	for i, item := range n.items {
		value := fresh(v.Type().Elem())
		if item.empty() {
			l.noValue(item, p.index(i))
		} else {
			l.decode(item, value, p.index(i))
		}
		out = reflect.Append(out, value)
	}
	v.Set(out)
}

// decodeAny leaves the type to YAML.
func (l *loader) decodeAny(n *node, v reflect.Value, p path) {
	value := reflect.New(v.Type())
	if err := n.yaml().Decode(value.Interface()); err != nil {
		l.refused(n, v, p, err)
		return
	}
	v.Set(value.Elem())
}
