package identity

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhoCountsAsWhom(t *testing.T) {
	people := People{"anna": {Host: []string{"anna@gpu-1", "ops@gpu-2"}}, "ben": {Host: []string{"ben@gpu-1"}}}
	for account, want := range map[string]string{
		"anna@gpu-1": "anna", "anna@GPU-1": "anna", "ops@gpu-2": "anna", "ben@gpu-1": "ben",
		"anna@gpu-2": "anna", "ops@gpu-1": "ops", "eve@gpu-1": "eve", "eve@gpu-2": "eve", "a@b@gpu-1": "a@b", "alert": "alert", "@gpu-1": "@gpu-1",
	} {
		require.Equal(t, want, people.Counts(account), account)
	}
	require.Empty(t, people.Named("anna@gpu-2"), "an account that nobody listed makes nobody a member of a group")
}

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
