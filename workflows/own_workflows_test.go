package workflows

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/runbook"
)

// An operation that is declared to be a workflow of its own has one, and no other has.
func TestOperationsThatAreWorkflows(t *testing.T) {
	declared := 0
	for _, o := range runbook.Operations() {
		require.Equal(t, o.Workflow, ownWorkflows[o.Name] != nil, o.Name)
		if o.Workflow {
			declared++
		}
	}
	require.Len(t, ownWorkflows, declared)
}
