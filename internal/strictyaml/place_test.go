package strictyaml_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// A fault within a text stands where the text has it, however the file writes it.
func TestFaultIn(t *testing.T) {
	for _, c := range []struct {
		data, text   string
		line, column int
		want         string
	}{
		{"a: one two", "one two", 1, 5, "f:1:8: a: bad"},
		{"a: \"one two\"", "one two", 1, 5, "f:1:9: a: bad"},
		{"é: 'x'\na: 'é two'", "é two", 1, 3, "f:2:7: a: bad"},
		{"a: \"${{  two }}\"", "two", 1, 2, "f:1:11: a: bad"},
		{"b: {a: one two}", "one two", 1, 5, "f:1:12: b.a: bad"},
		{"a: |\n  one\n  two three", "one\ntwo three\n", 2, 5, "f:3:7: a: bad"},
		{"a: |\n  one\n  two three", "one\ntwo three\n", 9, 5, "f:1:4: a: bad"},
		{"a: \"one \\\"two\\\" x\"", "one \"two\" x", 1, 11, "f:1:4: a: bad"}, // escapes
		{"a: >\n  one\n  two", "one two\n", 1, 5, "f:1:4: a: bad"},            // folded
		{"a: one two", "one two", 0, 0, "f:1:4: a: bad"},
	} {
		doc, err := strictyaml.Parse("f", []byte(c.data))
		require.NoError(t, err)
		var into struct {
			A string `yaml:"a"`
			E string `yaml:"é"`
			B struct {
				A string `yaml:"a"`
			} `yaml:"b"`
		}
		doc.Decode(&into)
		require.NoError(t, doc.Err())
		path := "a"
		if doc.Has("b") {
			path = "b.a"
		}
		line, column := doc.At(path)
		doc.FaultIn(path, c.text, c.line, c.column, "bad")
		require.EqualError(t, doc.Err(), c.want, c.data)
		againLine, againColumn := doc.At(path)
		require.Equal(t, []int{line, column}, []int{againLine, againColumn}, "the field stays where it is")
	}
}

func TestScalar(t *testing.T) {
	doc, err := strictyaml.Parse("f", []byte("v: {text: a, quoted: \"5\", whole: -5, large: 9007199254740992, far: 1e300, long: 99999999999999999999.5, broken: 0.5, truth: true, date: 2027-06-30, list: [], none: , oct: 0x1F, line: 1_0}\n"))
	require.NoError(t, err)
	var into struct {
		V map[string]strictyaml.Scalar `yaml:"v"`
	}
	doc.Decode(&into)
	require.EqualError(t, doc.Err(), "f:1:137: v.date: 2027-06-30 is no text, number, true or false; put it in quotes\n"+
		"f:1:155: v.list: a list is not a single value; write text, a number, true or false\n"+
		"f:1:165: v.none: has no value; give it one or remove the line\n"+
		"f:1:172: v.oct: 0x1F is no text, number, true or false; put it in quotes\n"+
		"f:1:184: v.line: 1_0 is no text, number, true or false; put it in quotes")
	for name, want := range map[string]any{
		"text": "a", "quoted": "5", "whole": int64(-5), "large": int64(9007199254740992), "far": 1e300, "long": 1e20, "broken": 0.5, "truth": true,
	} {
		require.Equal(t, want, into.V[name].Value, name)
	}
}
