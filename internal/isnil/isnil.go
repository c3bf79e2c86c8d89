// Package isnil finds typed nil pointers, which are not nil as values of an interface and fail only
// in use.
package isnil

import "reflect"

// Value reports whether a value of an interface is nil, or holds a nil pointer, function, map,
// channel or slice.
func Value(v any) bool {
	if v == nil {
		return true
	}

	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan, reflect.Slice:
		return r.IsNil()
	default:
		return false
	}
}
