package templates

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A text that is too long is a text all the same: quotes would not help.
func TestConstantsThatAreTooLong(t *testing.T) {
	set, err := Load("", nil)
	require.NoError(t, err)
	long := strings.Repeat("a", 5000)
	for at, text := range map[string]string{
		"inputs.text.default": "inputs: {text: {type: string, default: %q}}\n" + nothing,
		"probes.p.with.query": "probes: {p: {uses: prometheus.query, with: {query: %q}, unit: ratio, max_age: 1s}}\n" + nothing,
	} {
		_, err = ReadRunbook("a.yaml", []byte(begin("a", "")+fmt.Sprintf(text, long)), set)
		require.ErrorContains(t, err, at+": has 5000 bytes; a text may have 4096", at)
	}
}

// What is wrong with a pattern is told once, and not again with each value that is held against it.
func TestPatternThatIsNone(t *testing.T) {
	set, err := Load("", nil)
	require.NoError(t, err)
	_, err = ReadRunbook("a.yaml", []byte(begin("a", "")+"inputs: {text: {type: string, pattern: \"[a-z\", default: x}}\n"+nothing), set)
	require.EqualError(t, err, `a.yaml:4:40: inputs.text.pattern: "[a-z" is not a pattern; write a regular expression of Go, 500 bytes at most`)
}
