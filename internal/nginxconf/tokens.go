package nginxconf

// directive is one statement: a name with its arguments, and what begins or ends there.
type directive struct {
	words []string
	// end is ';' for a simple one, '{' where a block begins, '}' where one ends (without words).
	end byte
}

// directives divides a text. It never fails: what nginx would refuse gives whatever it gives.
func directives(text string) []directive {
	var out []directive
	var words []string
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case ' ', '\t', '\n', '\r':
			i++
		case '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case ';', '{', '}':
			if len(words) > 0 || c == '}' {
				out = append(out, directive{words: words, end: c})
			}
			words = nil
			i++
		default:
			var w string
			w, i = word(text, i)
			words = append(words, w)
		}
	}
	return out
}

// word reads one word, which begins at i, and returns where it ends.
func word(text string, i int) (string, int) {
	var out []byte
	if quote := text[i]; quote == '"' || quote == '\'' {
		for i++; i < len(text) && text[i] != quote; i++ {
			if text[i] == '\\' && i+1 < len(text) {
				i++
			}
			out = append(out, text[i])
		}
		return string(out), min(i+1, len(text))
	}
	for variable := false; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			out = append(out, text[i])
			continue
		case c == '{' && len(out) > 0 && out[len(out)-1] == '$':
			variable = true
		case c == '}' && variable:
			variable = false
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';' || c == '{' || c == '}':
			return string(out), i
		}
		out = append(out, text[i])
	}
	return string(out), i
}
