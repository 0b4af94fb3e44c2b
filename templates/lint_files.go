package templates

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/textfile"
)

// lintFile is a file to look at. One that was named is a definition whatever is in it.
type lintFile struct {
	path  string
	named bool
}

// linted is what is in a file.
type linted struct {
	path       string
	definition *reading
	mentions   []mention
}

func lintFiles(paths []string) ([]lintFile, error) {
	var files []lintFile
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, lintFile{path, true})
			continue
		}
		err = filepath.WalkDir(path, func(p string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && p != path && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
				return fs.SkipDir
			case !entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") && slices.Contains([]string{".yaml", ".yml", ".md"}, filepath.Ext(p)):
				files = append(files, lintFile{p, false})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(files, func(a, b lintFile) int { return cmp.Compare(a.path, b.path) })
	return slices.CompactFunc(files, func(a, b lintFile) bool { return filepath.Clean(a.path) == filepath.Clean(b.path) }), nil
}

// A definition is told from other YAML by how it begins: its kindLine, or these two.
var (
	ourVersion = regexp.MustCompile(`(?m)^["']?apiVersion["']?\s*:\s*["']?evenkeel/`)
	anyKind    = regexp.MustCompile(`(?m)^["']?kind["']?\s*:`)
)

func (f lintFile) read() (*linted, error) {
	const most = 8 << 20 // no text that people write is larger
	data, err := textfile.Read(f.path, most)
	if refused, ok := errors.AsType[*textfile.Error](err); ok {
		return &linted{path: f.path, definition: &reading{file: f.path, err: fmt.Errorf("%s: %s; leave it out", f.path, refused.Why)}}, nil
	}
	if err != nil {
		return nil, err
	}
	out := &linted{path: f.path}
	switch {
	case filepath.Ext(f.path) == ".md":
		out.mentions = mentionsInText(f.path, data)
	case strings.HasSuffix(f.path, ".rules.yaml") || strings.HasSuffix(f.path, ".rules.yml"):
		out.mentions = mentionsInRules(data)
	case f.named:
		out.definition = decode(f.path, data)
	case !kindLine.Match(data) && (!ourVersion.Match(data) || !anyKind.Match(data)):
	case filepath.Ext(f.path) == ".yml":
		out.definition = &reading{file: f.path, err: notRead(f.path)}
	default:
		out.definition = decode(f.path, data)
	}
	return out, nil
}
