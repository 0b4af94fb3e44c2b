package strictyaml

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// At returns the line and column, from 1, of the field at path or of what should hold it.
func (d *Document) At(path string) (line, column int) {
	at := d.position(path)
	return at.line, at.column
}

// FaultIn is Fault for a place within the text at path. Line and column count from 1 in text, which is
// the value or a part of it. Where the file writes the text in another way, as with escapes, the
// fault stands at the field.
func (d *Document) FaultIn(path, text string, line, column int, format string, args ...any) {
	before := d.at[path]
	if at, ok := d.within(path, text, line, column); ok {
		d.at[path] = at
		defer func() { d.at[path] = before }()
	}
	d.Fault(path, format, args...)
}

func (d *Document) within(path, text string, line, column int) (position, bool) {
	at, ok := d.at[path]
	parts := strings.Split(text, "\n")
	if !ok || line < 1 || line > len(parts) || at.line < 1 {
		return position{}, false
	}
	lines := bytes.Split(d.data, []byte("\n"))
	first, skip := at.line-1, at.column-1
	if len(parts) > 1 {
		first, skip = at.line+line-1, 0 // a block begins a line below
	}
	if first >= len(lines) {
		return position{}, false
	}
	raw := []rune(string(lines[first]))
	if skip > len(raw) {
		return position{}, false
	}
	rest := string(raw[skip:])
	found := strings.Index(rest, parts[line-1])
	if found < 0 {
		return position{}, false
	}
	return position{first + 1, skip + utf8.RuneCountInString(rest[:found]) + column}, true
}
