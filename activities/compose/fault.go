package compose

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/evenkeel/evenkeel/internal/textfile"
)

var (
	// layers are what the reader puts around its own words.
	layers = regexp.MustCompile(`(?:failed to parse|validating) /[^:\n]+: |go-yaml load error in \w+ |yaml: construct errors: |(?:\bline \d+: )+|\([^)]*\) at L[\d.C]+(?:-L[\d.C]+)?: |at L[\d.C]+(?:-L[\d.C]+)?: |decoding failed due to the following error\(s\):|: invalid compose project$`)
	// atKey finds which key a fault is about.
	atKey = regexp.MustCompile(`\bservices((?:\.[\w-]+|\[[\w-]+\])+)|\bservice "([\w.-]+)"`)
	// unknownKey is the reader's word for a key that Compose does not have.
	unknownKey = regexp.MustCompile(`^(services\.[\w.-]+) (?:false schema|additional properties.*)$`)
)

// fault says in one line where in a file a project is wrong, and how; text is what the reader says.
func fault(file, text string) string {
	at := place(text)
	what := strings.Join(strings.Fields(layers.ReplaceAllString(text, "")), " ")
	if k := unknownKey.FindStringSubmatch(what); k != nil {
		what = k[1] + " is not a key that Compose knows"
	}
	if k := atKey.FindStringSubmatch(what); k != nil && at == "" {
		keys := []string{"services"}
		if k[2] != "" {
			keys = append(keys, k[2])
		} else {
			keys = append(keys, strings.FieldsFunc(k[1], func(r rune) bool { return strings.ContainsRune(".[]", r) })...)
		}
		if line := lineOf(file, keys); line > 0 {
			at = ":" + strconv.Itoa(line)
		}
	}
	return file + at + ": " + what
}

// lineOf returns the line of the innermost of nested keys that a YAML file has; 0 where it has none of them.
func lineOf(file string, keys []string) int {
	text, err := textfile.Read(file, maxFile)
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
