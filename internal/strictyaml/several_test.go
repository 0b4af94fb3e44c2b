package strictyaml_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

func TestSeveral(t *testing.T) {
	type file struct {
		Of   map[string]strictyaml.Several[extra]             `yaml:"of"`
		Free strictyaml.Several[map[string]strictyaml.Scalar] `yaml:"free"`
	}
	decode := func(text string) (f file, doc *strictyaml.Document) {
		doc, err := strictyaml.Parse("f.yaml", []byte(text))
		require.NoError(t, err)
		doc.Decode(&f)
		return f, doc
	}
	f, doc := decode("of: {one: {port: 1}, list: [{port: 1}, {port: 2}], none: []}\nfree: {a: x, b: 2}\n")
	require.NoError(t, doc.Err())
	require.Equal(t, file{
		Of:   map[string]strictyaml.Several[extra]{"one": {{Port: 1}}, "list": {{Port: 1}, {Port: 2}}, "none": {}},
		Free: strictyaml.Several[map[string]strictyaml.Scalar]{{"a": {Value: "x"}, "b": {Value: int64(2)}}},
	}, f)
	require.True(t, doc.Has("of.one.port"), "the only item has the path of the list")
	require.True(t, doc.Has("of.list[1].port"))

	_, doc = decode("of: {one: 1, list: [{prt: 1}]}\n")
	require.EqualError(t, doc.Err(), "f.yaml:1:11: of.one: 1 is not a mapping; valid keys are weight, port\n"+
		"f.yaml:1:22: of.list[0].prt: unknown key \"prt\"; did you mean \"port\"?")
}
