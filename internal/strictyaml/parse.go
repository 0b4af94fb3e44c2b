package strictyaml

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxBytes is the size above which no file is read.
const MaxBytes = 1 << 20

// What a file may hold at most. An alias counts with everything that it stands for.
const (
	maxNodes = 100_000
	maxDepth = 64
)

// Parse reads the one YAML document of a file, which must be a mapping. The error is Errors; then
// there is nothing to decode.
func Parse(file string, data []byte) (*Document, error) {
	d := &Document{
		file: file, data: data, at: map[string]position{},
		broken: map[string]bool{}, around: map[string]bool{}, told: map[string]bool{},
	}
	if len(data) > MaxBytes {
		d.report(position{1, 1}, "", "the file is larger than 1 MiB")
		return nil, d.Err()
	}
	nodes := 0
	docs, err := read(data)
	switch {
	case err != nil:
		d.syntax(data, err)
	case len(docs) == 0 || empty(docs[0]):
		d.report(position{1, 1}, "", "the file is empty")
	case len(docs) > 1:
		d.report(position{docs[1].Line, docs[1].Column}, "", "a second document begins here; write one document in each file")
	default:
		d.root = resolve(docs[0].Content[0])
		if n, problem := bounded(d.root, 1, &nodes); n != nil {
			d.report(position{n.Line, n.Column}, "", problem)
		} else if d.root.Kind != yaml.MappingNode {
			d.report(position{d.root.Line, d.root.Column}, "", "the file is not a mapping; write key: value")
		}
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	d.at = make(map[string]position, nodes/2) // about every other one is a key or an item
	d.place(d.root, "")
	return d, nil
}

// read returns the documents of a file, two at most: nobody needs the others.
func read(data []byte) ([]*yaml.Node, error) {
	var docs []*yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for len(docs) < 2 {
		var n yaml.Node
		if err := dec.Decode(&n); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		docs = append(docs, &n)
	}
	return docs, nil
}

// Holds says of a file that it is YAML with keys or a list in it, whatever they mean: more than nothing or a mere word.
func Holds(data []byte) bool {
	if len(data) > MaxBytes {
		return true
	}
	docs, err := read(data)
	return err == nil && len(docs) > 0 && !empty(docs[0]) && len(docs[0].Content[0].Content) > 0
}

func empty(doc *yaml.Node) bool {
	return len(doc.Content) == 0 || doc.Content[0].Tag == "!!null"
}

// bounded walks the tree as Decode would and returns the first node that goes beyond a bound. An
// anchor that holds an alias to itself ends at the depth.
func bounded(n *yaml.Node, depth int, nodes *int) (*yaml.Node, string) {
	*nodes++
	switch {
	case depth > maxDepth:
		return n, "is nested more than 64 levels deep"
	case *nodes > maxNodes:
		return n, "the file has more than 100000 values, counting what its aliases stand for"
	case n.Kind == yaml.AliasNode:
		return bounded(n.Alias, depth+1, nodes)
	}
	for _, c := range n.Content {
		if bad, problem := bounded(c, depth+1, nodes); bad != nil {
			return bad, problem
		}
	}
	return nil, ""
}

// place notes where the keys of a mapping stand: one with a scalar at its value, any other at the
// key itself, because a block begins a line below.
func (d *Document) place(mapping *yaml.Node, path string) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
			value = key
		}
		if p := join(path, key.Value); !d.Has(p) && len(key.Value) <= maxKey {
			d.at[p] = position{value.Line, value.Column}
		}
	}
}

var parserPrefix = regexp.MustCompile(`^yaml: (?:input error: )?(?:line \d+: )?`)

func problemOf(err error) string { return parserPrefix.ReplaceAllString(err.Error(), "") }

// syntax reports what the parser says. The parser names the line where the surrounding block
// begins, or none; the line that matters is the last one of the shortest beginning of the file
// that has the same problem.
func (d *Document) syntax(data []byte, err error) {
	problem := problemOf(err)
	lines := bytes.SplitAfter(data, []byte("\n"))
	ends := make([]int, len(lines))
	for i, line := range lines {
		ends[i] = len(line)
		if i > 0 {
			ends[i] += ends[i-1]
		}
	}
	last := sort.Search(len(lines)-1, func(i int) bool {
		_, err := read(data[:ends[i]])
		return err != nil && problemOf(err) == problem
	})
	line := string(lines[last])
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
		d.report(position{last + 1, tab + 1}, "", "a tab indents this line; use spaces")
		return
	}
	d.report(position{last + 1, len(indent) + 1}, "", "is not YAML: "+problem+"; check indentation, quotes and brackets")
}
