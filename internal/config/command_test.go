package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A value is one argument and nothing more, and the pattern has to match all of it.
func TestAccepts(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		want           bool
	}{
		{"[a-z0-9_]+", "qwen_32b", true},
		{"[a-z0-9_]+", "", false},
		{"[a-z0-9_]+", "qwen 32b", false},
		{"[a-z0-9_]+", "qwen\n", false},
		{"[a-z0-9_]+", "qwen\nx", false},
		{"[a-z0-9_]+", "; rm -rf /", false},
		{"a|b", "ab", false},
		{"a|bc", "bc", true},
		{"(?m)a", "x\na", false},
		{".*", "--force", false},
		{"-x|-y", "-x", false},
		{"(?s).*", "a\x00b", false},
		{"(a*)*", strings.Repeat("a", 4000) + "b", false},
		{"[", "a", false},
	} {
		require.Equal(t, c.want, CommandArg{Pattern: c.pattern}.Accepts(c.value), "%q %q", c.pattern, c.value)
	}
}
