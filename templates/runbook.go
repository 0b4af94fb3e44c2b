package templates

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

const (
	runbookKind = "Runbook"
	// runbookTest is the kind of the tests that stand beside runbooks.
	runbookTest = "RunbookTest"
)

// Runbook returns the runbook of that name or alias, with all that it calls; false when there is
// none. It must not be changed.
func (s *Set) Runbook(nameOrAlias string) (runbook.Definition, bool) {
	if draft, ok := s.called[nameOrAlias]; ok {
		return draft.definition, true
	}
	return runbook.Definition{}, false
}

// OwnRunbook returns the file of the runbook of that name or alias and the SHA-256 of its text, where it is one of the
// installation's folder. The SHA-256 is empty where the file has a fault.
func (s *Set) OwnRunbook(nameOrAlias string) (file, sha256 string, ok bool) {
	if f, faulty := s.FaultyRunbook(nameOrAlias); faulty {
		return f.File, "", true
	}
	draft, ok := s.called[nameOrAlias]
	if !ok || draft.builtIn {
		return "", "", false
	}
	return draft.file, draft.definition.SHA256, true
}

// Runbooks returns every runbook in the order of their names. They must not be changed.
func (s *Set) Runbooks() []runbook.Definition {
	var out []runbook.Definition
	for _, d := range s.definitions {
		if draft, ok := d.value.(*runbookDraft); ok {
			out = append(out, draft.definition)
		}
	}
	slices.SortFunc(out, func(a, b runbook.Definition) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// NearestRunbook returns the name or alias that is spelled most like name, also of one with a fault; "" when none is.
func (s *Set) NearestRunbook(name string) string {
	names := slices.Collect(maps.Keys(s.called))
	for _, f := range s.Faulty() {
		if f.Kind == runbookKind {
			names = append(append(names, f.Name), f.Aliases...)
		}
	}
	slices.Sort(names)
	near, _ := strictyaml.Nearest(name, slices.Compact(names))
	return near
}

// ReadRunbook reads a runbook from a file that is not installed. It may call those of set, which holds
// no other one of its name for it. The error tells all faults of the file.
func ReadRunbook(file string, data []byte, set *Set) (runbook.Definition, error) {
	r := decode(file, data)
	draft, ok := r.value.(*runbookDraft)
	if !ok {
		if err := r.faults(); err != nil {
			return runbook.Definition{}, err
		}
		return runbook.Definition{}, fmt.Errorf("%s: is no runbook; write kind: Runbook", file)
	}
	with := &Set{definitions: map[id]definition{}}
	maps.Copy(with.definitions, set.definitions)
	with.definitions[r.key] = definition{file, draft}
	with.link([]*reading{r})
	if err := r.faults(); err != nil {
		return runbook.Definition{}, err
	}
	return draft.definition, nil
}

func sum(data []byte) string {
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:])
}
