// Package templates holds the definitions that people edit. Those of this folder are built in; an
// installation's own folder overlays them.
package templates

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

//go:embed scaling/*.yaml runbooks/*.yaml
var embedded embed.FS

// kinds says how the definitions of each kind are read. A decoder returns what the file begins with
// and its content, and reports faults in the document. The content may be shipped and lintable.
var kinds = map[string]func(*strictyaml.Document) (header, any){
	scalingPolicy: decodeScalingPolicy,
	runbookKind:   decodeRunbook,
	runbookTest:   decodeRunbookTest,
}

// kindNames are the kinds in the order of their names.
func kindNames() []string { return slices.Sorted(maps.Keys(kinds)) }

// shipped is the content of a definition that has to know whether it is built in.
type shipped interface{ ship() }

// origin makes the content that embeds it a shipped.
type origin struct{ builtIn bool }

func (o *origin) ship() { o.builtIn = true }

// Set holds the definitions of an installation.
type Set struct {
	definitions map[id]definition
	// called are the runbooks by their names and aliases.
	called map[string]*runbookDraft
	// disabled are the names that were left out.
	disabled []string
	// faulty are the definitions that are not used because of a fault.
	faulty map[id]Faulty
	// own is the SHA-256 of the files of the installation's folder.
	own string
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
	set, readings, err := load(dir, disabled, nil, nil)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, r := range readings {
		faults = append(faults, r.faults())
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return set, nil
}

// load reads the built-in definitions and those of dir, puts those that are given over them, and leaves out what is
// known as faulty. The set may hold others that have faults; they are told by the readings, which end with those given.
func load(dir string, disabled []string, given []*reading, faulty map[id]Faulty) (*Set, []*reading, error) {
	readings, err := read(embedded, "templates/", embedded.ReadFile)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range readings {
		if content, ok := r.value.(shipped); ok {
			content.ship()
		}
	}
	set := &Set{definitions: map[id]definition{}, faulty: faulty}
	set.add(readings)
	if dir != "" {
		switch info, err := os.Stat(dir); {
		case errors.Is(err, fs.ErrNotExist):
			return nil, nil, &fieldError{"templates_dir", dir + " does not exist; make the folder or remove the line", err}
		case err != nil:
			return nil, nil, &fieldError{"templates_dir", err.Error(), err}
		case !info.IsDir():
			return nil, nil, &fieldError{"templates_dir", dir + " is not a folder; name the folder of your definitions", nil}
		}
		own, err := read(os.DirFS(dir), dir+"/", func(path string) ([]byte, error) {
			return textfile.Read(filepath.Join(dir, filepath.FromSlash(path)), strictyaml.MaxBytes)
		})
		if err != nil {
			return nil, nil, err
		}
		set.add(own)
		set.own = sumOf(own, dir)
		readings = append(readings, own...)
	}
	// A name that is not there may stand in a file that cannot be read.
	if err := set.disable(disabled); err != nil && !slices.ContainsFunc(readings, func(r *reading) bool { return r.faults() != nil }) {
		return nil, nil, err
	}
	set.replace(given, dir)
	maps.DeleteFunc(set.definitions, func(key id, _ definition) bool { return set.isFaulty(key) })
	readings = append(readings, given...)
	set.link(readings)
	return set, readings, nil
}

// SHA256 is the SHA-256 of the names and texts of the files in the installation's folder, in hexadecimal digits; empty
// without one. It says whether two programs have read the same.
func (s *Set) SHA256() string { return s.own }

func sumOf(readings []*reading, dir string) string {
	var all []byte
	for _, r := range readings {
		all = fmt.Appendf(all, "%q %s\n", strings.TrimPrefix(r.file, dir+"/"), sum(r.text))
	}
	return sum(all)
}

// fieldError is what is wrong with a field of the configuration.
type fieldError struct {
	field, problem string
	cause          error
}

// Error names the field.
func (e *fieldError) Error() string { return e.field + ": " + e.problem }

// Unwrap is the system's own error.
func (e *fieldError) Unwrap() error { return e.cause }

// Placed gives an error of this package that is about a field of the configuration its place in the file.
func Placed(c *config.Config, err error) error {
	if e, ok := errors.AsType[*fieldError](err); ok {
		return c.Fault(e.field, "%s", e.problem)
	}
	return err
}

// add puts the definitions of one tree over those that are there.
func (s *Set) add(readings []*reading) {
	here := map[id]string{}
	for _, r := range readings {
		if r.value == nil || !strictyaml.IsName(r.key.name) {
			continue
		}
		if other, twice := here[r.key]; twice {
			r.err = fmt.Errorf("%s: %s %q is also in %s; keep one", r.file, r.key.kind, r.key.name, other)
			continue
		}
		here[r.key] = r.file
		s.definitions[r.key] = definition{r.file, r.value}
	}
}

// disable drops the definitions of these names, of whatever kind. The error is the first name that is not there.
func (s *Set) disable(names []string) error {
	var all []string
	for key := range s.definitions {
		all = append(all, key.name)
	}
	slices.Sort(all)
	s.disabled = names
	var fault error
	for i, name := range names {
		if !slices.Contains(all, name) && fault == nil {
			hint := "the definitions are " + strings.Join(slices.Compact(slices.Clone(all)), ", ")
			if near, ok := strictyaml.Nearest(name, all); ok {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			fault = &fieldError{fmt.Sprintf("disabled[%d]", i), fmt.Sprintf("there is no definition %s; %s", strictyaml.Quote(name), hint), nil}
		}
		maps.DeleteFunc(s.definitions, func(key id, _ definition) bool { return key.name == name })
	}
	return fault
}
