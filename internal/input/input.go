// Package input is the rules of values that somebody gives: their types, bounds and defaults.
package input

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Field is one value that is asked for: a parameter of a runbook, or what a person fills in.
type Field struct {
	Name        string         `json:"name"`
	Type        condition.Type `json:"type"`
	Description string         `json:"description,omitempty"`
	// Default is nil when the input must be given.
	Default any `json:"default,omitempty"`
	// Pattern must match the whole of a string.
	Pattern string   `json:"pattern,omitempty"`
	Enum    []string `json:"enum,omitempty"`
	// Min and Max bound a number; nil is no bound.
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
}

// UnmarshalJSON keeps whole numbers whole, as condition.Values does.
func (in *Field) UnmarshalJSON(text []byte) error {
	type plain Field
	err := json.Unmarshal(text, (*plain)(in))
	in.Default = condition.Whole(in.Default)
	return err
}

// Fill checks what was given against what is declared, fills in the defaults and gives every value
// its type. The second result says what is wrong and what would be right; empty when nothing is.
func Fill(fields []Field, given condition.Values) (condition.Values, string) {
	var names []string
	for _, in := range fields {
		names = append(names, in.Name)
	}
	var unknown []string
	//workflowcheck:ignore // the least of them is taken below
	for name := range given {
		if !slices.Contains(names, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		name := slices.Min(unknown)
		if near, ok := strictyaml.Nearest(name, names); ok {
			return nil, fmt.Sprintf("there is no %s; did you mean %s?", name, near)
		}
		if len(names) == 0 {
			names = []string{"none"}
		}
		return nil, fmt.Sprintf("there is no %s; there are %s", name, strings.Join(names, ", "))
	}
	filled := condition.Values{}
	for _, in := range fields {
		v, ok := given[in.Name]
		if !ok {
			if v = in.Default; v == nil {
				return nil, fmt.Sprintf("%s is missing; give %s=%s", in.Name, in.Name, in.Type)
			}
		}
		typed, fault := in.accept(v)
		if fault != "" {
			return nil, in.Name + ": " + fault
		}
		filled[in.Name] = typed
	}
	return filled, ""
}

// accept gives a value the input's type, from text as well: a command line has nothing else.
func (in Field) accept(v any) (any, string) {
	text := fmt.Sprint(v)
	switch in.Type {
	case condition.Int:
		return in.number(v, "a whole number; write digits, such as 10")
	case condition.Double:
		return in.number(v, "a number; write digits, such as 10 or 0.5")
	case condition.Bool:
		if text != "true" && text != "false" {
			return nil, strictyaml.Quote(text) + " is neither true nor false"
		}
		return text == "true", ""
	case condition.String, condition.Time: // no input is a time
	}
	if _, err := condition.Convert(text, condition.String); err != nil {
		return nil, err.Error() // it is kept in the history and in the ledger
	}
	return text, in.Check(text)
}

// decimal is a number as a person writes it. Go's own forms, such as 1_0, 0x1p4 and Infinity, are none.
var decimal = regexp.MustCompile(`^[-+]?[0-9]+(\.[0-9]+)?$`)

// number makes a value, or what a person wrote, a number of the input's type.
func (in Field) number(v any, what string) (any, string) {
	v = condition.Whole(v)
	text := fmt.Sprint(v)
	if problem := strictyaml.TooLarge(text); problem != "" {
		return nil, strings.Trim(strictyaml.Quote(text), `"`) + " " + problem
	}
	if _, written := v.(string); written {
		v = nil
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			v = n
		} else if f, err := strconv.ParseFloat(text, 64); err == nil && decimal.MatchString(text) {
			v = f
		}
	}
	n, err := condition.Convert(v, in.Type)
	if err != nil {
		return nil, strictyaml.Quote(text) + " is not " + what
	}
	return n, in.Check(n)
}

// Check says why the field cannot have a value, which is of its type, and what would be right; empty when it can.
func (in Field) Check(value any) string {
	switch v := value.(type) {
	case string:
		return in.spelled(v)
	case int64:
		return in.bounded(float64(v))
	case float64:
		return in.bounded(v)
	}
	return ""
}

func (in Field) spelled(text string) string {
	switch {
	case len(in.Enum) > 0 && !slices.Contains(in.Enum, text):
		return strictyaml.Quote(text) + " is not allowed; " + strictyaml.Instead(text, in.Enum)
	case in.Pattern != "":
		pattern, err := regexp.Compile("^(?:" + in.Pattern + ")$")
		if err != nil || !pattern.MatchString(text) {
			return strictyaml.Quote(text) + " does not match the pattern " + in.Pattern + "; write one that does"
		}
	}
	return ""
}

func (in Field) bounded(n float64) string {
	switch {
	case in.Min != nil && n < *in.Min:
		return fmt.Sprintf("%v is less than %v; write %v or more", n, *in.Min, *in.Min)
	case in.Max != nil && n > *in.Max:
		return fmt.Sprintf("%v is more than %v; write %v or less", n, *in.Max, *in.Max)
	}
	return ""
}
