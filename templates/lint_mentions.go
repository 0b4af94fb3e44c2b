package templates

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// mention is a place where a text names a runbook.
type mention struct {
	name         string
	line, column int
}

var (
	runbookCommand = regexp.MustCompile(`starter runbook (run|show|plan|test|lint)[ \t]`)
	workflowID     = regexp.MustCompile(`(?:^|[^a-zA-Z0-9_./-])runbook/[a-zA-Z0-9][a-zA-Z0-9._-]*/(?:-|[a-z0-9][a-z0-9_-]*)/([a-z0-9][a-z0-9._-]*)`)
	runbookPath    = regexp.MustCompile(`runbooks/([a-z0-9][a-z0-9._-]*)\.yaml`)
	runbookKey     = regexp.MustCompile(`(?m)(?:^|[{,])[ \t]*-?[ \t]*["']?runbook["']?:[ \t]*["']?([^"'\s,}#]+)`)
	word           = regexp.MustCompile(`[^ \t\r]+`)
)

// mentionsInText finds the runbooks that a page for people names: in a command, as the id of a
// workflow, and as a file.
func mentionsInText(file string, data []byte) []mention {
	var all []mention
	add := func(name string, offset int) {
		if name = strings.TrimRight(name, ".-_"); name != "" {
			line, column := lineAndColumn(data, offset)
			all = append(all, mention{name, line, column})
		}
	}
	for _, m := range runbookCommand.FindAllSubmatchIndex(data, -1) {
		rest, _, _ := bytes.Cut(data[m[3]:], []byte("\n"))
		name, at := argument(string(rest))
		verb := string(data[m[2]:m[3]])
		takesFiles := verb == "test" || verb == "lint"
		if name != "" && (!takesFiles || !exists(file, name)) {
			add(name, m[3]+at)
		}
	}
	for _, m := range workflowID.FindAllSubmatchIndex(data, -1) {
		if name := strings.TrimRight(string(data[m[2]:m[3]]), "."); filepath.Ext(name) != ".go" {
			add(name, m[2])
		}
	}
	for _, m := range runbookPath.FindAllSubmatchIndex(data, -1) {
		add(strings.TrimSuffix(string(data[m[2]:m[3]]), "_test"), m[2])
	}
	return all
}

// withValue are the flags of the commands whose value is the next word.
var withValue = []string{"-p", "--param", "--plan", "--reason", "-o", "--output", "--config", "--host", "--project"}

// argument is the first word behind a command that can be a runbook's name; a file, a flag or a
// placeholder in capitals is none.
func argument(rest string) (name string, at int) {
	before := ""
	for _, w := range word.FindAllStringIndex(rest, -1) {
		text := rest[w[0]:w[1]]
		isValue := slices.Contains(withValue, before)
		before = text
		if isValue || strings.HasPrefix(text, "-") || strings.Contains(text, "=") {
			continue
		}
		text = strings.TrimRight(text, "`'\").,;:!?*")
		if strictyaml.IsName(text) && filepath.Ext(text) != ".yaml" {
			return text, w[0]
		}
		return "", 0
	}
	return "", 0
}

// exists says whether a page means a file: one that lies beside it or further up.
func exists(page, name string) bool {
	dir, err := filepath.Abs(filepath.Dir(page))
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	return false
}

// mentionsInRules finds the labels and annotations "runbook" of Prometheus rules. A page instead of a
// name is not for us to check.
func mentionsInRules(data []byte) []mention {
	var all []mention
	for _, m := range runbookKey.FindAllSubmatchIndex(data, -1) {
		name := string(data[m[2]:m[3]])
		if strings.ContainsAny(name, "/{") || filepath.Ext(name) == ".md" {
			continue
		}
		line, column := lineAndColumn(data, m[2])
		all = append(all, mention{name, line, column})
	}
	return all
}

// references reports the mentions of runbooks that do not exist.
func (l *linter) references(c *linted) {
	if c.definition == nil && c.other == nil {
		l.found.Files++
	}
	for _, m := range c.mentions {
		if _, ok := l.set.called[m.name]; ok {
			continue
		}
		l.found.Errors = append(l.found.Errors, &strictyaml.Error{
			File: c.path, Line: m.line, Column: m.column,
			Problem: fmt.Sprintf("runbook %s does not exist; %s", strictyaml.Quote(m.name), strictyaml.Instead(m.name, slices.Sorted(maps.Keys(l.set.called)))),
		})
	}
}
