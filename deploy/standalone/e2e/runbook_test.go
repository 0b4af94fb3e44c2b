//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// mendedBy are the steps of a run that mends the ill model, in order.
var mendedBy = []string{
	"confirm", "open_incident", "open_breaker", "shift_creative", "check_mode", "tell_oncall", "approve_restart", "restart",
	"healthy", "watch_p95", "protected", "close_breaker", "verify", "restore_creative", "tell_done",
}

// TestRunbook mends a model server that was killed: as a person would see it, then with the worker killed in
// every kind of step, then with the Temporal server restarted while a gate is open.
func TestRunbook(t *testing.T) {
	s := newRunbookSite(t)
	s.sub("as a person sees it", s.story)
	s.sub("worker killed in every kind of step", s.killedInEachKind)
	s.sub("server restarted while a gate is open", s.serverRestartedAtGate)
	s.sub("mended by hand", s.mendedByHand)
	s.sub("database and cache hang", s.storesFail)
}

// story is what the README tells a new user to do.
func (s *runbookSite) story() {
	s.kill()
	began := time.Now()
	_, err := s.Starter(s.ctx, "runbook", "run", "llm_failure_response", "-p", "model="+illModel, "-p", "service="+illService, "--no-wait")
	require.NoError(s.t, err)
	id := s.request(request.Approval).ID
	require.False(s.t, s.serverRuns(), "nothing is restarted before somebody approves")
	list, err := s.Starter(s.ctx, "gate", "list")
	require.NoError(s.t, err)
	short, _, _ := strings.Cut(strings.TrimPrefix(id, "runbook/"), "@")
	require.Contains(s.t, list, short)
	require.Contains(s.t, list, illService)
	require.Contains(s.t, fmt.Sprint(s.adminGet("/admin/downshift/stats")["active"]), "creative:balanced")
	_, err = s.Starter(s.ctx, "runbook", "run", "llm_failure_response", "-p", "model="+illModel, "-p", "service="+illService, "--no-wait")
	require.ErrorContains(s.t, err, "exit status 1", "a second run about the same model is refused")
	out, err := s.Starter(s.ctx, "gate", "approve", id)
	require.NoError(s.t, err)
	require.Contains(s.t, out, "approved")
	result := s.end()
	require.Equal(s.t, runbook.Succeeded, result.Outcome, "%s", result.Reason)
	require.Equal(s.t, 1, s.starts(began))
	s.requireMended()
	proven, err := s.Starter(s.ctx, "audit", "verify")
	require.NoError(s.t, err)
	require.Contains(s.t, proven, "2 of 2 signed words proven", "the kernel says who started it and who approved it")
	story, err := s.Starter(s.ctx, "audit", "list")
	require.NoError(s.t, err)
	for _, kind := range []string{"runbook.started", "incident.opened", "request.opened", "request.approved", "step.started", "step.ok", "runbook.finished"} {
		require.Contains(s.t, story, kind)
	}
	_, err = s.Starter(s.ctx, "gate", "approve", id)
	require.ErrorContains(s.t, err, "exit status 1", "what is closed cannot be approved again")
	s.kill()
	out, err = s.Starter(s.ctx, "runbook", "run", "llm_failure_response", "-p", "model="+illModel, "-p", "service="+illService)
	require.ErrorContains(s.t, err, "exit status 1")
	require.Contains(s.t, out+err.Error(), "cooldown")
}

// killedInEachKind ends the worker inside a check, a restart and a gate, and behind steps, all in one run. The end is the same, and the restart happened once.
func (s *runbookSite) killedInEachKind() {
	began := time.Now()
	s.begin()
	s.awaitAt("confirm", runbook.Watching)
	s.killWorker()
	s.awaitEnded("open_breaker")
	s.killWorker()
	s.awaitAt("approve_restart", runbook.Asking)
	s.killWorker()
	s.approve()
	s.awaitAt("restart", runbook.Acting)
	s.awaitStart(began)
	s.killWorker()          // a restart is a run of its own, which goes on: nobody has to say whether it happened
	s.awaitEnded("restart") // what comes behind it may be over at once: it is in the wait, or past it
	s.killWorker()
	result := s.end()
	require.Equal(s.t, runbook.Succeeded, result.Outcome, "%s", result.Reason)
	require.Equal(s.t, 1, s.starts(began), "nobody asked for a second restart")
	s.requireMended()
	s.requireLedgerWhole()
}

// awaitStart waits until the model's server was started.
func (s *runbookSite) awaitStart(since time.Time) {
	s.t.Helper()
	s.eventually("the start of the model's server", func(context.Context) bool { return s.starts(since) > 0 })
}

// serverRestartedAtGate keeps the gate, its deadline and who approves it over a restart of the Temporal server.
func (s *runbookSite) serverRestartedAtGate() {
	s.kill()
	began := time.Now()
	s.begin()
	before := s.request(request.Approval)
	s.restartServer()
	after := s.request(request.Approval)
	require.Equal(s.t, before.ID, after.ID)
	require.True(s.t, before.Deadline.Equal(after.Deadline))
	s.approve()
	result := s.end()
	require.Equal(s.t, runbook.Succeeded, result.Outcome, "%s", result.Reason)
	require.Equal(s.t, 1, s.starts(began))
	s.requireMended()
	s.requireLedgerWhole()
}

// mendedByHand takes a model that is well and out of use back into use, and asks and restarts nobody.
func (s *runbookSite) mendedByHand() {
	began := time.Now()
	s.admin(http.MethodPost, "/admin/breaker", `{"model":"`+illModel+`","state":"open"}`)
	s.begin()
	result := s.end()
	require.Equal(s.t, runbook.Succeeded, result.Outcome, "%s", result.Reason)
	require.Zero(s.t, s.starts(began))
	s.requireMended()
}
