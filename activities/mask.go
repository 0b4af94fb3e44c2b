package activities

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// minSecret is the least length of a value that is masked, in bytes. A shorter one is no secret worth the name
// and would tear ordinary words apart.
const minSecret = 8

// Mask puts ${NAME} in place of the values of environment, a list of "NAME=value" that may name one variable several
// times: they may be secrets. No byte of a value is left, where values hold or overlap one another either; the longest
// gives its name. Of a value of several lines each one counts, as programs print them. A path is left as it is where
// the variable's name says that it has one.
func Mask(text string, environment []string) string {
	var found []span
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		if isPath(name, value) {
			continue
		}
		for _, part := range append(strings.Split(value, "\n"), value) {
			if part = strings.TrimSpace(part); len(part) >= minSecret {
				found = append(found, spans(text, name, part)...)
			}
		}
	}
	slices.SortFunc(found, func(a, b span) int {
		return cmp.Or(a.from-b.from, b.to-a.to, strings.Compare(a.name, b.name))
	})
	var out strings.Builder
	kept := 0 // so much of text is written or masked
	for i := 0; i < len(found); {
		run, longest := found[i], found[i]
		for i++; i < len(found) && found[i].from < run.to; i++ {
			run.to = max(run.to, found[i].to)
			if found[i].len() > longest.len() {
				longest = found[i]
			}
		}
		out.WriteString(text[kept:run.from] + "${" + longest.name + "}")
		kept = run.to
	}
	return out.String() + text[kept:]
}

// span is where a variable's value stands in a text.
type span struct {
	name     string
	from, to int
}

func (s span) len() int { return s.to - s.from }

// spans are the places of a value, which may overlap.
func spans(text, name, value string) (out []span) {
	for at := 0; ; at++ {
		i := strings.Index(text[at:], value)
		if i < 0 {
			return out
		}
		at += i
		out = append(out, span{name, at, at + len(value)})
	}
}

var (
	namesPath   = regexp.MustCompile(`(?i)(PWD|HOME|DIR|DIRECTORY|FOLDER|PATH|FILE|ROOT|SOCK|SOCKET|SHELL)$`)
	namesSecret = regexp.MustCompile(`(?i)TOKEN|SECRET|PASS|KEY|CREDENTIAL|DSN|AUTH`)
)

// isPath says whether a value says only where something is. A secret may begin with a slash, too: so the name
// decides, and what it leaves open is a secret.
func isPath(name, value string) bool {
	return strings.HasPrefix(value, "/") && namesPath.MatchString(name) && !namesSecret.MatchString(name)
}
