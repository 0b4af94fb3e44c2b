package templates

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

var inputTypes = []condition.Type{condition.String, condition.Int, condition.Double, condition.Bool}

// otherWords are what people call the types elsewhere.
var otherWords = map[string]condition.Type{
	"text": condition.String, "str": condition.String, "integer": condition.Int, "number": condition.Double, "float": condition.Double,
	"boolean": condition.Bool,
}

const maxPattern = 500 // bytes

// inputFile is an input as a file has it.
type inputFile struct {
	Type        string             `yaml:"type"`
	Description string             `yaml:"description"`
	Default     *strictyaml.Scalar `yaml:"default"`
	Pattern     string             `yaml:"pattern"`
	Enum        []string           `yaml:"enum"`
	Min         *float64           `yaml:"min"`
	Max         *float64           `yaml:"max"`
}

// inputs reads what a run or a person has to give.
func (r *reader) inputs(at string, entries map[string]inputFile) []input.Field {
	if !r.few(at, len(entries)) {
		return nil
	}
	var out []input.Field
	for _, name := range inFileOrder(r.doc, at, entries) {
		if in, ok := r.input(at+"."+name, name, entries[name]); ok {
			out = append(out, in)
		} else {
			r.unknown = append(r.unknown, at+"."+name)
		}
	}
	return out
}

func (r *reader) input(at, name string, f inputFile) (input.Field, bool) {
	in := input.Field{
		Name: name, Type: condition.Type(f.Type), Description: f.Description, Pattern: f.Pattern, Enum: f.Enum, Min: f.Min, Max: f.Max,
	}
	labelled := r.isLabel(at, name)
	r.doc.Require(at + ".type")
	if other, ok := otherWords[f.Type]; ok {
		r.doc.Fault(at+".type", "unknown type %q; write %s", f.Type, other)
	}
	if _, ok := oneOf(r, at+".type", "type", in.Type, inputTypes); !ok {
		return in, false
	}
	for _, rule := range []struct {
		key  string
		fits bool
		of   string
	}{
		{"pattern", in.Type == condition.String, "a string"},
		{"enum", in.Type == condition.String, "a string"},
		{"min", in.Type == condition.Int || in.Type == condition.Double, "a number"},
		{"max", in.Type == condition.Int || in.Type == condition.Double, "a number"},
	} {
		if r.doc.Has(at+"."+rule.key) && !rule.fits {
			r.doc.Fault(at+"."+rule.key, "bounds %s, but %s is of type %s; remove it", rule.of, name, in.Type)
		}
	}
	if r.doc.Has(at+".enum") && len(f.Enum) == 0 {
		r.doc.Fault(at+".enum", "is empty; write the values that are allowed")
	}
	if f.Min != nil && f.Max != nil && *f.Min > *f.Max {
		r.doc.Fault(at+".min", "%v is more than max, which is %v", *f.Min, *f.Max)
	}
	if _, err := regexp.Compile(f.Pattern); err != nil || len(f.Pattern) > maxPattern {
		r.doc.Fault(at+".pattern", "%s is not a pattern; write a regular expression of Go, %d bytes at most", strictyaml.Quote(f.Pattern), maxPattern)
		in.Pattern = "" // nothing matches what is none
	}
	if f.Default != nil && r.doc.Sound(at) {
		in.Default = r.fit(at+".default", in, f.Default.Value)
	}
	return in, labelled && r.doc.Sound(at)
}

// fit checks a constant against what an input allows, and makes it one of the input's type.
func (r *reader) fit(at string, in input.Field, value any) any {
	value, ok := r.constant(at, in.Type, value)
	if !ok {
		return nil
	}
	if problem := in.Check(value); problem != "" {
		r.doc.Fault(at, "%s", problem)
		return nil
	}
	return value
}

// constant makes a value of the file one of the type that is wanted; false when it is another one.
func (r *reader) constant(at string, want condition.Type, value any) (any, bool) {
	got, err := condition.Convert(value, want)
	if err == nil {
		return got, true
	}
	if _, other := errors.AsType[*condition.TypeError](err); !other {
		r.doc.Fault(at, "%s", err)
		return nil, false
	}
	hint := map[condition.Type]string{
		condition.String: "put it in quotes", condition.Int: "write a whole number", condition.Double: "write a number",
		condition.Bool: "write true or false",
	}[want]
	shown := fmt.Sprint(value)
	if s, ok := value.(string); ok {
		shown = strictyaml.Quote(s)
	}
	r.doc.Fault(at, "%s is not of type %s; %s", shown, want, hint)
	return nil, false
}
