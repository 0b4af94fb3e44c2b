package strictyaml

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Several is a list that may be written as its only item.
type Several[T any] []T

// single tells the type from other lists.
func (Several[T]) single() bool { return true }

// single says whether n is the only item of a Several.
func single(n *yaml.Node, t reflect.Type) bool {
	list, ok := reflect.TypeAssert[interface{ single() bool }](reflect.Zero(t))
	return ok && list.single() && n.Kind != yaml.SequenceNode
}

// item decodes the only item of a Several; it has the path of the list.
func (d *Document) item(n *yaml.Node, path string, v reflect.Value) {
	v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	d.value(n, path, v.Index(0))
}
