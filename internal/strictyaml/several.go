package strictyaml

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Several is a list that may be written as its only item.
type Several[T any] []T

func (Several[T]) several() {}

// single says whether n is the only item of a Several.
func single(n *yaml.Node, t reflect.Type) bool {
	return n.Kind != yaml.SequenceNode && t.Implements(reflect.TypeFor[interface{ several() }]())
}

// item decodes the only item of a Several; it has the path of the list.
func (d *Document) item(n *yaml.Node, path string, v reflect.Value) {
	v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	d.value(n, path, v.Index(0))
}
