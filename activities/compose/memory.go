package compose

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/compose-spec/compose-go/v2/cli"

	"github.com/evenkeel/evenkeel/internal/textfile"
)

// memory keeps the last model for as long as everything that it was read from reads the same: a plan asks
// for one service after the other, and reading a large project takes as long as all the rest.
type memory struct {
	mu    sync.Mutex
	key   [sha256.Size]byte
	model *model
}

// of returns the model that is remembered for what the options read, else what load returns.
func (m *memory) of(o *cli.ProjectOptions, load func() (*model, error)) (*model, error) {
	variables := maps.Clone(o.Environment) // the reader adds some of its own
	key, whole := fingerprint(o.ConfigPaths, variables)
	if !whole {
		return load()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.model != nil && m.key == key {
		return m.model, nil
	}
	read, err := load()
	if err != nil {
		return nil, err
	}
	// After an edit in between nobody knows which side was read.
	if again, _ := fingerprint(o.ConfigPaths, variables); again == key {
		m.key, m.model = key, read
	}
	return read, nil
}

// drawsIn finds the keys by which a file draws in another one, in block style and in flow style. That it also
// finds some in a text costs no more than time.
var drawsIn = regexp.MustCompile(`(?:^|[\s{,"'])(?:include|extends)["']?\s*:`)

// fingerprint is a sum over the files and variables of a project. It is not whole where a file draws in
// others, which only the reader knows.
func fingerprint(paths []string, variables map[string]string) (key [sha256.Size]byte, whole bool) {
	sum := sha256.New()
	for _, path := range paths {
		text, err := textfile.Read(path, maxFile)
		if err != nil || drawsIn.Match(text) {
			return key, false
		}
		fmt.Fprintf(sum, "%q %d:%s", path, len(text), text)
	}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		fmt.Fprintf(sum, "%q=%q", name, variables[name])
	}
	return [sha256.Size]byte(sum.Sum(nil)), true
}
