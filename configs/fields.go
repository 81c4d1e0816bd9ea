package configs

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// field is one key of a struct.
type field struct {
	index []int  // through inline structs
	tag   string // `config:"…"`
}

// in returns the field of a struct, making the inline structs behind nil pointers on the way.
func (f field) in(v reflect.Value) reflect.Value {
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(fresh(v.Type().Elem()).Addr())
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v
}

// fieldsOf lists the keys of a struct by the rules of yaml tags: the tag's name, else the field's in
// lower case; "-" is none; ",inline" lifts the keys of a struct. The outer of two equal keys counts.
func fieldsOf(t reflect.Type) map[string]field {
	out := map[string]field{}
	var inline []reflect.StructField
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case slices.Contains(strings.Split(options, ","), "inline"):
			inline = append(inline, f)
		case name == "":
			out[strings.ToLower(f.Name)] = field{f.Index, f.Tag.Get("config")}
		default:
			out[name] = field{f.Index, f.Tag.Get("config")}
		}
	}
	for _, f := range inline {
		for name, inner := range fieldsOf(deref(f.Type)) {
			if _, outer := out[name]; !outer {
				out[name] = field{slices.Concat(f.Index, inner.index), inner.tag}
			}
		}
	}
	return out
}

func deref(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func sortedKeys(fields map[string]field) []string { return slices.Sorted(maps.Keys(fields)) }
