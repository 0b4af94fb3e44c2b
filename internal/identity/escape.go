package identity

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escaped is a text on one line in which nothing hides: a letter that does not show, a blank at an end, a mark that
// would stand on what is before the text, a byte that is no UTF-8, and each of also, stand by their number. No two texts
// have the same.
func escaped(s, also string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x{%02x}`, s[i])
		case r == '\\':
			out.WriteString(`\\`)
		case r == '\n':
			out.WriteString(`\n`)
		case !shows(r), r == ' ' && (i == 0 || i+1 == len(s)), i == 0 && unicode.Is(unicode.M, r), strings.ContainsRune(also, r):
			fmt.Fprintf(&out, `\u{%x}`, r)
		default:
			out.WriteRune(r)
		}
		i += size
	}
	return out.String()
}

// shows says of a letter that people see it. unicode.IsPrint also has letters that are drawn as nothing: fillers,
// variation selectors, and the Braille pattern without a dot.
func shows(r rune) bool {
	return unicode.IsPrint(r) && r != '\u2800' && !unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// plainName is a name that stands in a text as it is: those of inputs, fields, steps and flags.
var plainName = regexp.MustCompile(`^(--)?[A-Za-z0-9_][A-Za-z0-9_./-]*$`)

// nameOf is a name in a text. One that could be taken for another, or for a line, stands in quotes.
func nameOf(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return `"` + escaped(name, `:"`) + `"`
}
