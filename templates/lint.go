package templates

import (
	"bytes"
	"cmp"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// LintOptions say what lies around the files that are looked at.
type LintOptions struct {
	// Dir and Disabled are those of Load.
	Dir      string
	Disabled []string
	// Config is what the runbooks are held against; nil where there is none.
	Config *config.Config
	// Today is the day after which a review is overdue.
	Today time.Time
}

// Findings are what Lint has to say, in the order of files and lines.
type Findings struct {
	// Files is how many files were looked at; PassedOver are YAML files of folders that are no definitions.
	Files      int
	PassedOver []string
	Errors     []*strictyaml.Error
	Warnings   []*strictyaml.Error
}

// Lint looks at definitions beyond what Load demands: at what is never used or never reached, and at
// names of runbooks in Markdown and in Prometheus rules that do not exist. Paths are files and
// folders; in a folder it takes *.md, *.rules.yaml and every *.yaml that says it is a definition or holds
// nothing that tells what else it is, but nothing below a folder testdata. Below Dir every YAML file is a definition,
// as it is for whoever loads it. Without paths Lint looks at all that is installed. The error is that of reading a file.
func Lint(paths []string, o LintOptions) (Findings, error) {
	set, installed, err := load(o.Dir, o.Disabled, nil, nil)
	if err != nil {
		return Findings{}, err
	}
	l := &linter{set: set, today: o.Today, config: o.Config}
	if len(paths) == 0 {
		l.definitions(installed)
		return l.findings(), nil
	}
	files, err := lintFiles(paths, o.Dir)
	if err != nil {
		return Findings{}, err
	}
	contents, err := inParallel(files, func(f lintFile) (*linted, error) { return f.read() })
	if err != nil {
		return Findings{}, err
	}
	var given []*reading
	for _, c := range contents {
		switch {
		case c.other == nil:
		case strictyaml.Holds(c.other):
			l.found.PassedOver = append(l.found.PassedOver, c.path)
		default:
			c.definition = decode(c.path, c.other)
		}
		if c.definition != nil {
			given = append(given, c.definition)
		}
	}
	set.replace(given, o.Dir)
	set.link(given)
	for _, r := range given {
		if draft, ok := r.value.(*runbookDraft); ok {
			set.resolve(draft, nil) // also where a file behind it has the same name
		}
	}
	l.definitions(given)
	for _, c := range contents {
		l.references(c)
	}
	return l.findings(), nil
}

// replace puts definitions over those that are there. Two of one name are a fault where both would be
// installed, or lie in one folder; elsewhere they belong to different installations.
func (s *Set) replace(readings []*reading, installed string) {
	trees := map[string][]*reading{}
	var order []string
	for _, r := range readings {
		tree := filepath.Dir(r.file)
		if within(installed, r.file) {
			tree = installed
		}
		if trees[tree] == nil {
			order = append(order, tree)
		}
		trees[tree] = append(trees[tree], r)
	}
	for _, tree := range order {
		s.add(trees[tree])
	}
}

// lintable is the content of a definition in which more can be wrong than Load demands. It reports faults in its
// document and returns the rest as warnings; the configuration is nil where there is none.
type lintable interface {
	lint(today time.Time, c *config.Config) []*strictyaml.Error
}

// linter looks at definitions among those of a set.
type linter struct {
	set    *Set
	today  time.Time
	config *config.Config
	found  Findings
}

func (l *linter) findings() Findings {
	for _, list := range [][]*strictyaml.Error{l.found.Errors, l.found.Warnings} {
		slices.SortStableFunc(list, func(a, b *strictyaml.Error) int {
			return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
	}
	return l.found
}

func (l *linter) definitions(readings []*reading) {
	warnings, _ := inParallel(readings, func(r *reading) ([]*strictyaml.Error, error) {
		content, ok := r.value.(lintable)
		if !ok || r.faults() != nil {
			return nil, nil // what follows from a fault would mislead
		}
		return content.lint(l.today, l.config), nil
	})
	for i, r := range readings {
		l.found.Files++
		l.found.Warnings = append(l.found.Warnings, warnings[i]...)
		l.add(r)
	}
}

// add takes over the faults of a file.
func (l *linter) add(r *reading) {
	var all []error
	if r.doc != nil && r.doc.Err() != nil {
		all = append(all, r.doc.Err())
	}
	if r.err != nil {
		all = append(all, r.err)
	}
	for _, err := range all {
		var faults strictyaml.Errors
		var fault *strictyaml.Error
		switch {
		case errors.As(err, &faults):
			l.found.Errors = append(l.found.Errors, faults...)
		case errors.As(err, &fault):
			l.found.Errors = append(l.found.Errors, fault)
		default:
			problem := strings.TrimPrefix(err.Error(), r.file+": ")
			l.found.Errors = append(l.found.Errors, &strictyaml.Error{File: r.file, Line: 1, Column: 1, Problem: problem})
		}
	}
}

// lineAndColumn is a place in a text, from 1, the column in characters.
func lineAndColumn(data []byte, offset int) (line, column int) {
	before := data[:offset]
	return bytes.Count(before, []byte("\n")) + 1, len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
}
