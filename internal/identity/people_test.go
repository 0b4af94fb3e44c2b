package identity

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatches(t *testing.T) {
	for member, accounts := range map[string][]string{
		"*@gpu-1": {"anna@gpu-1", "x@GPU-1", "a@b@gpu-1"}, "anna@*": {"anna@gpu-1", "anna@gpu-2"}, "anna@gpu-1": {"anna@gpu-1"}, "*@*": {"anna@gpu-1"},
	} {
		for _, account := range accounts {
			require.True(t, Matches(member, account), "%s %s", member, account)
		}
	}
	for member, account := range map[string]string{
		"*@gpu-1": "anna@gpu-2", "anna@*": "ben@gpu-1", "anna@gpu-1": "Anna@gpu-1", "anna": "anna@gpu-1", "*@*": "anna", "*@gpu-2": "@gpu-2",
	} {
		require.False(t, Matches(member, account), "%s %s", member, account)
	}
}
