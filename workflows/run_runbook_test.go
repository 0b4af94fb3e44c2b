package workflows_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

func TestRunbookIsApproved(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	denied := s.hears(time.Minute, workflows.AnswerRequest, s.answers("mallory@gpu1", true))
	approved := s.hears(2*time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
	require.Equal(t, []string{"open", "restart", "close"}, s.acts)
	require.False(t, denied.reply.Accepted)
	require.Contains(t, denied.reply.Message, "mallory@gpu1 is in none of the groups oncall")
	require.True(t, approved.reply.Accepted)
	require.Equal(t, []string{
		"statement.used", "runbook.started", "step.ok", "runbook.acting", "step.ok", "request.opened", "request.denied", "request.approved", "step.ok",
		"step.ok", "step.ok", "runbook.finished",
	}, s.ledger.kinds(), "that it begins the host's worker says")
}

func TestRunbookNobodyApproves(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	result, err := s.run()
	require.ErrorContains(t, err, "nobody answered runbook/gpu1/shop/restart_model/qwen_32b:ask.1 in time")
	require.Equal(t, runbook.Rejected, result.Outcome)
	require.Equal(t, []string{"open", "undo open"}, s.acts)
	require.Equal(t, []string{"open"}, result.Undone)
	require.Contains(t, s.ledger.kinds(), "request.reminded")
	require.Contains(t, s.ledger.kinds(), "request.expired")
}

// Without a chat the ledger alone is told, and the run does not end before it is.
func TestRunbookSaysItsLastWord(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	messenger := activities.LedgerMessenger{Ledger: s.ledger}
	s.OnActivity(activities.Notify, mock.Anything, mock.Anything).After(10 * time.Minute).Return(messenger.Send)
	_, err := s.run()
	require.ErrorContains(t, err, "in time")
	var told []string
	for _, e := range s.ledger.entries {
		if e.Kind == activities.NotificationKind {
			var n request.Notification
			require.NoError(t, json.Unmarshal([]byte(e.Data), &n))
			told = append(told, n.About)
		}
	}
	require.Equal(t, []string{"opened", "reminded", "expired"}, told)
}

// That its alert is resolved is shown, once, and changes nothing.
func TestRunbookIsToldOfItsAlert(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	resolved := workflows.ResolvedAlert{Alert: "ModelUnhealthy", At: start.Add(time.Minute)}
	for range 2 {
		s.RegisterDelayedCallback(func() { s.SignalWorkflow(workflows.AlertResolved, resolved) }, time.Minute)
	}
	s.RegisterDelayedCallback(func() {
		require.Equal(t, []workflows.ResolvedAlert{resolved}, s.status().Resolved)
	}, 2*time.Minute)
	s.hears(3*time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
}

func TestRunbookIsRejected(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", false))
	result, err := s.run()
	require.ErrorContains(t, err, "rejected by bob@gpu1: because")
	require.Equal(t, runbook.Rejected, result.Outcome)
	require.NotContains(t, s.acts, "restart")
}

func TestRunbookWithNothingToDo(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	s.healthy = true
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.NotNeeded, result.Outcome)
	require.Empty(t, s.acts)
}

// unclear is an error after which nobody knows whether the restart happened.
var unclear = map[string]error{
	"the activity says so": temporal.NewNonRetryableApplicationError("connection lost", activities.Unknown, nil),
	"the worker died":      temporal.NewTimeoutError(enums.TIMEOUT_TYPE_HEARTBEAT, nil),
	"no answer in time":    temporal.NewTimeoutError(enums.TIMEOUT_TYPE_START_TO_CLOSE, nil),
}

func TestRunbookUnknownOutcome(t *testing.T) {
	for name, lost := range unclear {
		t.Run(name, func(t *testing.T) {
			for verb, want := range map[string]struct {
				acts    []string
				outcome runbook.Outcome
			}{
				runbook.MarkDone: {[]string{"open", "restart", "close"}, runbook.Succeeded},
				runbook.UndoAll:  {[]string{"open", "restart", "undo open"}, runbook.RollbackIncomplete}, // nothing takes a restart back
				runbook.Abort:    {[]string{"open", "restart", "undo open"}, runbook.RollbackIncomplete},
			} {
				s := newRunbookSite(t, restart(t))
				s.act = func(c runbook.ActCall) (r runbook.ActResult, err error) {
					if c.Path == "restart" {
						err = lost
					}
					return r, err
				}
				s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
				s.hears(time.Hour, workflows.OperateRunbook, s.orders(verb, "anna@gpu1"))
				result, _ := s.run()
				require.Equal(t, want.acts, s.acts, verb)
				require.Equal(t, want.outcome, result.Outcome, verb)
			}
		})
	}
}

// A retry is another attempt, for which the approval of the first does not hold.
func TestRunbookRetryAsksAgain(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	s.act = func(c runbook.ActCall) (r runbook.ActResult, err error) {
		if c.Path == "restart" && c.Attempt == 1 {
			err = unclear["the worker died"]
		}
		return r, err
	}
	s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	s.hears(time.Hour, workflows.OperateRunbook, s.orders(runbook.RetryVrb, "anna@gpu1"))
	s.hears(time.Hour+time.Minute, workflows.AnswerRequest, s.answers("anna@gpu1", true))
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
	require.Equal(t, []string{"open", "restart", "restart", "close"}, s.acts)
}

func TestRunbookIsCancelled(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	s.RegisterDelayedCallback(s.CancelWorkflow, time.Minute)
	result, err := s.run()
	require.True(t, temporal.IsCanceledError(err), "%v", err)
	require.Equal(t, runbook.Aborted, result.Outcome)
	require.Equal(t, []string{"open", "undo open"}, s.acts)
}

// A run that is cancelled before it has begun has nothing to put back, and ends as cancelled all the same.
func TestRunbookIsCancelledAtOnce(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	s.RegisterDelayedCallback(s.CancelWorkflow, 0)
	result, err := s.run()
	require.True(t, temporal.IsCanceledError(err), "%v", err)
	require.Equal(t, runbook.Aborted, result.Outcome)
	require.Empty(t, s.acts)
	require.Equal(t, "runbook.finished", s.ledger.kinds()[len(s.ledger.kinds())-1])
}

func TestRunbookPauses(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	stranger := s.hears(0, workflows.OperateRunbook, s.orders(runbook.Pause, "mallory@gpu1"))
	s.hears(time.Second, workflows.OperateRunbook, s.orders(runbook.Pause, "anna@gpu1"))
	s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	s.RegisterDelayedCallback(func() {
		require.Equal(t, request.Order, s.status().Request.Kind)
		require.Equal(t, []string{"open"}, s.acts)
	}, 2*time.Minute)
	s.hears(3*time.Minute, workflows.OperateRunbook, s.orders(runbook.Resume, "anna@gpu1"))
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
	require.False(t, stranger.reply.Accepted)
	require.Contains(t, s.ledger.kinds(), "operator.denied")
	require.Contains(t, s.ledger.kinds(), "operator.pause")
}

// An approval holds for the gate's own time; a run that is paused for longer asks again.
func TestRunbookApprovalGrowsOld(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	s.hears(time.Second, workflows.OperateRunbook, s.orders(runbook.Pause, "anna@gpu1"))
	s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	s.hears(time.Hour, workflows.OperateRunbook, s.orders(runbook.Resume, "anna@gpu1"))
	result, err := s.run()
	require.Error(t, err)
	require.Equal(t, runbook.Rejected, result.Outcome)
	require.NotContains(t, s.acts, "restart")
}

func TestRunbookSuppressed(t *testing.T) {
	for _, c := range []struct {
		name   string
		ago    []time.Duration
		reason string
		opens  bool
	}{
		{"cooldown", []time.Duration{5 * time.Minute}, "cooldown: the last run acted at 2026-01-05T02:55:00Z, and 10m0s must pass", false},
		{"breaker", []time.Duration{time.Hour, 2 * time.Hour, 3 * time.Hour}, "breaker: 3 runs within 6h0m0s already", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			past := func(s *runbookSite) {
				for _, ago := range c.ago {
					_, err := s.ledger.Append(t.Context(), ledger.Draft{
						Key: ago.String(), At: start.Add(-ago).Format(time.RFC3339), Kind: runbook.ActingKind, Subject: "runbook/gpu1/shop/restart_model/qwen_32b",
					})
					require.NoError(t, err)
				}
			}
			s := newRunbookSite(t, restart(t))
			past(s)
			result, err := s.run()
			require.NoError(t, err)
			require.Equal(t, runbook.Suppressed, result.Outcome)
			require.Empty(t, s.acts)
			require.Contains(t, s.ledger.kinds(), "runbook.suppressed")
			if c.opens {
				require.Contains(t, s.ledger.kinds(), "incident.opened")
				c.reason += "; opened the incident " + s.ledger.incident(t)
			}
			require.Equal(t, c.reason, result.Reason)
			s = newRunbookSite(t, restart(t))
			past(s)
			s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
			result, err = s.run(func(r *workflows.RunbookRequest) { r.Override, r.Why = true, "it is another fault" })
			require.NoError(t, err)
			require.Equal(t, runbook.Succeeded, result.Outcome)
			require.Contains(t, s.ledger.kinds(), "runbook.override")
		})
	}
}

func TestRunbookRefused(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	result, err := s.run(func(r *workflows.RunbookRequest) { r.PlanSHA256 = "0123456789abcdef" })
	require.ErrorContains(t, err, "the plan has changed: it is cdcdcdcdcdcd now, not 0123456789ab")
	require.Equal(t, runbook.Refused, result.Outcome)
	require.Empty(t, s.acts)

	s = newRunbookSite(t, restart(t))
	_, err = s.run(func(r *workflows.RunbookRequest) { r.Inputs = nil })
	require.ErrorContains(t, err, "runbook restart_model: model is missing; give model=string")
	app, _ := errors.AsType[*temporal.ApplicationError](err)
	require.Equal(t, activities.InvalidInput, app.Type())

	s = newRunbookSite(t, restart(t))
	_, err = s.run(func(r *workflows.RunbookRequest) { r.Name = "other" })
	require.ErrorContains(t, err, `no runbook is named "other"`)
	require.Equal(t, []string{"statement.used", "runbook.finished"}, s.ledger.kinds())
}

// A run's entries are about one project, or about the host where the runbook says so.
func TestRunbookIsAboutAProjectOrTheHost(t *testing.T) {
	for scope, want := range map[string]struct{ project, subject string }{
		runbook.ScopeProject: {"shop", "runbook/gpu1/shop/restart_model/qwen_32b"},
		runbook.ScopeHost:    {"", "runbook/gpu1/-/restart_model/qwen_32b"},
	} {
		d := restart(t)
		d.Scope = scope
		s := newRunbookSite(t, d)
		s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
		var projects []string
		s.act = func(c runbook.ActCall) (runbook.ActResult, error) {
			projects = append(projects, c.Project)
			return runbook.ActResult{}, nil
		}
		result, err := s.run()
		require.NoError(t, err)
		require.Equal(t, want.project, result.Project)
		require.Equal(t, []string{want.project, want.project, want.project}, projects)
		for _, entry := range s.ledger.entries[1:] { // the first is about the workflow, which has another id here
			require.Equal(t, want.subject, entry.Subject, entry.Kind)
		}
	}
	d := restart(t)
	d.Scope = runbook.ScopeHost
	s := newRunbookSite(t, d)
	_, err := s.run(func(r *workflows.RunbookRequest) { r.Project = "shop" })
	require.ErrorContains(t, err, "the runbook restart_model is about the host gpu1 and not about a project; leave --project out")
	require.Empty(t, s.acts)

	s = newRunbookSite(t, restart(t))
	_, err = s.run(func(r *workflows.RunbookRequest) { r.Project = "bank" })
	require.ErrorContains(t, err, `the host gpu1 has no project "bank"; it has shop`)
	require.Empty(t, s.acts)
}
