package compose

import "strings"

// token is a word of a shell command, or an operator between words.
type token struct {
	text     string
	operator bool
}

// tokens divides a shell command. Quotes are taken away; variables stay as they are written.
func tokens(text string) []token {
	var out []token
	var word strings.Builder
	begun := false
	flush := func() {
		if begun {
			out = append(out, token{text: word.String()})
		}
		word.Reset()
		begun = false
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'' || c == '"':
			begun = true
			for i++; i < len(text) && text[i] != c; i++ {
				if c == '"' && text[i] == '\\' && i+1 < len(text) {
					i++
				}
				word.WriteByte(text[i])
			}
		case c == '\\' && i+1 < len(text):
			i++
			begun = true
			word.WriteByte(text[i])
		case c == ' ' || c == '\t' || c == '\r':
			flush()
		case c == '&' && (i > 0 && text[i-1] == '>' || i+1 < len(text) && text[i+1] == '>'):
			word.WriteByte(c) // a redirection, such as 2>&1
		case strings.IndexByte("|&;()\n", c) >= 0:
			flush()
			operator := string(c)
			if (c == '|' || c == '&') && i+1 < len(text) && text[i+1] == c {
				i++
				operator += string(c)
			}
			out = append(out, token{text: operator, operator: true})
		default:
			begun = true
			word.WriteByte(c)
		}
	}
	flush()
	return out
}
