package compose

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"go.yaml.in/yaml/v3"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

const (
	// maxFile is the size above which no file of a project is read, in bytes; the largest that are known have a
	// tenth of it.
	maxFile = 1 << 20
	// maxValues is how many values the aliases of a file may come to: some hundred bytes of them can stand for
	// more than any memory holds.
	maxValues = 100_000
	// maxFiles bounds how many files draw in each other.
	maxFiles = 100
)

// regular refuses what a read would hang on, or not end: a named pipe, a device, a folder, a file without measure.
// What is not there is left to whoever reads it.
func regular(path string) error {
	err := textfile.Check(path, maxFile)
	if _, ok := errors.AsType[*textfile.Error](err); ok {
		return activities.Fail(activities.InvalidInput, fmt.Errorf("%w; no such file of a Compose project is read", err))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// regularEnvFiles looks at what the reader of variables is going to open.
func (p *Project) regularEnvFiles(o *cli.ProjectOptions) error {
	files := p.envFiles()
	if folder, err := o.GetWorkingDir(); err == nil {
		files = append(under(folder, []string{".env"}), files...)
	}
	for _, file := range files {
		if err := regular(file); err != nil {
			return err
		}
	}
	return nil
}

// regularFiles looks at the Compose files that are named or found.
func regularFiles(o *cli.ProjectOptions) error {
	for _, file := range o.ConfigPaths {
		if err := regular(file); err != nil {
			return err
		}
	}
	return nil
}

// withinBounds looks at the Compose files, and at those that they draw in, before the reader takes them.
func withinBounds(o *cli.ProjectOptions) error {
	seen := map[string]bool{}
	for _, file := range o.ConfigPaths {
		if err := boundedFile(file, seen); err != nil {
			return err
		}
	}
	return nil
}

func boundedFile(file string, seen map[string]bool) error {
	if seen[file] || remote(file) {
		return nil // a circle is for the reader to name
	}
	if seen[file] = true; len(seen) > maxFiles {
		return activities.Fail(activities.InvalidInput, fmt.Errorf("%s: more than %d files draw in each other", file, maxFiles))
	}
	if err := regular(file); err != nil {
		return err
	}
	text, err := textfile.Read(file, maxFile)
	if err != nil {
		return nil // the reader says it better
	}
	var root yaml.Node
	if yaml.Unmarshal(text, &root) != nil {
		return nil // and so here
	}
	sizes := map[*yaml.Node]int{}
	if values(&root, sizes) > maxValues {
		return activities.Fail(activities.InvalidInput, fmt.Errorf("%s comes to more than %d values through its aliases; write it with fewer", file, maxValues))
	}
	for _, other := range drawnIn(&root) {
		if !filepath.IsAbs(other) {
			other = filepath.Join(filepath.Dir(file), other)
		}
		if err := boundedFile(other, seen); err != nil {
			return err
		}
	}
	return nil
}

// values counts what a node comes to once its aliases stand for what they name. Each node is counted once.
func values(n *yaml.Node, sizes map[*yaml.Node]int) int {
	if size, ok := sizes[n]; ok {
		return size
	}
	sizes[n] = maxValues + 1 // an alias of what it stands in would never end
	size := 1
	if n.Kind == yaml.AliasNode {
		size = values(n.Alias, sizes)
	}
	for _, child := range n.Content {
		size = min(size+values(child, sizes), maxValues+1)
	}
	sizes[n] = size
	return size
}

// drawnIn are the files that a Compose file names under include and extends, as they are written.
func drawnIn(root *yaml.Node) (files []string) {
	for _, document := range root.Content {
		for _, entry := range entries(valueOf(document, "include")) {
			files = append(files, texts(entry)...)
			files = append(files, texts(valueOf(entry, "path"))...)
		}
		services := valueOf(document, "services")
		for i := 1; services != nil && i < len(services.Content); i += 2 {
			files = append(files, texts(valueOf(valueOf(services.Content[i], "extends"), "file"))...)
		}
	}
	return files
}

// valueOf is the value of a key of a mapping; nil where there is none.
func valueOf(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func entries(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// texts are a text, or the texts of a list.
func texts(n *yaml.Node) (out []string) {
	if n != nil && n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	for _, entry := range entries(n) {
		if entry.Kind == yaml.ScalarNode {
			out = append(out, entry.Value)
		}
	}
	return out
}
