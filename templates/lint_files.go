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

// lintFile is a file to look at. One that was named is a definition whatever is in it, and so is one that is installed.
type lintFile struct {
	path             string
	named, installed bool
}

// linted is what is in a file.
type linted struct {
	path       string
	definition *reading
	mentions   []mention
	// other is what is in a YAML file that does not say that it is a definition; else nil.
	other []byte
}

// within says whether a file lies below a folder; nothing lies below none.
func within(dir, file string) bool {
	if dir == "" {
		return false
	}
	here, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	there, err := filepath.Abs(file)
	if err != nil {
		return false
	}
	rest, err := filepath.Rel(here, there)
	return err == nil && filepath.IsLocal(rest)
}

// lintFiles are the files of these paths; dir is the folder of the installation.
func lintFiles(paths []string, dir string) ([]lintFile, error) {
	var files []lintFile
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, lintFile{path, true, within(dir, path)})
			continue
		}
		err = filepath.WalkDir(path, func(p string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && p != path && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" && !within(dir, p)):
				return fs.SkipDir
			case !entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") && slices.Contains([]string{".yaml", ".yml", ".md"}, filepath.Ext(p)):
				files = append(files, lintFile{p, false, within(dir, p)})
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
	if err != nil && f.named {
		return nil, err
	}
	if err != nil { // of a folder, the others are looked at all the same
		return &linted{path: f.path, definition: &reading{file: f.path, err: fmt.Errorf("%w; leave it out", err)}}, nil
	}
	out := &linted{path: f.path}
	switch {
	case filepath.Ext(f.path) == ".md":
		out.mentions = mentionsInText(f.path, data)
	case f.installed && filepath.Ext(f.path) == ".yml":
		out.definition = &reading{file: f.path, err: notRead(f.path)}
	case f.installed:
		out.definition = decode(f.path, data)
	case strings.HasSuffix(f.path, ".rules.yaml") || strings.HasSuffix(f.path, ".rules.yml"):
		out.mentions = mentionsInRules(data)
	case f.named:
		out.definition = decode(f.path, data)
	case !kindLine.Match(data) && (!ourVersion.Match(data) || !anyKind.Match(data)):
		if out.other = data; data == nil {
			out.other = []byte{}
		}
	case filepath.Ext(f.path) == ".yml":
		out.definition = &reading{file: f.path, err: notRead(f.path)}
	default:
		out.definition = decode(f.path, data)
	}
	return out, nil
}
