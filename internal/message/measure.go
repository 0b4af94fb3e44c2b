package message

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf16"
)

// units are the characters of a text as Slack, Discord and PagerDuty may count them: UTF-16 units, of which a text has
// never fewer than letters.
func units(text string) int {
	n := 0
	for _, r := range text {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// inJSON is how many bytes a text takes within the quotes of JSON. It is never less than units, so whatever is cut by it
// fits, however it is counted.
func inJSON(text string) int {
	n := len(text)
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"', c == '\\', c == '\n', c == '\t':
			n++
		case c < ' ':
			n += len(`\u0000`) - 1
		}
	}
	return n
}

// size is how many bytes a value takes as JSON.
func size(value any) int { return len(encoded(value)) }

// encoded is a value as JSON. Go would write &, < and > as six bytes each, which whoever reads it counts as one.
func encoded(value any) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(value) // there is nothing in our types that it cannot write
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// cut is the beginning of a text of letters that fits into so many bytes of JSON, with an ellipsis where it is cut.
func cut(letters iter.Seq[string], most int) (text string, whole bool) {
	used, fits := 0, 0
	for letter := range letters {
		used += inJSON(letter)
		if used > most {
			return text[:fits] + ellipsis, false
		}
		text += letter
		if used+len(ellipsis) <= most {
			fits = len(text)
		}
	}
	return text, true
}

const ellipsis = "…"

// pieces cuts a text of letters into pieces of at most so many bytes of JSON each; an empty text is one empty piece.
func pieces(letters iter.Seq[string], most int) []string {
	var out []string
	var piece []byte
	used := 0
	for letter := range letters {
		n := inJSON(letter)
		if used+n > most && used > 0 {
			out, piece, used = append(out, string(piece)), piece[:0], 0
		}
		piece, used = append(piece, letter...), used+n
	}
	return append(out, string(piece))
}
