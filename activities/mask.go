package activities

import (
	"cmp"
	"slices"
	"strings"
)

// Mask puts ${NAME} in place of the values of environment, a list of "NAME=value": they may be secrets.
// Values shorter than 8 bytes are none worth the name and would tear ordinary words apart; paths say
// where something is. Of a value of several lines each one counts, as programs print them.
func Mask(text string, environment []string) string {
	type variable struct{ name, value string }
	var found []variable
	for _, v := range environment {
		name, value, _ := strings.Cut(v, "=")
		if strings.HasPrefix(value, "/") {
			continue
		}
		for _, part := range append(strings.Split(value, "\n"), value) {
			if part = strings.TrimSpace(part); len(part) >= 8 {
				found = append(found, variable{name, part})
			}
		}
	}
	// The longest first: a value may hold another one.
	slices.SortFunc(found, func(a, b variable) int {
		return cmp.Or(len(b.value)-len(a.value), strings.Compare(a.name, b.name))
	})
	for _, v := range found {
		text = strings.ReplaceAll(text, v.value, "${"+v.name+"}")
	}
	return text
}
