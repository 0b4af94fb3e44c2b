package templates

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Faulty is a definition that is not used, because its file has a fault. A built-in one of its name is not used in
// its place: what would be done then is not what the file says.
type Faulty struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Aliases are the other names of a runbook, as far as they are known.
	Aliases []string `json:"aliases,omitempty"`
	File    string   `json:"file"`
	// Reason is the first fault, with its place; Faults are all of them.
	Reason string   `json:"reason"`
	Faults []string `json:"faults"`
}

// Open is Load for a program that has to go on: a definition that has a fault, and one that calls it, is left out and
// told by Faulty. So is one that asks who is on call where the configuration has no rota. The error is that of the folder,
// or of a name in disabled that is not there.
func Open(c *config.Config) (*Set, error) {
	return settle(func(faulty map[id]Faulty) (*Set, []*reading, error) {
		set, readings, err := load(c.TemplatesDir, c.Disabled, nil, faulty)
		needRota(readings, c)
		return set, readings, err
	})
}

// settle reads again and again, each time without what was found to have a fault: what is left out may be a fault of
// what calls it. Each round finds one more at least.
func settle(read func(faulty map[id]Faulty) (*Set, []*reading, error)) (*Set, error) {
	faulty := map[id]Faulty{}
	for {
		set, readings, err := read(maps.Clone(faulty))
		if err != nil {
			return nil, err
		}
		found := faultyIn(readings)
		maps.DeleteFunc(found, func(key id, _ Faulty) bool { return set.isFaulty(key) })
		if len(found) == 0 {
			return set, nil
		}
		maps.Copy(faulty, found)
	}
}

// faultyIn are the definitions that have a fault. What stands in two files has the faults of both.
func faultyIn(readings []*reading) map[id]Faulty {
	found := map[id]Faulty{}
	for _, r := range readings {
		fault := r.faults()
		if fault == nil {
			continue
		}
		faults := strings.Split(fault.Error(), "\n")
		for _, key := range r.keys() {
			f, ok := found[key]
			if !ok {
				f = Faulty{Kind: key.kind, Name: key.name, Aliases: aliasesOf(readings, key), File: r.file, Reason: faults[0]}
			}
			f.Faults = append(f.Faults, faults...)
			found[key] = f
		}
	}
	return found
}

// Faulty returns what Open left out, in the order of kinds and names.
func (s *Set) Faulty() []Faulty {
	return slices.SortedFunc(maps.Values(s.faulty), func(a, b Faulty) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
}

// FaultyRunbook returns the runbook of that name or alias that Open left out; false when it left out none.
func (s *Set) FaultyRunbook(nameOrAlias string) (Faulty, bool) {
	for _, f := range s.Faulty() {
		if f.Kind == runbookKind && (f.Name == nameOrAlias || slices.Contains(f.Aliases, nameOrAlias)) {
			return f, true
		}
	}
	return Faulty{}, false
}

// RunbookFault returns why the runbook of that name or alias is not used, in one line; "" when it is no faulty one.
func (s *Set) RunbookFault(nameOrAlias string) string {
	if f, ok := s.FaultyRunbook(nameOrAlias); ok {
		return f.text()
	}
	return ""
}

// PolicyFault returns why the ScalingPolicy of that name is not used, in one line; "" when it is no faulty one.
func (s *Set) PolicyFault(name string) string {
	if f, ok := s.faulty[id{scalingPolicy, name}]; ok {
		return f.text()
	}
	return ""
}

func (f Faulty) text() string {
	return fmt.Sprintf("%s %s is disabled: %s; correct it and restart evenkeel", f.Kind, f.Name, f.Reason)
}

func (s *Set) isFaulty(key id) bool {
	_, ok := s.faulty[key]
	return ok
}

// keys are the definitions that a file may be meant to be.
func (r *reading) keys() []id {
	if r.value != nil && strictyaml.IsName(r.key.name) {
		return []id{r.key}
	}
	// It could not be read so far: what it seems to be counts, and so does what it is called.
	kinds := slices.DeleteFunc(kindNames(), func(kind string) bool { return kind == runbookTest })
	if m := kindLine.FindSubmatch(r.text); m != nil {
		kinds = []string{string(m[1])}
	}
	var names []string
	if m := nameLine.FindSubmatch(r.text); m != nil {
		names = append(names, string(m[1]))
	}
	base := filepath.Base(r.file)
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	if slices.Equal(kinds, []string{runbookTest}) || len(kinds) > 1 && strings.HasSuffix(stem, "_test") {
		kinds, stem = []string{runbookTest}, strings.TrimSuffix(stem, "_test")
	}
	if strictyaml.IsName(stem) && !slices.Contains(names, stem) {
		names = append(names, stem)
	}
	if len(names) == 0 { // it is told all the same
		names = []string{base}
	}
	var keys []id
	for _, kind := range kinds {
		for _, name := range names {
			keys = append(keys, id{kind, name})
		}
	}
	return keys
}

// Also a file that is no YAML says by these lines what it is meant to be.
var (
	kindLine = regexp.MustCompile(`(?m)^["']?kind["']?\s*:\s*["']?(` + strings.Join(kindNames(), "|") + `)\b`)
	nameLine = regexp.MustCompile(`(?m)^(?:\s+|["']?metadata["']?\s*:\s*\{[^}\n]*?)["']?name["']?\s*:\s*["']?([a-z0-9][a-z0-9._-]*)`)
)

// aliasesOf are those that a runbook has in any of the files.
func aliasesOf(readings []*reading, key id) []string {
	var all []string
	for _, r := range readings {
		if draft, ok := r.value.(*runbookDraft); ok && r.key == key {
			all = append(all, draft.definition.Aliases...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
