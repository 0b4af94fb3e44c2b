package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
)

// SlackTestRequest asks for one press in Slack.
type SlackTestRequest struct {
	// Host is the one whose worker says who may.
	Host string `json:"host"`
	// Groups may press.
	Groups []string `json:"groups"`
	// LimitSeconds is how long it waits, 1 to MaxSlackTest.
	LimitSeconds int `json:"limit_seconds"`
	// By is who asked.
	By string `json:"by"`
}

// MaxSlackTest is how long a SlackTest waits at most.
const MaxSlackTest = time.Hour

// SlackTestResult is what became of it.
type SlackTestResult struct {
	Outcome request.Outcome `json:"outcome"`
	// By is who pressed, and Claimed says that nobody vouches for it; empty where nobody did.
	By      string `json:"by,omitempty"`
	Claimed bool   `json:"claimed,omitempty"`
	Via     string `json:"via,omitempty"`
	// Refused are the presses that did not count, and why: at most 20.
	Refused []string `json:"refused,omitempty"`
	// Untold says what Slack could not be told.
	Untold []string `json:"untold,omitempty"`
}

// maxRefused bounds SlackTestResult.Refused.
const maxRefused = 20

// StartSlackTest starts a SlackTest; nonce tells it from all others. The run ends by itself, also when Slack is away.
func StartSlackTest(req SlackTestRequest, nonce string) Start {
	s := startOne("slack-test/"+nonce, "a press in Slack", identity.Shown(req.By, true), "", SlackTest, req)
	s.Options.WorkflowRunTimeout = MaxSlackTest + 2*lastWords
	return s
}

// SlackTest posts one message with a button and waits for its press: the whole way out and back, as a request of a
// runbook goes it. Nothing follows from it. Its id is slack-test/NONCE.
func SlackTest(ctx workflow.Context, req SlackTestRequest) (SlackTestResult, error) {
	limit := time.Duration(req.LimitSeconds) * time.Second
	if fault := request.Spoken(req.By, ""); fault != "" || len(req.Groups) == 0 || limit <= 0 || limit > MaxSlackTest {
		return SlackTestResult{}, temporal.NewNonRetryableApplicationError("a test of Slack needs who asks, groups, and 1 s to "+MaxSlackTest.String(), activities.InvalidInput, errors.New(fault))
	}
	info := workflow.GetInfo(ctx).WorkflowExecution
	t := &slackTest{ctx: ctx, notices: notices{channels: activities.Channels{Chat: true}, changed: func() {}}}
	t.requests = requests{asker: t, queue: &hostQueue{host: req.Host}}
	if err := t.requests.listen(ctx); err != nil {
		return t.result, err
	}
	t.request, _ = request.Open(request.Request{
		ID: request.ID(info.ID, "press", 1, info.RunID), Host: req.Host, RunID: info.RunID, Kind: request.Confirmation, Step: "press",
		Message: "This is a test. Press Confirm: nothing follows from it.", Groups: req.Groups, Choices: request.Confirmation.Choices(),
		LimitSeconds: req.LimitSeconds, RemindSeconds: req.LimitSeconds,
	}, workflow.Now(ctx))
	t.tell("opened", request.Answer{})
	wait := workflow.AwaitOptions{Timeout: limit, TimerOptions: workflow.TimerOptions{Summary: "for a press"}}
	pressed, err := workflow.AwaitWithOptions(ctx, wait, func() bool { return t.result.Outcome != "" })
	if err != nil {
		t.result.Outcome = "withdrawn"
	} else if !pressed {
		t.result.Outcome = request.Expired
	}
	apart, cancel := workflow.NewDisconnectedContext(ctx) // a test that was cancelled closes its message, too
	defer cancel()
	t.ctx = apart
	if t.result.Outcome == request.Expired || err != nil {
		t.tell(string(t.result.Outcome), request.Answer{})
	}
	answered(apart)
	t.requests.pressesHeard(apart)
	t.notices.handedOver(apart)
	t.result.Untold = t.notices.untold
	return t.result, err
}

// slackTest is a SlackTest at work.
type slackTest struct {
	ctx      workflow.Context
	requests requests
	notices  notices
	request  request.Request
	result   SlackTestResult
}

func (t *slackTest) open() []request.Request {
	if t.request.ID == "" || t.result.Outcome != "" {
		return nil
	}
	return []request.Request{t.request}
}

func (t *slackTest) closed() string { return string(t.result.Outcome) }

// hear takes a press, or an answer that came another way.
func (t *slackTest) hear(_ workflow.Context, a request.Answer, _ string) (request.Reply, error) {
	if t.result.Outcome != "" { // while somebody was asked who this is
		return request.Reply{Message: t.request.Short() + " is closed"}, nil
	}
	now, closed := t.request.Answer(a)
	if closed.Outcome == "" {
		if len(t.result.Refused) < maxRefused {
			t.result.Refused = append(t.result.Refused, a.By+": "+closed.Reply.Message)
		}
		return *closed.Reply, nil
	}
	t.request = now
	t.result.Outcome, t.result.By, t.result.Via, t.result.Claimed = closed.Outcome, a.By, a.Via, a.Standing.Proof == nil
	about := "answered"
	if closed.Outcome == request.Rejected {
		about = "rejected"
	}
	t.tell(about, a)
	return *closed.Reply, nil
}

// tell brings the message up to date.
func (t *slackTest) tell(about string, a request.Answer) {
	r := t.request
	n := request.Notification{Step: r.Step, Message: r.Message, About: about, Request: r.ID, Asked: &r, Host: r.Host, By: a.By, Decision: a.Decision, Reason: a.Reason}
	n.Claimed = a.By != "" && a.Standing.Proof == nil
	t.notices.send(t.ctx, "slack/"+r.Host, workflow.GetInfo(t.ctx).WorkflowExecution.RunID, n)
}
