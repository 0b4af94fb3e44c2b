package cli

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

// unreadable says what is wrong with the files of the project and where to correct it: in one of them, or in what
// the configuration says of them.
func (p *projectDoctor) unreadable(err error) finding {
	at := "correct " + p.at() + " in " + p.doctor.config.Path
	if fault, ok := errors.AsType[*activities.Error](err); ok && fault.Class == activities.InvalidInput {
		text, file := composeFault(err.Error())
		if file != "" {
			return lacking(text, "correct "+file)
		}
		return lacking(text, at)
	}
	return lacking(err.Error(), at)
}

var (
	// inFile takes "FILE:LINE:COLUMN: what" apart.
	inFile = regexp.MustCompile(`(?s)^(/[^\n]*?\.[A-Za-z]+)(:\d+(?::\d+)?)?: (.*)$`)
	// layers are what the reader puts around its own words.
	layers = regexp.MustCompile(`(?:failed to parse|validating) /[^:\n]+: |go-yaml load error in \w+ |yaml: construct errors: |(?:\bline \d+: )+|\([^)]*\) at L[\d.C]+(?:-L[\d.C]+)?: |at L[\d.C]+(?:-L[\d.C]+)?: |decoding failed due to the following error\(s\):|: invalid compose project$`)
	// atKey finds which key a fault is about.
	atKey = regexp.MustCompile(`\bservices((?:\.[\w-]+|\[[\w-]+\])+)|\bservice "([\w.-]+)"`)
	// unknownKey is the reader's word for a key that Compose does not have.
	unknownKey = regexp.MustCompile(`^(services\.[\w.-]+) (?:false schema|additional properties.*)$`)
)

// composeFault says in one line where in which file a Compose project is wrong, and how. file is empty where that is
// not known.
func composeFault(text string) (fault, file string) {
	m := inFile.FindStringSubmatch(text)
	if m == nil {
		return printable(text), ""
	}
	file = m[1]
	what := strings.Join(strings.Fields(layers.ReplaceAllString(m[3], "")), " ")
	if k := unknownKey.FindStringSubmatch(what); k != nil {
		what = k[1] + " is not a key that Compose knows"
	}
	place := m[2]
	if k := atKey.FindStringSubmatch(what); k != nil && place == "" {
		keys := []string{"services"}
		if k[2] != "" {
			keys = append(keys, k[2])
		} else {
			keys = append(keys, strings.FieldsFunc(k[1], func(r rune) bool { return strings.ContainsRune(".[]", r) })...)
		}
		if line := lineOf(file, keys); line > 0 {
			place = ":" + strconv.Itoa(line)
		}
	}
	return file + place + ": " + what, file
}

// lineOf returns the line of the innermost of nested keys that a YAML file has; 0 where it has none of them.
func lineOf(file string, keys []string) int {
	text, err := textfile.Read(file, fileLimit)
	if err != nil {
		return 0
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil || len(document.Content) == 0 {
		return 0
	}
	line, node := 0, document.Content[0]
	for _, key := range keys {
		if node.Kind != yaml.MappingNode {
			break
		}
		at := slices.IndexFunc(node.Content, func(n *yaml.Node) bool { return n.Value == key })
		if at < 0 || at%2 != 0 {
			break
		}
		line, node = node.Content[at].Line, node.Content[at+1]
	}
	return line
}
