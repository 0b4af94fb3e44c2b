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
// built-in one is not held to the cases of that. One whose test has a fault is left out with it.
func (s *Set) RunbookTests() []RunbookTest {
	var out []RunbookTest
	for _, d := range s.Runbooks() {
		if !s.isFaulty(id{runbookTest, d.Name}) {
			out = append(out, s.testOf(d))
		}
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
// both. What they call may lie beside them, else it is that of Open. What has a fault is left out and returned
// beside them. The error is that of reading a file, or that there is no runbook.
func RunbookTestsIn(paths []string, dir string, disabled []string) ([]RunbookTest, []Faulty, error) {
	named, err := lintFiles(paths, dir)
	if err != nil {
		return nil, nil, err
	}
	around := slices.Clone(paths)
	for _, f := range named {
		beside, err := filepath.Glob(filepath.Join(escaped(filepath.Dir(f.path)), "*.yaml"))
		if err != nil {
			return nil, nil, err
		}
		around = append(around, beside...)
	}
	files, err := lintFiles(around, dir)
	if err != nil {
		return nil, nil, err
	}
	var given []*reading
	set, err := settle(func(faulty map[id]Faulty) (*Set, []*reading, error) {
		given = nil
		contents, err := inParallel(files, func(f lintFile) (*linted, error) {
			return lintFile{path: f.path, named: slices.Contains(paths, f.path)}.read()
		})
		if err != nil {
			return nil, nil, err
		}
		for _, c := range contents {
			if c.definition != nil {
				given = append(given, c.definition)
			}
		}
		set, readings, err := load(dir, disabled, given, faulty)
		return set, overlaid(readings, given), err
	})
	if err != nil {
		return nil, nil, err
	}
	return set.selected(given, named)
}

// overlaid leaves out readings in whose place others are given, which replace them whatever is wrong with them.
func overlaid(readings, given []*reading) []*reading {
	replaced := map[id]bool{}
	for _, r := range given {
		for _, key := range r.keys() {
			replaced[key] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(readings), func(r *reading) bool {
		return !slices.Contains(given, r) && slices.ContainsFunc(r.keys(), func(key id) bool { return replaced[key] })
	})
}

// escaped is a path in which a pattern's signs stand for themselves.
func escaped(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// selected are the runbooks of which a file was named, theirs or that of their test, and those with a fault.
func (s *Set) selected(given []*reading, named []lintFile) ([]RunbookTest, []Faulty, error) {
	names := map[string]bool{}
	for _, r := range given {
		if !slices.ContainsFunc(named, func(f lintFile) bool { return filepath.Clean(f.path) == filepath.Clean(r.file) }) {
			continue
		}
		for _, key := range r.keys() {
			names[key.name] = names[key.name] || isOfRunbook(key.kind)
		}
	}
	out := slices.DeleteFunc(s.RunbookTests(), func(t RunbookTest) bool { return !names[t.Runbook.Name] })
	faulty := slices.DeleteFunc(s.Faulty(), func(f Faulty) bool { return !isOfRunbook(f.Kind) || !names[f.Name] })
	if len(out) == 0 && len(faulty) == 0 {
		return nil, nil, errors.New("there is no runbook and no test")
	}
	return out, faulty, nil
}

// isOfRunbook says that a kind is that of runbooks or of their tests.
func isOfRunbook(kind string) bool { return kind == runbookKind || kind == runbookTest }
