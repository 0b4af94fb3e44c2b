package strictyaml

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInstead(t *testing.T) {
	for want, of := range map[string][]string{
		`did you mean "green"?`:     {"red", "green"},
		"there are none":            nil,
		"write red":                 {"red"},
		"write one of red and blue": {"red", "blue"},
		"write one of a, b and c":   {"a", "b", "c"},
		"write one of " + "a, b, c, d, e, f, g, h, i, j, k and l and 1 more": strings.Split("abcdefghijklm", ""),
	} {
		require.Equal(t, want, Instead("gren", of))
	}
}
