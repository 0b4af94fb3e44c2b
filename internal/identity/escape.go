package identity

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escaped is a text on one line in which nothing hides: a letter that does not show, a blank at an end, a byte that is
// no UTF-8, and each of also, stand by their number. No two texts have the same.
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
		case !unicode.IsPrint(r), r == ' ' && (i == 0 || i+1 == len(s)), strings.ContainsRune(also, r):
			fmt.Fprintf(&out, `\u{%x}`, r)
		default:
			out.WriteRune(r)
		}
		i += size
	}
	return out.String()
}
