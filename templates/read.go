package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

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

// read decodes every definition of a tree. prefix goes before its paths in messages.
func read(tree fs.FS, prefix string) (map[id]definition, error) {
	found, faults := map[id]definition{}, []error(nil)
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
		case !entry.IsDir() && path.Ext(p) == ".yml":
			faults = append(faults, fmt.Errorf("%s: would not be read; rename it to end in .yaml", prefix+p))
			return nil
		case entry.IsDir() || path.Ext(p) != ".yaml":
			return nil
		}
		data, err := fs.ReadFile(tree, p)
		if err != nil {
			return err
		}
		key, value, err := decode(prefix+p, data)
		if err != nil {
			faults = append(faults, err)
		} else if other, twice := found[key]; twice {
			faults = append(faults, fmt.Errorf("%s: %s %q is also in %s; keep one", prefix+p, key.kind, key.name, other.file))
		} else {
			found[key] = definition{prefix + p, value}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("templates in %s: %w", prefix, err)
	}
	return found, errors.Join(faults...)
}

// decode reads one definition. The kind comes first, because it says which keys are valid.
func decode(file string, data []byte) (id, any, error) {
	doc, err := strictyaml.Parse(file, data)
	if err != nil {
		return id{}, nil, err
	}
	doc.CheckVersion()
	kind := doc.Text("kind")
	decodeKind, ok := kinds[kind]
	if !ok {
		checkKind(doc, kind)
		return id{}, nil, doc.Err()
	}
	head, value := decodeKind(doc)
	name := head.Metadata.Name
	doc.Require("metadata.name")
	if !strictyaml.IsName(name) {
		doc.Fault("metadata.name", "%s is not a name; %s", strictyaml.Quote(name), strictyaml.NameRule)
	}
	return id{kind, name}, value, doc.Err()
}

func checkKind(doc *strictyaml.Document, kind string) {
	doc.Require("kind")
	known := slices.Sorted(maps.Keys(kinds))
	if near, ok := strictyaml.Nearest(kind, known); ok {
		doc.Fault("kind", "unknown kind %s; did you mean %q?", strictyaml.Quote(kind), near)
	}
	doc.Fault("kind", "unknown kind %s; valid kinds are %s", strictyaml.Quote(kind), strings.Join(known, ", "))
}
