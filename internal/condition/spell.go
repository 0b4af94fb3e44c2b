package condition

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Spell is a value as text: the same before JSON and after it.
func Spell(v any) string { return fmt.Sprint(Whole(v)) }

// plainText needs no quotes to be told from what stands beside it.
var plainText = regexp.MustCompile(`^[A-Za-z0-9_./:@+-]+$`)

// Quoted is a value as a person is shown it, on one line: text is in quotes where it holds anything but plain
// characters, and there is ASCII only, with escapes for everything else. So two texts never look the same, not even
// those of letters that look alike or that are one letter in two spellings.
func Quoted(v any) string {
	switch v := Whole(v).(type) {
	case string:
		if !plainText.MatchString(v) {
			return strconv.QuoteToASCII(v)
		}
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// Assignments shows the values on one line, NAME=VALUE in the order of the names, each as Quoted says.
func (v Values) Assignments() string {
	var words []string
	for _, name := range v.Names() {
		words = append(words, name+"="+Quoted(v[name]))
	}
	return strings.Join(words, " ")
}

// Words shows texts on one line, each as Quoted says.
func Words(texts []string) string {
	words := make([]string, len(texts))
	for i, text := range texts {
		words[i] = Quoted(text)
	}
	return strings.Join(words, " ")
}

// Names are the names of the values, sorted.
func (v Values) Names() []string {
	var names []string
	//workflowcheck:ignore // sorted below
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
