package strictyaml

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Scalar is a single value of the type that it has in the file.
type Scalar struct {
	// Value is a string, an int64, a float64 or a bool; nil when the file has none.
	Value any
}

// anyScalar decodes a value that may have any type.
func (d *Document) anyScalar(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		d.breakAt(n, path, "%s is not a single value; write text, a number, true or false", describe(n))
		return
	}
	if d.tooLarge(n, path) {
		return
	}
	for _, into := range []any{new(string), new(bool), new(int64), new(float64)} {
		if value := reflect.ValueOf(into).Elem(); set(value, n.ShortTag(), n.Value) {
			v.Set(reflect.ValueOf(Scalar{value.Interface()}))
			return
		}
	}
	d.breakAt(n, path, "%s is no text, number, true or false; put it in quotes", describe(n))
}
