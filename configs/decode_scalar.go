package configs

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// decodeScalar puts one value into a string, a bool or a number. A string takes the text as it is
// written, whatever YAML would make of it (version: 1.10); the others take digits with or without
// quotes, since ${PORT} is text.
func (l *loader) decodeScalar(n *node, v reflect.Value, p path) {
	if n.kind != scalar {
		l.wrong(n, p, "", wanted(v))
		return
	}
	if n.empty() {
		l.noValue(n, p)
		return
	}
	var err error
	switch {
	case v.Kind() == reflect.String:
		v.SetString(n.text)
	case v.Kind() == reflect.Bool:
		if n.text != "true" && n.text != "false" {
			err = errSyntax
		}
		v.SetBool(n.text == "true")
	case v.CanInt():
		var i int64
		if i, err = strconv.ParseInt(n.text, 10, v.Type().Bits()); err == nil {
			v.SetInt(i)
		}
	case v.CanUint():
		var u uint64
		if u, err = strconv.ParseUint(n.text, 10, v.Type().Bits()); err == nil {
			v.SetUint(u)
		}
	case v.CanFloat():
		var f float64
		f, err = strconv.ParseFloat(n.text, v.Type().Bits())
		if math.IsNaN(f) || math.IsInf(f, 0) {
			err = errSyntax
		}
		v.SetFloat(f)
	default:
		panic(fmt.Sprintf("configs: %s: no config can hold a %s", p, v.Type())) // a bug in the struct
	}
	if err == nil {
		return
	}
	l.excused[p] = true
	message := "expected " + wanted(v) + ", found " + n.show()
	if errors.Is(err, strconv.ErrRange) {
		message = n.show() + " is out of range"
	}
	l.problem(n.at, p, limits(v), "%s", message)
}

var errSyntax = strconv.ErrSyntax

func wanted(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.String:
		return "a text"
	case v.Kind() == reflect.Bool:
		return "true or false"
	case v.CanFloat():
		return "a number"
	}
	return "a whole number"
}

// limits tells how large a small integer may be.
func limits(v reflect.Value) string {
	bits := 0
	if v.CanInt() || v.CanUint() {
		bits = v.Type().Bits()
	}
	switch {
	case bits == 0 || bits == 64:
		return ""
	case v.CanUint():
		return fmt.Sprintf("0 to %d", uint64(1)<<bits-1)
	}
	return fmt.Sprintf("%d to %d", -(int64(1) << (bits - 1)), int64(1)<<(bits-1)-1)
}
