package workflows_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// What is destructive takes an approval that proves who gives it: a claim does not count, nor does evidence for anything
// else than the run asks.
func TestApprovalIsProven(t *testing.T) {
	s := newRunbookSite(t, restart(t))
	s.people.Approvals.AuthenticatedFrom = "destructive"
	proven := func(change func(*request.Request, *request.Answer)) func() any {
		return func() any {
			a := s.answers("bob@gpu1", true)().(request.Answer)
			a.Said = s.signs(identity.AnswerNamespace, func(said identity.Said) identity.Statement {
				open, other := *s.status().Request, a
				other.Said = said
				change(&open, &other)
				return open.Statement(other)
			})
			return a
		}
	}
	claim := s.hears(time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	var wrong []*word
	for _, change := range []func(*request.Request, *request.Answer){
		func(r *request.Request, _ *request.Answer) { r.RunID = "another" },
		func(r *request.Request, _ *request.Answer) { r.ID += "0" },
		func(r *request.Request, _ *request.Answer) { r.PlanSHA256 = "" },
		func(r *request.Request, _ *request.Answer) { r.Allows = nil },
		func(_ *request.Request, a *request.Answer) { a.Decision = request.Reject },
		func(_ *request.Request, a *request.Answer) { a.By = "anna@gpu1" },
	} {
		w := s.hears(2*time.Minute, workflows.AnswerRequest, proven(change))
		w.mayFail = true
		wrong = append(wrong, w)
	}
	good := s.hears(3*time.Minute, workflows.AnswerRequest, proven(func(*request.Request, *request.Answer) {}))
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
	require.Contains(t, claim.reply.Message, "has to prove who gives it")
	for _, w := range wrong {
		require.ErrorContains(t, w.failed, "the evidence does not hold: it is not over this text")
	}
	require.True(t, good.reply.Accepted, good.reply.Message)
	at := slices.IndexFunc(s.ledger.entries, func(e ledger.Entry) bool { return e.Kind == "request.approved" })
	var kept request.Word
	require.NoError(t, json.Unmarshal([]byte(s.ledger.entries[at].Data), &kept))
	require.Equal(t, identity.Host, kept.Proof.Kind)
	_, err = s.people.Hosts.Verify(identity.HostPrincipal("gpu1"), identity.AnswerNamespace, kept.Statement, kept.Proof.Signature, s.Now())
	require.NoError(t, err, "what the ledger keeps proves it to anybody")
}
