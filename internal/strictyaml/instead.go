package strictyaml

import (
	"fmt"
	"strings"
)

// Instead says what would be right instead of a name that is none of valid.
func Instead(name string, valid []string) string {
	const shown = 12
	if near, ok := Nearest(name, valid); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	switch {
	case len(valid) == 0:
		return "there are none"
	case len(valid) == 1:
		return "write " + valid[0]
	case len(valid) > shown:
		return fmt.Sprintf("write one of %s and %d more", Listed(valid[:shown]), len(valid)-shown)
	}
	return "write one of " + Listed(valid)
}

// Listed lists words as a sentence does.
func Listed[T ~string](words []T) string {
	var out strings.Builder
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			out.WriteString(" and ")
		case i > 0:
			out.WriteString(", ")
		}
		out.WriteString(string(w))
	}
	return out.String()
}
