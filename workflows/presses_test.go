package workflows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/press"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// pressSite is a run that anna starts and bob may answer in Slack.
type pressSite struct{ *runbookSite }

// plainRestart restarts a model by a step that is not destructive, so that a button alone approves it.
func plainRestart(t *testing.T) runbook.Definition {
	d := restart(t)
	d.Steps[3].Risk, d.Steps[3].Idempotent, d.Steps[3].OnUnknown = runbook.Write, true, ""
	return d
}

func newPressSite(t *testing.T, d runbook.Definition) *pressSite {
	s := &pressSite{newRunbookSite(t, d)}
	s.people.SlackIngress, s.people.SlackTeam = []string{"gpu1"}, "T1"
	s.people.Persons = identity.People{"anna": {Host: []string{"anna@gpu1"}, Slack: "U0ANNA"}, "bob": {Host: []string{"bob@gpu1"}, Slack: "U0BOB"}}
	s.people.Groups = map[string][]string{"oncall": {"anna", "bob"}}
	s.people.Approvals.AuthenticatedFrom = "destructive"
	return s
}

// press is one of a user's on what is asked now.
func (s *pressSite) press(user, decision string) press.Press {
	open := s.status().Request
	require.NotNil(s.t, open)
	return press.Press{
		ID: press.ID(user, decision, s.Now().String()), Team: "T1", User: user, Channel: "C0OPS", Message: "1.000001",
		Request: open.ID, Shown: open.Shown, Decision: decision, Reason: "because", At: s.Now().UTC().Truncate(time.Second),
	}
}

// sign is the word of the host that took the press for a statement.
func (s *pressSite) sign(p press.Press, statement identity.Statement) workflows.Pressed {
	statement.Cluster = "here"
	text, err := statement.Text()
	require.NoError(s.t, err)
	signature, err := s.key.Sign(identity.AnswerNamespace, text)
	require.NoError(s.t, err)
	return workflows.Pressed{Press: p, Evidence: identity.Evidence{Kind: identity.Slack, By: "gpu1", Signature: signature}}
}

// presses sends one after a time. Change is what is wrong with it before it is signed, and forge what is after.
func (s *pressSite) presses(after time.Duration, user, decision string, change func(*press.Press), forge func(*workflows.Pressed)) {
	s.RegisterDelayedCallback(func() {
		p := s.press(user, decision)
		change(&p)
		signed := s.sign(p, s.status().Request.Says(p))
		forge(&signed)
		s.SignalWorkflow(workflows.PressedSignal, signed)
	}, after)
}

// bobApproves ends the gate of the test.
func (s *pressSite) bobApproves(after time.Duration) {
	s.presses(after, "U0BOB", request.Approve, genuine, signed)
}

func genuine(*press.Press) {}

func signed(*workflows.Pressed) {}

// words are what the ledger kept of one kind of entry.
func (s *pressSite) words(kind string) (words []request.Word) {
	for _, e := range s.ledger.entries {
		if e.Kind == kind {
			var w request.Word
			require.NoError(s.t, json.Unmarshal([]byte(e.Data), &w))
			words = append(words, w)
		}
	}
	return words
}

// A press approves, plain or destructive, and the ledger keeps the proof; the same press again is none.
func TestPressApproves(t *testing.T) {
	for name, d := range map[string]runbook.Definition{"a button": plainRestart(t), "a form, of what is destructive": restart(t)} {
		t.Run(name, func(t *testing.T) {
			s := newPressSite(t, d)
			s.RegisterDelayedCallback(func() {
				p := s.press("U0BOB", request.Approve)
				signed := s.sign(p, s.status().Request.Says(p))
				for range 3 {
					s.SignalWorkflow(workflows.PressedSignal, signed)
				}
			}, time.Minute)
			result, err := s.run()
			require.NoError(t, err)
			require.Equal(t, runbook.Succeeded, result.Outcome)
			require.Equal(t, []string{"open", "restart", "close"}, s.acts)
			approved := s.words("request.approved")
			require.Len(t, approved, 1)
			require.Equal(t, request.ViaSlack, approved[0].Via)
			require.Equal(t, "bob", approved[0].Proof.Person)
			require.Equal(t, d.Steps[3].Risk != runbook.Destructive, strings.Contains(approved[0].Statement, "\nshown: "))
			require.Empty(t, s.whispers)
			require.Empty(t, s.words("request.denied"))
		})
	}
}

// What does not count is refused, recorded, and told to that person alone; the run goes on waiting.
func TestPressesThatDoNotCount(t *testing.T) {
	for name, c := range map[string]struct {
		user   string
		change func(*press.Press)
		forge  func(*workflows.Pressed)
		want   string
		// unheard is what is not recorded by the ledger: it is malformed.
		unheard bool
	}{
		"the initiator":      {"U0ANNA", genuine, signed, "slack:T1/U0ANNA started this run, and somebody else must answer", false},
		"nobody of people":   {"U0EVE", genuine, signed, "slack:T1/U0EVE is in none of the groups oncall", false},
		"another workspace":  {"U0BOB", func(p *press.Press) { p.Team = "T2" }, signed, "is of another workspace", false},
		"something else":     {"U0BOB", func(p *press.Press) { p.Shown = strings.Repeat("ab", 32) }, signed, "what was shown is not what is asked now", false},
		"another choice":     {"U0BOB", func(p *press.Press) { p.Decision = "retry" }, signed, "is answered by approve, reject", false},
		"another run":        {"U0BOB", func(p *press.Press) { p.Request = p.Request[:len(p.Request)-8] + "00000000" }, signed, "is not open", false},
		"a later request":    {"U0BOB", func(p *press.Press) { p.Request = strings.Replace(p.Request, "ask.1@", "ask.2@", 1) }, signed, "is not open", false},
		"of tomorrow":        {"U0BOB", func(p *press.Press) { p.At = p.At.Add(24 * time.Hour) }, signed, "set the clocks right", false},
		"after the deadline": {"U0BOB", func(p *press.Press) { p.At = p.At.Add(70 * time.Second) }, signed, "it was pressed at 2026-01-05T03:15:", false},
		"a hand-made signal": {"U0BOB", genuine, func(p *workflows.Pressed) { p.Evidence = identity.Evidence{} }, "nobody vouches for what was pressed in Slack", false},
		"another's evidence": {"U0ANNA", genuine, func(p *workflows.Pressed) { p.User = "U0BOB" }, "the evidence does not hold: it is not over this text", false},
		"a no made a yes":    {"U0BOB", func(p *press.Press) { p.Decision = request.Reject }, func(p *workflows.Pressed) { p.Decision = request.Approve }, "it is not over this text", false},
		"another host":       {"U0BOB", genuine, func(p *workflows.Pressed) { p.Evidence.By = "gpu2" }, "the host gpu2 is none of slack.ingress", false},
		"a host's own word":  {"U0BOB", genuine, func(p *workflows.Pressed) { p.Evidence.Kind = identity.Host }, "nobody vouches", false},
		"no id":              {"U0BOB", func(p *press.Press) { p.ID = "" }, signed, "a press has an id", true},
		"a no without why":   {"U0BOB", func(p *press.Press) { p.Decision, p.Reason = request.Reject, "" }, signed, "a no needs a reason", true},
		"too long a proof":   {"U0BOB", genuine, func(p *workflows.Pressed) { p.Evidence.Signature = strings.Repeat("x", 9<<10) }, "evidence names who signed", true},
	} {
		t.Run(name, func(t *testing.T) {
			d := plainRestart(t)
			d.Steps[2].Gate.NotInitiator = true
			s := newPressSite(t, d)
			s.presses(14*time.Minute, c.user, request.Approve, c.change, c.forge)
			s.bobApproves(14*time.Minute + 30*time.Second)
			result, err := s.run()
			require.NoError(t, err)
			require.Equal(t, runbook.Succeeded, result.Outcome)
			require.Len(t, s.whispers, 1)
			require.Contains(t, s.whispers[0].Text, c.want)
			require.Equal(t, "C0OPS", s.whispers[0].Channel)
			denied := s.words("request.denied")
			require.Len(t, s.words("request.approved"), 1)
			if c.unheard {
				require.Empty(t, denied)
				return
			}
			require.Len(t, denied, 1)
			require.Equal(t, request.ViaSlack, denied[0].Via)
		})
	}
}

// A button alone approves nothing that is destructive: all of it has to be signed.
func TestShortStatementIsNoApprovalOfTheDestructive(t *testing.T) {
	s := newPressSite(t, restart(t))
	s.RegisterDelayedCallback(func() {
		p := s.press("U0BOB", request.Approve)
		s.SignalWorkflow(workflows.PressedSignal, s.sign(p, request.Says(p)))
	}, time.Minute)
	result, _ := s.run()
	require.Equal(t, runbook.Rejected, result.Outcome)
	require.NotContains(t, s.acts, "restart")
	require.Len(t, s.whispers, 1)
	require.Contains(t, s.whispers[0].Text, "it is not over this text")
	require.Len(t, s.words("request.denied"), 1)
}

// What was pressed in time counts however late the run reads it, while the request is open: here it is escalated.
func TestPressCountsFromWhenItWasVerified(t *testing.T) {
	d := plainRestart(t)
	d.Steps[2].Gate.EscalateTo, d.Steps[2].Gate.OnTimeout = []string{"oncall"}, "escalate"
	s := newPressSite(t, d)
	s.presses(25*time.Minute, "U0BOB", request.Approve, func(p *press.Press) { p.At = p.At.Add(-24 * time.Minute) }, signed)
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
	require.Empty(t, s.whispers)
}

// A host that nobody serves for a while does not lose a press.
func TestPressWaitsForItsHost(t *testing.T) {
	s := newPressSite(t, plainRestart(t))
	away := 0
	s.OnActivity(activities.WhoIs, mock.Anything, mock.Anything).Return(func(ctx context.Context, who activities.Person) (activities.Standing, error) {
		if away++; away <= 4 {
			return activities.Standing{}, temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_START, nil)
		}
		return s.people.WhoIs(ctx, who)
	})
	s.bobApproves(time.Minute)
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
	require.Equal(t, 5, away)
	require.Empty(t, s.whispers)
}

// What was pressed before the deadline counts also where the host answers behind it.
func TestPressIsHeardBeforeTheDeadlineCounts(t *testing.T) {
	s := newPressSite(t, plainRestart(t))
	s.OnActivity(activities.WhoIs, mock.Anything, mock.Anything).After(40 * time.Second).Return(s.people.WhoIs)
	s.bobApproves(14*time.Minute + 50*time.Second)
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
	require.Len(t, s.words("request.approved"), 1)
}

// Whoever may not, and presses again and again, keeps nobody else from being heard, and does not fill the history: also where
// nobody can be told anything.
func TestPressesWithoutEnd(t *testing.T) {
	s := newPressSite(t, plainRestart(t))
	s.OnActivity(activities.Whisper, mock.Anything, mock.Anything).Return(temporal.NewApplicationErrorWithOptions("429", activities.RateLimited, temporal.ApplicationErrorOptions{NextRetryDelay: 30 * time.Second}))
	for i := range 200 {
		s.presses(time.Minute, "U0EVE", request.Approve, func(p *press.Press) { p.ID = press.ID("eve", fmt.Sprint(i)) }, signed)
	}
	s.bobApproves(time.Minute + time.Second)
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
	require.LessOrEqual(t, len(s.words("request.denied")), 60, "50, and those that were at work then")
	approved := s.words("request.approved")
	require.Len(t, approved, 1)
}

// Before a run has begun it asks nothing, and once it is over it says so. Both are told.
func TestPressesBesideTheRun(t *testing.T) {
	s := newPressSite(t, plainRestart(t))
	early := press.Press{
		ID: "early", Team: "T1", User: "U0BOB", Channel: "C0OPS", Message: "1.000001", Request: s.id + ":ask.1@00000000", Shown: strings.Repeat("ab", 32), Decision: request.Approve, At: start,
	}
	s.RegisterDelayedCallback(func() { s.SignalWorkflow(workflows.PressedSignal, s.sign(early, request.Says(early))) }, 0)
	s.bobApproves(time.Minute)
	late := early
	late.ID = "late"
	s.act = func(call runbook.ActCall) (runbook.ActResult, error) {
		if call.Path == "close" {
			s.ledger.fault = func() error { // so that the run ends late: it waits for the ledger
				s.ledger.fault = nil
				s.RegisterDelayedCallback(func() { s.SignalWorkflow(workflows.PressedSignal, s.sign(late, request.Says(late))) }, 0)
				return context.DeadlineExceeded
			}
		}
		return runbook.ActResult{}, nil
	}
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
	require.Len(t, s.whispers, 2)
	require.Equal(t, early.Request+" is not open", s.whispers[0].Text)
	require.Equal(t, "the run is over: succeeded", s.whispers[1].Text)
}
