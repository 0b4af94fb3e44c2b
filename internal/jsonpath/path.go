// Package jsonpath takes single values out of a JSON object by simple paths, such as alerts[0].labels.model. There are no
// expressions: a path names one place.
package jsonpath

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Bounds of a path.
const (
	maxBytes = 200
	maxSteps = 16
)

// Path is where a value lies in an object.
type Path struct {
	text  string
	steps []step
}

// step is the name of a field or, where the name is empty, the number of an element from 0.
type step struct {
	name  string
	index int
}

var part = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_-]*)((?:\[[0-9]{1,4}\])*)$`)

// Parse reads a path: names with dots between them, and [n] behind a name for an element of a list, from 0 to 9999. A name
// has letters, digits, _ and -. A path has 200 bytes and 16 steps at most.
func Parse(text string) (Path, error) {
	p := Path{text: text}
	wrong := fmt.Errorf("%q is not a path; write names with dots between them and [n] for an element of a list, such as alerts[0].labels.model", cut(text))
	if len(text) > maxBytes {
		return Path{}, fmt.Errorf("the path has %d bytes; it may have %d", len(text), maxBytes)
	}
	for piece := range strings.SplitSeq(text, ".") {
		match := part.FindStringSubmatch(piece)
		if match == nil {
			return Path{}, wrong
		}
		p.steps = append(p.steps, step{name: match[1]})
		for number := range strings.FieldsFuncSeq(match[2], func(c rune) bool { return c == '[' || c == ']' }) {
			index, err := strconv.Atoi(number)
			if err != nil {
				return Path{}, wrong
			}
			p.steps = append(p.steps, step{index: index})
		}
	}
	if len(p.steps) > maxSteps {
		return Path{}, fmt.Errorf("the path has %d steps; it may have %d", len(p.steps), maxSteps)
	}
	return p, nil
}

func cut(text string) string { return text[:min(len(text), 40)] }

// UnmarshalText is Parse.
func (p *Path) UnmarshalText(text []byte) (err error) {
	*p, err = Parse(string(text))
	return err
}

// String is the path as it was written.
func (p Path) String() string { return p.text }

// Decode reads the text of one JSON object. Numbers keep all their digits. The error says what is wrong in one line.
func Decode(text []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return nil, fmt.Errorf("it is no JSON object: %w", err)
	}
	if object == nil {
		return nil, errors.New("it is no JSON object: it is null")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("it goes on behind its JSON object")
	}
	return object, nil
}

// In returns the value at the path in an object that Decode has read: a string, an int64, a float64 or a bool. It is nil
// where nothing or null is there. The error says that it is none of those types, or no number that a float64 holds.
func (p Path) In(object map[string]any) (any, error) {
	var at any = object
	for _, s := range p.steps {
		switch of := at.(type) {
		case map[string]any:
			if s.name == "" {
				return nil, nil //nolint:nilnil // nothing is there
			}
			at = of[s.name]
		case []any:
			if s.name != "" || s.index >= len(of) {
				return nil, nil //nolint:nilnil // nothing is there
			}
			at = of[s.index]
		default:
			return nil, nil //nolint:nilnil // nothing is there
		}
	}
	switch v := at.(type) {
	case nil, string, bool:
		return v, nil
	case json.Number:
		return p.number(v)
	case map[string]any:
		return nil, fmt.Errorf("%s is an object; a text, a number, true or false is wanted", p)
	default:
		return nil, fmt.Errorf("%s is a list; a text, a number, true or false is wanted", p)
	}
}

func (p Path) number(v json.Number) (any, error) {
	if n, err := v.Int64(); err == nil {
		return n, nil
	}
	f, err := v.Float64()
	if err != nil {
		return nil, fmt.Errorf("%s is a number that is too large", p)
	}
	return f, nil
}
