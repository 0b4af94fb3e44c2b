package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"strings"
	"sync"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// header is what every definition begins with.
type header struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
}

type metadata struct {
	// Name tells the definition from others of its kind.
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
}

// reading is a file that was read.
type reading struct {
	file string
	key  id
	// text is what is in the file, as far as it was read.
	text []byte
	// value is what the decoder of the kind returned; nil when the file holds no definition.
	value any
	doc   *strictyaml.Document // nil when the file is not even YAML
	err   error                // what is wrong beside the faults of doc
}

// faults are all that is wrong with the file.
func (r *reading) faults() error {
	if r.doc == nil {
		return r.err
	}
	return errors.Join(r.doc.Err(), r.err)
}

// read decodes every definition of a tree, in the order of the files. prefix goes before its paths in messages. load
// returns what is in one of the files; that it cannot is a fault of that file.
func read(tree fs.FS, prefix string, load func(path string) ([]byte, error)) ([]*reading, error) {
	var paths []string
	err := fs.WalkDir(tree, ".", func(p string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != "." && strings.HasPrefix(entry.Name(), "."):
			// Version control, editors and mounted Kubernetes volumes keep copies there.
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !entry.IsDir() && (path.Ext(p) == ".yml" || path.Ext(p) == ".yaml"):
			paths = append(paths, p)
		}
		return nil
	})
	var readings []*reading
	if err == nil {
		readings, err = inParallel(paths, func(p string) (*reading, error) {
			data, err := load(p)
			switch {
			case path.Ext(p) == ".yml":
				return &reading{file: prefix + p, text: data, err: notRead(prefix + p)}, nil
			case err != nil:
				return &reading{file: prefix + p, err: err}, nil
			}
			return decode(prefix+p, data), nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("templates in %s: %w", prefix, err)
	}
	return readings, nil
}

func notRead(file string) error {
	return fmt.Errorf("%s: would not be read; rename it to end in .yaml", file)
}

// inParallel calls do for every item on all cores and returns the results in order.
func inParallel[T, R any](items []T, do func(T) (R, error)) ([]R, error) {
	results, errs := make([]R, len(items)), make([]error, len(items))
	var wait sync.WaitGroup
	cores := min(runtime.GOMAXPROCS(0), len(items))
	for core := range cores {
		wait.Go(func() {
			for i := core; i < len(items); i += cores {
				results[i], errs[i] = do(items[i])
			}
		})
	}
	wait.Wait()
	return results, errors.Join(errs...)
}

// decode reads one definition. The kind comes first, because it says which keys are valid.
func decode(file string, data []byte) *reading {
	doc, err := strictyaml.Parse(file, data)
	if err != nil {
		return &reading{file: file, text: data, err: err}
	}
	r := &reading{file: file, text: data, doc: doc}
	doc.CheckVersion()
	kind := doc.Text("kind")
	decodeKind, ok := kinds[kind]
	switch {
	case !ok:
		checkKind(doc, kind)
		return r
	case kind == runbookKind && len(data) > maxRunbookBytes:
		r.err = &strictyaml.Error{File: file, Line: 1, Column: 1, Problem: "the file is larger than 256 KiB; split the runbook"}
		r.doc = nil
		return r
	}
	head, value := decodeKind(doc)
	name := head.Metadata.Name
	doc.Require("metadata.name")
	if !strictyaml.IsName(name) {
		doc.Fault("metadata.name", "%s is not a name; %s", strictyaml.Quote(name), strictyaml.NameRule)
	}
	if draft, ok := value.(*runbookDraft); ok {
		draft.file, draft.definition.SHA256 = file, sum(data)
	}
	r.key, r.value = id{kind, name}, value
	return r
}

func checkKind(doc *strictyaml.Document, kind string) {
	doc.Require("kind")
	known := kindNames()
	if near, ok := strictyaml.Nearest(kind, known); ok {
		doc.Fault("kind", "unknown kind %s; did you mean %q?", strictyaml.Quote(kind), near)
	}
	doc.Fault("kind", "unknown kind %s; valid kinds are %s", strictyaml.Quote(kind), strings.Join(known, ", "))
}
