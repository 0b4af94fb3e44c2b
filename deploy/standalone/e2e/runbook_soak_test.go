//go:build e2e

package e2e

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// TestSoakRunbookKills kills the worker behind every step of the runbook and inside every step, one run
// each. `make e2e` has one case for each kind of step.
func TestSoakRunbookKills(t *testing.T) {
	if os.Getenv("EVENKEEL_SOAK") == "" {
		t.Skip("make soak runs it; make e2e has the short form")
	}
	s := newRunbookSite(t)
	for _, path := range mendedBy {
		s.sub("behind "+path, func() { s.killedOnce(func(st workflows.RunbookStatus) bool { return ended(st, path) }) })
		s.sub("inside "+path, func() {
			s.killedOnce(func(st workflows.RunbookStatus) bool { return ended(st, path) || st.At == path && atWork(st.Phase) })
		})
	}
}

// ended says whether a step has ended. A step that takes no time is seen only then.
func ended(st workflows.RunbookStatus, path string) bool {
	return slices.ContainsFunc(st.Steps, func(s workflows.RunbookStep) bool { return s.Path == path && s.Outcome != "" })
}

func atWork(p runbook.Phase) bool {
	return p == runbook.Acting || p == runbook.Watching || p == runbook.Asking || p == runbook.Probing
}

// killedOnce mends the model in a run whose worker is killed once, and expects the usual end: the server was
// started once, whether the kill came before, in or behind that.
func (s *runbookSite) killedOnce(moment func(workflows.RunbookStatus) bool) {
	s.kill()
	began := time.Now()
	s.begin()
	killed := false
	s.eventually("the end of the run", func(ctx context.Context) bool {
		status := s.status()
		if !killed && moment(status) {
			killed = true
			s.killWorker()
			return false
		}
		q := status.Request
		switch {
		case q == nil:
		case q.Kind == request.Approval:
			s.tryStarter("gate", "approve", q.ID)
		case q.Kind == request.Order && s.starts(began) > 0:
			s.tryStarter("runbook", runbook.MarkDone, "llm_failure_response/"+illModel, "--reason", "it runs")
		case q.Kind == request.Order: // it certainly did not happen
			s.tryStarter("runbook", runbook.RetryVrb, "llm_failure_response/"+illModel, "--reason", "it does not run")
		}
		run, err := s.client.DescribeWorkflowExecution(ctx, runbookRun, "")
		return err == nil && run.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	})
	require.True(s.t, killed)
	result := s.end()
	require.Equal(s.t, runbook.Succeeded, result.Outcome, "%s", result.Reason)
	require.Equal(s.t, 1, s.starts(began))
	s.requireMended()
	s.requireLedgerWhole()
}

// tryStarter types a command that may come too late.
func (s *runbookSite) tryStarter(args ...string) {
	if out, err := s.Starter(s.ctx, args...); err != nil {
		s.t.Logf("starter %v: %v %s", args, err, out)
	}
}
