package templates

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/runbooktest"
)

// RunbookTest is a runbook with its test.
type RunbookTest struct {
	Runbook runbook.Definition
	// Cases are none when the runbook has no test.
	Cases []runbooktest.Case
}

// RunbookTests returns every runbook with its test, in the order of their names. A runbook that replaces a
// built-in one is not held to the cases of that.
func (s *Set) RunbookTests() []RunbookTest {
	var out []RunbookTest
	for _, d := range s.Runbooks() {
		out = append(out, s.testOf(d))
	}
	return out
}

func (s *Set) testOf(d runbook.Definition) RunbookTest {
	test, ok := s.definitions[id{runbookTest, d.Name}].value.(*runbookTestDraft)
	if !ok || test.builtIn && !s.called[d.Name].builtIn {
		return RunbookTest{Runbook: d}
	}
	return RunbookTest{d, test.cases}
}

// RunbookTestsIn returns the runbooks of files and folders with their tests: naming one of the two files means
// both. What they call may lie beside them, else it is that of Load. The error tells the faults of both.
func RunbookTestsIn(paths []string, dir string, disabled []string) ([]RunbookTest, error) {
	set, _, err := load(dir, disabled, nil)
	if err != nil {
		return nil, err
	}
	named, err := lintFiles(paths)
	if err != nil {
		return nil, err
	}
	around := slices.Clone(paths)
	for _, f := range named {
		beside, err := filepath.Glob(filepath.Join(escaped(filepath.Dir(f.path)), "*.yaml"))
		if err != nil {
			return nil, err
		}
		around = append(around, beside...)
	}
	files, err := lintFiles(around)
	if err != nil {
		return nil, err
	}
	contents, err := inParallel(files, func(f lintFile) (*linted, error) {
		return lintFile{f.path, slices.Contains(paths, f.path)}.read()
	})
	if err != nil {
		return nil, err
	}
	var given []*reading
	for _, c := range contents {
		if c.definition != nil {
			given = append(given, c.definition)
		}
	}
	set.replace(given, dir)
	set.link(given)
	return set.selected(given, named)
}

// escaped is a path in which a pattern's signs stand for themselves.
func escaped(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// selected are the runbooks of which a file was named, theirs or that of their test.
func (s *Set) selected(given []*reading, named []lintFile) ([]RunbookTest, error) {
	var names []string
	for _, r := range given {
		isNamed := slices.ContainsFunc(named, func(f lintFile) bool { return filepath.Clean(f.path) == filepath.Clean(r.file) })
		if isNamed && (r.key.kind == runbookKind || r.key.kind == runbookTest || r.value == nil) {
			names = append(names, r.key.name)
		}
	}
	var faults []error
	for _, r := range given {
		if slices.Contains(names, r.key.name) {
			faults = append(faults, r.faults())
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	var out []RunbookTest
	for _, d := range s.Runbooks() {
		if slices.Contains(names, d.Name) {
			out = append(out, s.testOf(d))
		}
	}
	if len(out) == 0 {
		return nil, errors.New("there is no runbook and no test")
	}
	return out, nil
}
