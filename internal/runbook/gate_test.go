package runbook

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
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
	require.Equal(t, "runbook/h/shop/fix/k:gate.1@0123abcd", w.s.Request.ID)
	require.Equal(t, []string{"approve", "reject"}, w.s.Request.Choices)
	require.Equal(t, Destructive, w.s.Request.Risk)
	require.Equal(t, []request.Effect{{Step: "restart", Attempt: 1, Uses: "service.restart"}}, w.s.Request.Allows)
	require.Empty(t, w.done)

	require.Equal(t, request.Reply{Accepted: true, Message: "runbook/h/shop/fix/k:gate.1 is approved"}, w.says(true, "bob", "oncall"))
	require.Equal(t, []string{"restart"}, w.done)
	require.Equal(t, condition.Values{"approved_by": "bob"}, w.s.Steps["gate"].Outputs)
	require.Empty(t, w.s.Approvals, "it is used up")
	w.ends(Succeeded)

	entry := w.kept("request.approved")[0]
	require.Equal(t, "bob", entry.Actor)
	require.Equal(t, "runbook/h/shop/fix/k", entry.Subject)
	require.Equal(t, "restart", dataOf[request.Word](t, entry).Allows[0].Step)
	require.Equal(t, planHash, dataOf[request.Word](t, entry).PlanSHA256)
	require.Len(t, w.kept("step.started"), 1, "what cannot be done twice is in the ledger before it is done")
}

// runsCommand makes the second step one that runs a command of the configuration.
func runsCommand(d *Definition, w *world, argv ...string) {
	s := &d.Steps[1]
	s.Uses, s.With = CommandOperation, []Filled{{Name: "command", Value: Value{Constant: "fix"}}, {Name: "id", Value: Value{Constant: "7"}}}
	w.p.Lines = map[string]CommandLine{"fix": {Argv: argv, Args: []string{"id"}}}
}

// What is approved is a program with its arguments, and that is what the worker is given.
func TestApprovalOfACommand(t *testing.T) {
	d := restart()
	lines := newWorld(t, d)
	runsCommand(&d, lines, "/bin/fix", "--all")
	w := newWorld(t, d)
	w.p.Lines = lines.p.Lines
	w.begin()
	line := []string{"/bin/fix", "--all", "7"}
	require.Equal(t, line, w.s.Request.Allows[0].Argv)
	shown := w.s.Request.Shown
	w.says(true, "bob", "oncall")
	w.ends(Succeeded)
	require.Equal(t, line, dataOf[request.Word](t, w.kept("request.approved")[0]).Allows[0].Argv)
	at := slices.IndexFunc(w.commands, func(c Command) bool { return c.Act != nil })
	require.Equal(t, line, w.commands[at].Act.Argv)

	other := newWorld(t, d)
	other.p.Lines = map[string]CommandLine{"fix": {Argv: []string{"/bin/fix"}, Args: []string{"id"}}}
	require.NotEqual(t, shown, other.begin().s.Request.Shown)
}

func TestRejection(t *testing.T) {
	d := restart()
	d.Steps = append([]Step{action("before", undoable)}, d.Steps...)
	w := newWorld(t, d).begin()
	reply := w.word(request.Answer{Request: w.s.Request.ID, By: "bob", Standing: request.Standing{Groups: []string{"oncall"}}, Reason: "not now"})
	require.Equal(t, request.Reply{Accepted: true, Message: "runbook/h/shop/fix/k:gate.1 is rejected"}, reply)
	require.Equal(t, []string{"before", "undo/before"}, w.done)
	w.ends(Rejected)
	require.Equal(t, "gate: rejected by bob: not now", w.s.Reason)
	require.Equal(t, Failed, w.s.Steps["gate"].Outcome)
	require.Equal(t, "not now", dataOf[request.Word](t, w.kept("request.rejected")[0]).Reason)
}

// A word that does not count is answered, kept, and changes nothing else.
func TestDenied(t *testing.T) {
	proven := func(risk Risk) request.Standing {
		return request.Standing{Groups: []string{"oncall"}, AuthenticatedFrom: risk}
	}
	for name, c := range map[string]struct {
		a    request.Answer
		want string
	}{
		"no group":             {request.Answer{By: "dan", Decision: request.Approve}, "dan is in none of the groups oncall"},
		"another group":        {request.Answer{By: "dan", Decision: request.Approve, Standing: request.Standing{Groups: []string{"sre"}}}, "dan is in none of the groups oncall"},
		"may not reject":       {request.Answer{By: "dan"}, "dan is in none of the groups oncall"},
		"initiator":            {request.Answer{By: "anna", Decision: request.Approve, Standing: proven("")}, "anna started this run, and somebody else must answer"},
		"shown something else": {request.Answer{By: "bob", Decision: request.Approve, Shown: "old", Standing: proven("")}, "what was shown is not what is asked now; look at it again"},
		"no such choice":       {request.Answer{By: "bob", Decision: "fly", Standing: proven("")}, "runbook/h/shop/fix/k:gate.1 is answered by approve, reject"},
		"not authenticated":    {request.Answer{By: "bob", Decision: request.Approve, Standing: proven(Destructive)}, "an approval of a destructive step has to prove who gives it: on a host of the configuration, or signed by a key"},
		"not for writes, even": {request.Answer{By: "bob", Decision: request.Approve, Standing: proven(Write)}, "an approval of a destructive step has to prove who gives it: on a host of the configuration, or signed by a key"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, restart(func(g *Gate) { g.NotInitiator = true })).begin()
			before := *w.s.Request
			c.a.Request = w.s.Request.ID
			require.Equal(t, request.Reply{Message: c.want}, w.word(c.a))
			require.Equal(t, before, *w.s.Request)
			require.Empty(t, w.done)
			denied := w.kept("request.denied")
			require.Len(t, denied, 1)
			require.Equal(t, c.a.By, denied[0].Actor)
			require.Equal(t, c.want, dataOf[request.Word](t, denied[0]).Reason)
		})
	}
}

func TestWhoMayAnswerAllTheSame(t *testing.T) {
	for name, c := range map[string]struct {
		a    request.Answer
		risk Risk
	}{
		"authenticated":                   {request.Answer{Decision: request.Approve, Standing: request.Standing{Proof: &identity.Proof{}, AuthenticatedFrom: Destructive}}, Destructive},
		"authenticated only from above":   {request.Answer{Decision: request.Approve, Standing: request.Standing{AuthenticatedFrom: Destructive}}, Write},
		"rejecting needs no proof":        {request.Answer{Standing: request.Standing{AuthenticatedFrom: Destructive}}, Destructive},
		"an initiator where that may be":  {request.Answer{By: "anna", Decision: request.Approve}, Destructive},
		"somebody with many other groups": {request.Answer{Decision: request.Approve, Standing: request.Standing{Groups: []string{"a", "b"}}}, Destructive},
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
	require.Equal(t, request.Reply{Accepted: true, Message: "recorded; 1 more must approve"}, w.says(true, "bob", "oncall"))
	require.Equal(t, request.Reply{Message: "bob has approved it already"}, w.says(true, "bob", "oncall"))
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
	require.Equal(t, []string{"oncall", "sre"}, dataOf[request.Asked](t, w.kept("request.escalated")[0]).Groups)
	require.True(t, w.says(true, "sam", "sre").Accepted)
	w.ends(Succeeded)

	w = newWorld(t, restart(escalates)).begin()
	w.pass(30 * time.Minute)
	w.ends(Rejected)
	require.Len(t, w.kept("request.escalated"), 1, "once")
	require.Len(t, w.kept("request.reminded"), 2)
}

// Where nobody is known to have started the run, one person more has to approve what its starter may not.
func TestNotInitiatorOfNobody(t *testing.T) {
	for want, change := range map[int][]func(*Run){
		1: {func(*Run) {}},
		2: {func(r *Run) { r.Start = nil }, func(r *Run) { r.Nobody = true }},
	} {
		for _, c := range change {
			w := newWorld(t, restart(func(g *Gate) { g.NotInitiator = true }))
			c(&w.s.Run)
			require.Equal(t, want, w.begin().s.Request.Min)
		}
	}
}

// Who logged in behind root is the initiator as well.
func TestNotInitiatorBehindRoot(t *testing.T) {
	w := newWorld(t, restart(func(g *Gate) { g.NotInitiator = true }))
	w.s.Run.Start = &identity.Word{Statement: identity.Statement{Login: "anna@gpu1"}}
	require.Contains(t, w.begin().s.Request.Not, "anna@gpu1")
}
