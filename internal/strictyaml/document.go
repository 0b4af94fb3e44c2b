// Package strictyaml reads the YAML files that people write for evenkeel. It tells all faults of a
// file at once, each with its line and column and with what would be right.
//
// A file is parsed, decoded into a struct with `yaml` tags and then checked by its owner, who
// reports against the path of a field:
//
//	doc, err := strictyaml.Parse(file, data)
//	doc.Decode(&policy)
//	doc.Require("replicas.min")
//	if policy.Replicas.Min < 0 {
//		doc.Fault("replicas.min", "%d is less than 0", policy.Replicas.Min)
//	}
//	return doc.Err()
package strictyaml

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// APIVersion is what every file of evenkeel says in its key apiVersion.
const APIVersion = "evenkeel/v1"

// Document is a parsed file. It knows where each of its fields stands and collects its faults.
type Document struct {
	file   string
	data   []byte
	root   *yaml.Node
	at     map[string]position // by path; what Decode has reached
	broken map[string]bool     // paths that have no usable value
	around map[string]bool     // paths that hold a broken one
	told   map[string]bool     // paths that Fault has reported
	faults Errors
}

type position struct{ line, column int }

// Text returns the text of a top-level key before anything is decoded; "" when it is not text.
func (d *Document) Text(key string) string {
	for i := 0; i+1 < len(d.root.Content); i += 2 {
		if n := resolve(d.root.Content[i+1]); d.root.Content[i].Value == key && n.ShortTag() == "!!str" {
			return n.Value
		}
	}
	return ""
}

// CheckVersion reports a file whose apiVersion is missing or another one than evenkeel/v1.
func (d *Document) CheckVersion() {
	d.Require("apiVersion")
	if v := d.Text("apiVersion"); d.Has("apiVersion") && v != APIVersion {
		d.Fault("apiVersion", "%s is not known; write %s", Quote(v), APIVersion)
	}
}

// Has says whether the file has a value at path. It sees top-level keys, and all keys once they
// are decoded.
func (d *Document) Has(path string) bool {
	_, ok := d.at[path]
	return ok
}

// Line returns the line of the value at path, of its key where a block begins below; 0 when the file does not have
// it.
func (d *Document) Line(path string) int { return d.at[path].line }

// Require reports each of the paths that the file does not have. They then count as not decoded.
func (d *Document) Require(paths ...string) {
	for _, path := range paths {
		if !d.Has(path) {
			d.Fault(path, "is missing")
			d.markBroken(path)
		}
	}
}

// Sound says whether everything at and below path is there and could be decoded. A check that compares two
// fields asks it first.
func (d *Document) Sound(path string) bool {
	if d.around[path] {
		return false
	}
	for ; path != ""; path = parent(path) {
		if d.broken[path] {
			return false
		}
	}
	return true
}

// Fault reports what is wrong with the field at path; a semicolon stands before what would be
// right. It is placed at the field or, when the file does not have it, at what should hold it. A
// field has one fault, the first: what follows from it would mislead.
func (d *Document) Fault(path, format string, args ...any) {
	if !d.Sound(path) || d.told[path] {
		return
	}
	d.told[path] = true
	d.report(d.position(path), path, fmt.Sprintf(format, args...))
}

// NewFault returns what Fault would report, for what is found only after the file was taken over.
func (d *Document) NewFault(path, format string, args ...any) *Error {
	at := d.position(path)
	return &Error{File: d.file, Line: at.line, Column: at.column, Field: oneLine(path), Problem: oneLine(fmt.Sprintf(format, args...))}
}

// Err returns all faults found so far as Errors, or nil.
func (d *Document) Err() error {
	if len(d.faults) == 0 {
		return nil
	}
	return d.faults.sorted()
}

func (d *Document) report(at position, path, problem string) {
	d.faults = append(d.faults, &Error{
		File: d.file, Line: at.line, Column: at.column, Field: oneLine(path), Problem: oneLine(problem),
	})
}

// breakAt reports a fault that leaves the field without a usable value.
func (d *Document) breakAt(n *yaml.Node, path, format string, args ...any) {
	d.markBroken(path)
	d.report(position{n.Line, n.Column}, path, fmt.Sprintf(format, args...))
}

func (d *Document) markBroken(path string) {
	d.broken[path] = true
	for path != "" {
		path = parent(path)
		d.around[path] = true
	}
}

// position finds path or the nearest thing around it.
func (d *Document) position(path string) position {
	for ; path != ""; path = parent(path) {
		if at, ok := d.at[path]; ok {
			return at
		}
	}
	return position{1, 1}
}

// parent returns what holds path. The name of an entry may have dots of its own, so that it may
// also return a path that there is not, on the way to one that there is.
func parent(path string) string { return path[:max(strings.LastIndexAny(path, ".["), 0)] }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// resolve follows an alias to what its anchor names.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}
