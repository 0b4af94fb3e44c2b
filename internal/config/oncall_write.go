package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

// Addition is lines that go into the file of a configuration.
type Addition struct {
	// Line is the line that they go behind, from 1.
	Line int
	// Lines are without their ends.
	Lines []string
	// Text is the whole file with them.
	Text []byte
}

// ErrForm says that the overrides of a file stand in a form to which lines cannot simply be added.
var ErrForm = errors.New("oncall.overrides is not a list with one entry below the other")

// OverrideLines are an override as an entry of oncall.overrides.
func OverrideLines(o Override) []string {
	return []string{
		"- role: " + scalar(o.Role), "  who: " + scalar(o.Who), "  from: " + string(o.From), "  to: " + string(o.To), "  reason: " + scalar(o.Reason),
	}
}

// AddOverride returns what to add to the file so that it has one more override, which has no OverrideFault; its times
// are RFC 3339. Only lines are added, and whoever loads the result has the same configuration with that override and
// nothing else: where this is not so, the error is ErrForm. It is another one where the file was changed since Load.
func (c *Config) AddOverride(o Override) (Addition, error) {
	data, err := textfile.Read(c.Path, strictyaml.MaxBytes)
	if err != nil {
		return Addition{}, err
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(data)); sum != c.SHA256 {
		return Addition{}, errors.New("it was changed meanwhile")
	}
	lines := strings.Split(string(data), "\n")
	ending := ""
	if strings.HasSuffix(lines[0], "\r") {
		ending = "\r"
	}
	add, ok := c.additionTo(lines, o)
	if !ok {
		return Addition{}, ErrForm
	}
	added := slices.Clone(add.Lines)
	for i := range added {
		added[i] += ending
	}
	if add.Line == len(lines) { // the last line has no end
		lines[add.Line-1] += ending
		added[len(added)-1] = strings.TrimSuffix(added[len(added)-1], "\r")
	}
	add.Text = []byte(strings.Join(slices.Insert(lines, add.Line, added...), "\n"))
	if !c.isWith(o, add.Text) {
		return Addition{}, ErrForm
	}
	return add, nil
}

// additionTo guesses where the lines of an override go; isWith shows whether that is right.
func (c *Config) additionTo(lines []string, o Override) (Addition, bool) {
	entry := func(line int, indent string, head ...string) (Addition, bool) {
		for _, l := range OverrideLines(o) {
			head = append(head, indent+l)
		}
		return Addition{Line: line, Lines: head}, true
	}
	if n := len(c.Oncall.Overrides); n > 0 {
		line := c.doc.Line(index("oncall.overrides", n-1))
		if m := dash.FindStringSubmatch(lines[line-1]); m != nil {
			return entry(blockEnd(lines, line, len(m[1])), m[1])
		}
		return Addition{}, false
	}
	line, column := c.doc.At("oncall.rota")
	indent := strings.Repeat(" ", column-1)
	if at := c.doc.Line("oncall.overrides"); at > 0 {
		if strings.TrimSpace(lines[at-1]) != "overrides:" {
			return Addition{}, false
		}
		return entry(at, indent+"  ")
	}
	if !strings.HasPrefix(lines[line-1], indent+"rota") || column == 1 {
		return Addition{}, false
	}
	return entry(blockEnd(lines, c.doc.Line("oncall"), 0), indent+"  ", indent+"overrides:")
}

// dash begins an entry of a list with one entry below the other.
var dash = regexp.MustCompile(`^( *)- `)

// blockEnd is the last line of what begins at a line and is indented by more than so many spaces. Comments behind it
// belong to what follows.
func blockEnd(lines []string, begin, indent int) int {
	end := begin
	for i := begin; i < len(lines); i++ {
		text := strings.TrimLeft(lines[i], " ")
		switch {
		case strings.TrimSpace(text) == "" || text[0] == '#':
		case len(lines[i])-len(text) > indent:
			end = i + 1
		default:
			return end
		}
	}
	return end
}

// isWith says whether a text is this configuration with one more override behind the others.
func (c *Config) isWith(o Override, text []byte) bool {
	got, err := parse(filepath.Base(c.Path), c.Path, text)
	if err != nil {
		return false
	}
	want, oncall := *c, *c.Oncall
	oncall.Overrides = append(slices.Clone(oncall.Overrides), o)
	want.Oncall, want.doc = &oncall, nil
	got.doc, got.SHA256 = nil, c.SHA256
	return reflect.DeepEqual(&want, got)
}
