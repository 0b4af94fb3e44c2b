package templates

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/runbooktest"
)

// Every runbook that ships has a test, whose cases all pass and go every branch.
func TestShippedRunbooks(t *testing.T) {
	set, err := Load("", nil)
	require.NoError(t, err)
	all := set.RunbookTests()
	require.NotEmpty(t, all)
	for _, r := range all {
		t.Run(r.Runbook.Name, func(t *testing.T) {
			require.NotEmpty(t, r.Cases, "it has no test")
			program := runbook.Lay(r.Runbook)
			var results []runbooktest.Result
			for _, c := range r.Cases {
				t.Run(c.Name, func(t *testing.T) {
					result := runbooktest.Run(program, c)
					require.Empty(t, result.Faults)
					results = append(results, result)
				})
			}
			require.Empty(t, runbooktest.Uncovered(program, results))
		})
	}
}
