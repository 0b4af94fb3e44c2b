package workflows

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/activities"
)

// Whoever starts a run gives a reason of the bounds that every person's word has; else nothing is done or written.
func TestStartsHaveOneBoundOfReasons(t *testing.T) {
	const by = "anna@gpu-1"
	long := strings.Repeat("x", 4097)
	for name, start := range map[string]func(by, why string) (workflow, request any){
		"runbook": func(by, why string) (any, any) {
			return RunRunbook, RunbookRequest{Name: "r", Host: "gpu-1", By: by, Why: why}
		},
		"override": func(by, why string) (any, any) {
			return RunRunbook, RunbookRequest{Name: "r", Host: "gpu-1", By: by, Why: why, Override: true}
		},
		"scale": func(by, why string) (any, any) {
			return ScaleService, ScaleRequest{Host: "gpu-1", Service: "app", By: by, Why: why}
		},
		"restart": func(by, why string) (any, any) {
			return RestartService, RestartRequest{Host: "gpu-1", Service: "app", By: by, Why: why}
		},
	} {
		for why, want := range map[[2]string]string{
			{by, long}:            "the reason has 4097 bytes, and 4096 are kept; write less",
			{by, "\x1b[2J"}:       "the reason holds the character U+001B at byte 1, which nobody sees; leave it out",
			{"", "why"}:           "a name is one line of 1 to 256 bytes",
			{"anna\n@gpu-1", "y"}: "a name is one line of 1 to 256 bytes",
		} {
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestWorkflowEnvironment() // no activity is registered: one that is called fails otherwise
			workflow, request := start(why[0], why[1])
			env.ExecuteWorkflow(workflow, request)
			var refused *temporal.ApplicationError
			require.ErrorAs(t, env.GetWorkflowError(), &refused, name)
			require.Equal(t, activities.InvalidInput, refused.Type(), name)
			require.Equal(t, want, refused.Message(), name)
		}
	}
}
