package runbook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

func restart(change ...func(*Gate)) Definition {
	g := gateFor("restart")
	for _, c := range change {
		c(g.Gate)
	}
	return steps(g, action("restart", destructive))
}

func TestApproval(t *testing.T) {
	w := newWorld(t, restart()).begin()
	require.Equal(t, Asking, w.s.Phase)
	require.Equal(t, "runbook/h/shop/fix/k:gate.1", w.s.Request.ID)
	require.Equal(t, []string{"approve", "reject"}, w.s.Request.Choices)
	require.Equal(t, Destructive, w.s.Request.Risk)
	require.Equal(t, []Approval{{Path: "restart", Attempt: 1, Uses: "service.restart", PlanSHA256: planHash}}, w.s.Request.Approves)
	require.Empty(t, w.done)

	require.Equal(t, Reply{true, "runbook/h/shop/fix/k:gate.1 is approved"}, w.says(true, "bob", "oncall"))
	require.Equal(t, []string{"restart"}, w.done)
	require.Equal(t, condition.Values{"approved_by": "bob"}, w.s.Steps["gate"].Outputs)
	require.Empty(t, w.s.Approvals, "it is used up")
	w.ends(Succeeded)

	entry := w.kept("request.approved")[0]
	require.Equal(t, "bob", entry.Actor)
	require.Equal(t, "runbook/h/shop/fix/k", entry.Subject)
	require.Equal(t, "restart", entry.Data.Approves[0].Path)
	require.Equal(t, planHash, entry.Data.PlanSHA256)
	require.Len(t, w.kept("step.started"), 1, "what cannot be done twice is in the ledger before it is done")
}

func TestRejection(t *testing.T) {
	d := restart()
	d.Steps = append([]Step{action("before", undoable)}, d.Steps...)
	w := newWorld(t, d).begin()
	reply := w.word(Answer{Request: w.s.Request.ID, By: "bob", Standing: Standing{Groups: []string{"oncall"}}, Reason: "not now"})
	require.Equal(t, Reply{true, "runbook/h/shop/fix/k:gate.1 is rejected"}, reply)
	require.Equal(t, []string{"before", "undo/before"}, w.done)
	w.ends(Rejected)
	require.Equal(t, "gate: rejected by bob: not now", w.s.Reason)
	require.Equal(t, Failed, w.s.Steps["gate"].Outcome)
	require.Equal(t, "not now", w.kept("request.rejected")[0].Data.Message)
}

// A word that does not count is answered, kept, and changes nothing else.
func TestDenied(t *testing.T) {
	proven := func(risk Risk) Standing { return Standing{Groups: []string{"oncall"}, AuthenticatedFrom: risk} }
	for name, c := range map[string]struct {
		a    Answer
		want string
	}{
		"no group":             {Answer{By: "dan", Approve: true}, "dan is in none of the groups oncall"},
		"another group":        {Answer{By: "dan", Approve: true, Standing: Standing{Groups: []string{"sre"}}}, "dan is in none of the groups oncall"},
		"may not reject":       {Answer{By: "dan"}, "dan is in none of the groups oncall"},
		"initiator":            {Answer{By: "anna", Approve: true, Standing: proven("")}, "anna started this run, and somebody else must answer"},
		"another plan":         {Answer{By: "bob", Approve: true, PlanSHA256: "old", Standing: proven("")}, "the plan is another one than old"},
		"not authenticated":    {Answer{By: "bob", Approve: true, Standing: proven(Destructive)}, "a destructive step needs an approval from Slack, which knows who answers; the command line does not"},
		"not for writes, even": {Answer{By: "bob", Approve: true, Standing: proven(Write)}, "a destructive step needs an approval from Slack, which knows who answers; the command line does not"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, restart(func(g *Gate) { g.NotInitiator = true })).begin()
			before := *w.s.Request
			c.a.Request = w.s.Request.ID
			require.Equal(t, Reply{false, c.want}, w.word(c.a))
			require.Equal(t, before, *w.s.Request)
			require.Empty(t, w.done)
			denied := w.kept("request.denied")
			require.Len(t, denied, 1)
			require.Equal(t, c.a.By, denied[0].Actor)
			require.Equal(t, c.want, denied[0].Data.Message)
		})
	}
}

func TestWhoMayAnswerAllTheSame(t *testing.T) {
	for name, c := range map[string]struct {
		a    Answer
		risk Risk
	}{
		"authenticated":                   {Answer{Approve: true, Standing: Standing{Authenticated: true, AuthenticatedFrom: Destructive}}, Destructive},
		"authenticated only from above":   {Answer{Approve: true, Standing: Standing{AuthenticatedFrom: Destructive}}, Write},
		"rejecting needs no proof":        {Answer{Standing: Standing{AuthenticatedFrom: Destructive}}, Destructive},
		"the plan that is":                {Answer{Approve: true, PlanSHA256: planHash}, Destructive},
		"an initiator where that may be":  {Answer{By: "anna", Approve: true}, Destructive},
		"somebody with many other groups": {Answer{Approve: true, Standing: Standing{Groups: []string{"a", "b"}}}, Destructive},
	} {
		t.Run(name, func(t *testing.T) {
			d := restart()
			d.Steps[1].Risk = c.risk
			w := newWorld(t, d).begin()
			c.a.Request, c.a.Standing.Groups = w.s.Request.ID, append(c.a.Standing.Groups, "oncall")
			if c.a.By == "" {
				c.a.By = "bob"
			}
			require.True(t, w.word(c.a).Accepted)
			require.Equal(t, Over, w.s.Phase)
		})
	}
}

func TestTwoMustApprove(t *testing.T) {
	w := newWorld(t, restart(func(g *Gate) { g.Min = 2 })).begin()
	require.Equal(t, Reply{true, "recorded; 1 more must approve"}, w.says(true, "bob", "oncall"))
	require.Equal(t, Reply{false, "bob has approved it already"}, w.says(true, "bob", "oncall"))
	require.Empty(t, w.done)
	require.True(t, w.says(true, "cleo", "oncall").Accepted)
	require.Equal(t, condition.Values{"approved_by": "bob, cleo"}, w.s.Steps["gate"].Outputs)
	w.ends(Succeeded)

	w = newWorld(t, restart(func(g *Gate) { g.Min = 2 })).begin()
	w.says(true, "bob", "oncall")
	require.True(t, w.says(false, "bob", "oncall").Accepted, "one may think better of it")
	w.ends(Rejected)

	w = newWorld(t, restart(func(g *Gate) { g.Min = 2 })).begin()
	w.says(true, "bob", "oncall")
	w.pass(15 * time.Minute)
	w.ends(Rejected)
	require.Empty(t, w.done, "half an approval is none")
}

func TestNobodyAnswers(t *testing.T) {
	d := restart()
	d.Steps[0].RemindSeconds = 240
	w := newWorld(t, d).begin()
	w.pass(15*time.Minute - time.Second)
	require.Len(t, w.kept("request.reminded"), 3)
	require.NotNil(t, w.s.Request)
	w.pass(time.Second)
	w.ends(Rejected)
	require.Equal(t, "nobody answered runbook/h/shop/fix/k:gate.1 in time", w.s.Reason)
	require.Len(t, w.kept("request.expired"), 1)
	require.Empty(t, w.done)

	half := newWorld(t, restart()).begin()
	half.pass(14 * time.Minute)
	require.Len(t, half.kept("request.reminded"), 1, "by itself at half of the time")
}

func TestEscalation(t *testing.T) {
	escalates := func(g *Gate) { g.OnTimeout, g.EscalateTo = Escalate, []string{"sre", "oncall"} }
	w := newWorld(t, restart(escalates)).begin()
	require.False(t, w.says(true, "sam", "sre").Accepted)
	w.pass(15 * time.Minute)
	require.Equal(t, []string{"oncall", "sre"}, w.s.Request.Groups)
	require.Equal(t, startOfTime.Add(30*time.Minute), w.s.Request.Deadline)
	require.Equal(t, []string{"oncall", "sre"}, w.kept("request.escalated")[0].Data.Groups)
	require.True(t, w.says(true, "sam", "sre").Accepted)
	w.ends(Succeeded)

	w = newWorld(t, restart(escalates)).begin()
	w.pass(30 * time.Minute)
	w.ends(Rejected)
	require.Len(t, w.kept("request.escalated"), 1, "once")
	require.Len(t, w.kept("request.reminded"), 2)
}
