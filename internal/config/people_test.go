package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOperators(t *testing.T) {
	groups := "groups: {sre: [a@b], oncall: [c@d]}\n"
	for text, want := range map[string][]string{
		"":                                       {"oncall", "sre"},
		"approvals: {authenticated_from: write}": {"oncall", "sre"},
		"approvals: {operators: }":               {"oncall", "sre"},
		"approvals: {operators: [sre]}":          {"sre"},
		"approvals: {operators: []}":             {},
	} {
		c, err := parse("f", "/f", []byte(least+groups+text))
		require.NoError(t, err, text)
		require.Equal(t, want, c.Approvals.Operators, text)
	}
}
