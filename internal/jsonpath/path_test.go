package jsonpath

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const body = `{"alerts": [{"labels": {"model": "qwen_32b", "n": 7, "f": 0.5, "ok": true, "none": null}}, [["x"]]], "big": 1e999, "long": 12345678901234567890, "a-b": {"_": "y"}}`

func TestIn(t *testing.T) {
	object, err := Decode([]byte(body))
	require.NoError(t, err)
	for text, want := range map[string]any{
		"alerts[0].labels.model":    "qwen_32b",
		"alerts[0].labels.n":        int64(7),
		"alerts[0].labels.f":        0.5,
		"alerts[0].labels.ok":       true,
		"alerts[0].labels.none":     nil,
		"alerts[0].labels.other":    nil,
		"alerts[1][0][0]":           "x",
		"alerts[2]":                 nil,
		"alerts[0][0]":              nil,
		"alerts.labels":             nil,
		"alerts[0].labels.model[0]": nil,
		"alerts[0].labels.model.x":  nil,
		"long":                      12345678901234567890.0,
		"a-b._":                     "y",
		"nothing":                   nil,
	} {
		p, err := Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, text, p.String())
		got, err := p.In(object)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		"alerts":           "alerts is a list; a text, a number, true or false is wanted",
		"alerts[0].labels": "alerts[0].labels is an object; a text, a number, true or false is wanted",
		"big":              "big is a number that is too large",
	} {
		p, err := Parse(text)
		require.NoError(t, err)
		_, err = p.In(object)
		require.EqualError(t, err, want)
	}
}

func TestWhatIsNoPath(t *testing.T) {
	for _, text := range []string{
		"", ".", "a.", ".a", "a..b", "[0]", "a[", "a[]", "a[-1]", "a[x]", "a[0", "a[0]b", "a[10000]", "$.a", "a b", "a.*", "..", "1a", "a['b']", "ä", "a\n", "a[0x1]",
		strings.Repeat("a.", 16) + "a", strings.Repeat("a", 201),
	} {
		var p Path
		require.Error(t, p.UnmarshalText([]byte(text)), "%q", text)
	}
}

func TestDecode(t *testing.T) {
	for text, want := range map[string]string{
		"":          "it is no JSON object: EOF",
		"null":      "it is no JSON object: it is null",
		"5":         "it is no JSON object: json: cannot unmarshal number into Go value of type map[string]interface {}",
		"[]":        "it is no JSON object: json: cannot unmarshal array into Go value of type map[string]interface {}",
		"{} {}":     "it goes on behind its JSON object",
		"{} x":      "it goes on behind its JSON object",
		`1764.{}`:   "it is no JSON object: invalid character '{' after decimal point in numeric literal",
		`{"a": 01}`: "it is no JSON object: invalid character '1' after object key:value pair",
	} {
		_, err := Decode([]byte(text))
		require.EqualError(t, err, want, text)
	}
}

// Whatever comes, a value is nothing, a text, a number or a truth, and nothing panics.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"alerts[0].labels.model", "a", "a[0][1].b-c", "big", "a..b"} {
		f.Add(path, []byte(body))
	}
	f.Add("a", []byte(`{"a": {"a": [1]}}`))
	f.Fuzz(func(t *testing.T, text string, body []byte) {
		p, err := Parse(text)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		again, err := Parse(p.String())
		require.NoError(t, err)
		require.Equal(t, p, again)
		object, err := Decode(body)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		value, err := p.In(object)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		switch value.(type) {
		case nil, string, bool, int64, float64:
		default:
			require.Failf(t, "another type", "%T", value)
		}
	})
}
