// Package templates holds the definitions that people edit. Those of this folder are built in; an
// installation's own folder overlays them.
package templates

import (
	"embed"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

//go:embed scaling/*.yaml
var embedded embed.FS

// kinds says how the definitions of each kind are read. A decoder returns what the file begins with
// and its content, and reports faults in the document.
var kinds = map[string]func(*strictyaml.Document) (header, any){
	scalingPolicy: decodeScalingPolicy,
}

// Set holds the definitions of an installation.
type Set struct {
	definitions map[id]definition
}

type id struct{ kind, name string }

type definition struct {
	file  string // for messages
	value any    // the content that the decoder of the kind returned
}

// Load returns the built-in definitions overlaid by those of every *.yaml file in and below dir: one
// of the same kind and name replaces the built-in one whole. Names in disabled are left out; each
// must be there. An empty dir means no overlay. The error tells the faults of all files, each
// file's as strictyaml.Errors.
func Load(dir string, disabled []string) (*Set, error) {
	builtIn, err := read(embedded, "templates/")
	if err != nil {
		return nil, err
	}
	set := &Set{definitions: builtIn}
	if dir != "" {
		if info, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("templates: %w", err)
		} else if !info.IsDir() {
			return nil, fmt.Errorf("templates: %s is not a folder", dir)
		}
		own, err := read(os.DirFS(dir), dir+"/")
		if err != nil {
			return nil, err
		}
		maps.Copy(set.definitions, own)
	}
	if err := set.disable(disabled); err != nil {
		return nil, err
	}
	return set, nil
}

// disable drops the definitions of these names, of whatever kind.
func (s *Set) disable(names []string) error {
	var all []string
	for key := range s.definitions {
		all = append(all, key.name)
	}
	slices.Sort(all)
	for _, name := range names {
		if !slices.Contains(all, name) {
			hint := "the definitions are " + strings.Join(slices.Compact(all), ", ")
			if near, ok := strictyaml.Nearest(name, all); ok {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			return fmt.Errorf("disabled: there is no definition %s; %s", strictyaml.Quote(name), hint)
		}
		maps.DeleteFunc(s.definitions, func(key id, _ definition) bool { return key.name == name })
	}
	return nil
}
