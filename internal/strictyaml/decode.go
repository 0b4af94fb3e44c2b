package strictyaml

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxKey bounds a key, in bytes.
const maxKey = 128

// Decode fills the struct that into points to and collects every fault on the way. Fields need a
// `yaml:"key"` tag; an embedded struct with `yaml:",inline"` adds its keys. Types are structs,
// pointers to them, maps with string keys, slices, Several, text, bool, numbers,
// encoding.TextUnmarshaler and Scalar; any other is a programmer's mistake and panics. Nothing is converted:
// text that looks like a number must be quoted, and empty text is no value.
func (d *Document) Decode(into any) {
	d.mapping(d.root, "", reflect.ValueOf(into).Elem())
}

func (d *Document) value(n *yaml.Node, path string, v reflect.Value) {
	n = resolve(n)
	_, isText := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr())
	switch kind := v.Kind(); {
	case n.ShortTag() == "!!null" && (kind == reflect.Slice || kind == reflect.Map):
		// A key whose entries are all commented out.
	case n.ShortTag() == "!!null" || n.ShortTag() == "!!str" && n.Value == "":
		d.breakAt(n, path, "has no value; give it one or remove the line")
	case v.Type() == reflect.TypeFor[Scalar]():
		d.anyScalar(n, path, v)
	case isText:
		d.scalar(n, path, v, "a single value")
	case kind == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, path, v.Elem())
	case kind == reflect.Struct:
		d.mapping(n, path, v)
	case kind == reflect.Map:
		d.entries(n, path, v)
	case kind == reflect.Slice && single(n, v.Type()):
		d.item(n, path, v)
	case kind == reflect.Slice:
		d.items(n, path, v)
	case kind == reflect.String:
		d.scalar(n, path, v, "text")
	case kind == reflect.Bool:
		d.scalar(n, path, v, "true or false")
	case v.CanInt():
		d.scalar(n, path, v, "a whole number")
	case v.CanFloat():
		d.scalar(n, path, v, "a number")
	default:
		panic("strictyaml: no way to decode into " + v.Type().String())
	}
}

// mapping decodes into a struct, whose keys are known.
func (d *Document) mapping(n *yaml.Node, path string, v reflect.Value) {
	known := fieldsOf(v.Type())
	keys := known.keys
	if n.Kind != yaml.MappingNode {
		d.breakAt(n, path, "%s is not a mapping; valid keys are %s", describe(n), strings.Join(keys, ", "))
		return
	}
	d.pairs(n, path, func(key, value *yaml.Node) {
		at := join(path, key.Value)
		if index, ok := known.index[key.Value]; ok {
			d.value(value, at, v.FieldByIndex(index))
		} else if near, ok := Nearest(key.Value, keys); ok {
			d.breakAt(key, at, "unknown key %s; did you mean %q?", Quote(key.Value), near)
			if meant := join(path, near); !d.Has(meant) {
				d.markBroken(meant) // it has its fault here
			}
		} else {
			d.breakAt(key, at, "unknown key %s; valid keys are %s", Quote(key.Value), strings.Join(keys, ", "))
		}
	})
}

func (d *Document) entries(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.breakAt(n, path, "%s is not a mapping; write name: value", describe(n))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	d.pairs(n, path, func(key, value *yaml.Node) {
		if len(key.Value) > maxKey {
			d.breakAt(key, join(path, "*"), "%s is longer than 128 bytes", Quote(key.Value))
			return
		}
		entry := reflect.New(v.Type().Elem()).Elem()
		d.value(value, join(path, key.Value), entry)
		v.SetMapIndex(reflect.ValueOf(key.Value).Convert(v.Type().Key()), entry)
	})
}

// pairs calls each for every key of a mapping that is plain and there for the first time.
func (d *Document) pairs(n *yaml.Node, path string, each func(key, value *yaml.Node)) {
	d.place(n, path)
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		line, again := first[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			d.report(position{key.Line, key.Column}, path, "a key must be plain text")
		case key.Tag == "!!merge":
			d.breakAt(key, path, "merge key << is refused; write the keys out")
		case again:
			d.breakAt(key, join(path, key.Value), "duplicate key %s; line %d has it already", Quote(key.Value), line)
		default:
			first[key.Value] = key.Line
			each(key, value)
		}
	}
}

func (d *Document) items(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.breakAt(n, path, "%s is not a list; write [a, b]", describe(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		d.at[at] = position{item.Line, item.Column}
		d.value(item, at, v.Index(i))
	}
}

// scalar decodes one value, which must already have the type that is wanted.
func (d *Document) scalar(n *yaml.Node, path string, v reflect.Value, wanted string) {
	if n.Kind != yaml.ScalarNode {
		d.breakAt(n, path, "%s is not %s", describe(n), wanted)
		return
	}
	if u, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		if err := u.UnmarshalText([]byte(n.Value)); err != nil {
			d.breakAt(n, path, "%s", err)
		}
		return
	}
	if (v.CanInt() || v.CanFloat()) && d.tooLarge(n, path) || set(v, n.ShortTag(), n.Value) {
		return
	}
	hint := ""
	if v.Kind() == reflect.String {
		hint = "; put it in quotes"
	}
	d.breakAt(n, path, "%s is not %s%s", describe(n), wanted, hint)
}

// set puts text of the YAML type tag into v and says whether it fits. Whole numbers are decimal:
// in YAML 1.1 and Go a leading 0 would make 010 the number 8. Nor are there digits with _ between them.
func set(v reflect.Value, tag, text string) bool {
	number := isNumber(tag) && !strings.Contains(text, "_")
	switch {
	case v.Kind() == reflect.String:
		v.SetString(text)
		return tag == "!!str"
	case v.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return tag == "!!bool" && err == nil
	case v.CanInt():
		i, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(i)
		return number && err == nil
	default:
		f, err := strconv.ParseFloat(text, v.Type().Bits())
		v.SetFloat(f)
		return number && err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
	}
}

// describe says in a message what stands in the file.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.ShortTag() == "!!str":
		return Quote(n.Value)
	}
	return plain(n.Value)
}
