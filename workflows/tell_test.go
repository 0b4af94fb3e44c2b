package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// chat is what a Tell tells people in.
type chat struct {
	*testsuite.TestWorkflowEnvironment
	// told is what people saw: why, and whether the message was brought up to date.
	told []string
	// keys are the generation and the place of the message at each call.
	keys []string
	// at are the times of updates.
	updates []time.Time
	// away says why it does not answer now; nil is that it does.
	away func(n activities.Notice) error
	// gone is how many updates find no message.
	gone int
	// doubt makes every post a doubtful one.
	doubt  bool
	closed activities.ChatThread
}

func newChat() *chat {
	var suite testsuite.WorkflowTestSuite
	c := &chat{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment()}
	c.SetStartTime(start)
	c.SetTestTimeout(time.Minute)
	c.RegisterWorkflow(workflows.Tell)
	c.RegisterActivity(&activities.Visibility{})
	c.RegisterActivityWithOptions(c.notify, activity.RegisterOptions{Name: activities.Notify})
	return c
}

func (c *chat) notify(_ context.Context, n activities.Notice) (told activities.Told, err error) {
	if c.away != nil {
		if err := c.away(n); err != nil {
			return told, err
		}
	}
	c.keys = append(c.keys, fmt.Sprintf("%d %s", n.Chat.Generation, n.Chat.Parent.TS))
	if n.Outcome() != "" {
		c.closed = *n.Chat
	}
	told.Parent = n.Chat.Parent
	what := n.About
	switch {
	case told.Parent.TS == "":
		told.Parent = activities.ChatRef{Channel: "C0OPS", TS: fmt.Sprintf("%d.0", n.Chat.Generation+1)}
		what += " posted"
	case n.Chat.Update && c.gone > 0:
		c.gone--
		return activities.Told{Gone: true}, nil
	case n.Chat.Update:
		c.updates = append(c.updates, c.Now())
		what += " updated"
	}
	if c.doubt {
		told.Doubtful = []activities.ChatKey{{Key: n.About, Thread: n.About != "opened"}}
	}
	c.told = append(c.told, what)
	return told, nil
}

// asked are notices about one request, one after the other.
type asked struct{ number int }

func (a *asked) says(about string, at time.Time, answers ...string) activities.Notice {
	a.number++
	r := request.Request{
		ID: "runbook/gpu1/shop/restart_model/q:ask.1@01234567", Kind: request.Approval, Step: "ask", Min: 2, Answers: answers, Opened: start, Deadline: start.Add(time.Hour),
	}
	return activities.Notice{
		WorkflowID: "runbook/gpu1/shop/restart_model/q", RunID: "r", Number: a.number, At: at, Channels: activities.Channels{Chat: true},
		Notification: request.Notification{Step: "ask", About: about, Request: r.ID, Asked: &r, Host: "gpu1"},
	}
}

func (c *chat) signals(after time.Duration, n activities.Notice) {
	c.RegisterDelayedCallback(func() { c.SignalWorkflow(workflows.ToldSignal, n) }, after)
}

func (c *chat) tell(t *testing.T, first activities.Notice) (result workflows.TellResult, err error) {
	t.Helper()
	c.ExecuteWorkflow(workflows.Tell, first)
	require.True(t, c.IsWorkflowCompleted())
	err = c.GetWorkflowError()
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		require.NoError(t, app.Details(&result))
	} else if err == nil {
		require.NoError(t, c.GetWorkflowResult(&result))
	}
	return result, err
}

// Everything is told in its order, and it ends with the request.
func TestTellInOrder(t *testing.T) {
	c, a := newChat(), &asked{}
	first := a.says("opened", start)
	for i, about := range []string{"reminded", "escalated", "approved"} {
		after := time.Duration(i+1) * 10 * time.Minute
		c.signals(after, a.says(about, start.Add(after), "anna"))
	}
	c.signals(40*time.Minute, a.says("approved", start.Add(40*time.Minute), "anna", "bob"))
	result, err := c.tell(t, first)
	require.NoError(t, err)
	require.Equal(t, []string{"opened posted", "reminded updated", "escalated updated", "approved updated", "approved updated"}, c.told)
	require.Len(t, result.Notices, 5)
	require.Equal(t, activities.ChatRef{Channel: "C0OPS", TS: "1.0"}, result.Message)
	require.Equal(t, start.Add(40*time.Minute), c.Now().UTC().Truncate(time.Minute))
}

// What comes at the same time changes the message once, and none changes more often than every 2 seconds.
func TestTellCoalesces(t *testing.T) {
	c, a := newChat(), &asked{}
	first := a.says("opened", start)
	for i := range 20 {
		c.signals(time.Minute+time.Duration(i)*100*time.Millisecond, a.says("reminded", start))
	}
	c.signals(time.Minute+2100*time.Millisecond, a.says("rejected", start))
	_, err := c.tell(t, first)
	require.NoError(t, err)
	require.Len(t, c.told, 22, "each one goes out")
	require.LessOrEqual(t, len(c.updates), 3)
	require.Equal(t, "rejected updated", c.told[21])
	for i := range c.updates[1:] {
		require.GreaterOrEqual(t, c.updates[i+1].Sub(c.updates[i]), 2*time.Second)
	}
}

// A chat that is away is waited for, also when all is long over: then people are told of all of it.
func TestTellWhenTheChatIsBack(t *testing.T) {
	c, a := newChat(), &asked{}
	back := start.Add(24*time.Hour + 10*time.Minute) // the first notice is given up after 24 hours
	tries := 0
	c.away = func(activities.Notice) error {
		if tries++; c.Now().Before(back) {
			return temporal.NewApplicationError("Slack is away", activities.Unavailable)
		}
		return nil
	}
	first := a.says("opened", start)
	c.signals(30*time.Minute, a.says("reminded", start.Add(30*time.Minute)))
	c.signals(time.Hour, a.says("expired", start.Add(time.Hour)))
	result, err := c.tell(t, first)
	require.ErrorContains(t, err, "people could not be told: opened: Slack is away")
	require.Equal(t, []string{"reminded posted", "expired updated"}, c.told)
	require.Equal(t, []string{"0 ", "0 1.0"}, c.keys)
	require.Empty(t, result.Notices[2].Untold)
	require.Greater(t, tries, 1000)

	c, a = newChat(), &asked{}
	c.away = func(activities.Notice) error {
		if c.Now().Before(start.Add(23 * time.Hour)) {
			return temporal.NewApplicationError("Slack is away", activities.Unavailable)
		}
		return nil
	}
	first = a.says("opened", start)
	c.signals(time.Hour, a.says("expired", start.Add(time.Hour)))
	_, err = c.tell(t, first)
	require.NoError(t, err)
	require.Equal(t, []string{"opened posted", "expired updated"}, c.told)
}

// A chat that stays away does not keep it for ever, nor does a run that nobody hears of any more.
func TestTellEnds(t *testing.T) {
	c, a := newChat(), &asked{}
	c.away = func(activities.Notice) error {
		return temporal.NewApplicationError("Slack is away", activities.Unavailable)
	}
	first := a.says("opened", start)
	c.signals(time.Hour, a.says("expired", start.Add(time.Hour)))
	result, err := c.tell(t, first)
	require.ErrorContains(t, err, "opened: Slack is away; expired: Slack is away")
	require.Len(t, result.Notices, 2)
	require.False(t, c.Now().After(start.Add(26*time.Hour+10*time.Minute)), c.Now())

	c, a = newChat(), &asked{}
	_, err = c.tell(t, a.says("opened", start))
	require.NoError(t, err)
	require.Equal(t, start.Add(26*time.Hour), c.Now().UTC().Truncate(time.Minute))

	c = newChat()
	_, err = c.tell(t, activities.Notice{WorkflowID: "w", RunID: "r", Number: 1, At: start, Channels: activities.Channels{Chat: true}, Notification: request.Notification{Step: "tell", About: "notify"}})
	require.NoError(t, err)
	require.Equal(t, []string{"notify posted"}, c.told)
}

// A message that somebody deleted is posted again while people may answer, and once.
func TestTellOfADeletedMessage(t *testing.T) {
	c, a := newChat(), &asked{}
	c.gone = 1
	first := a.says("opened", start)
	c.signals(10*time.Minute, a.says("reminded", start))
	c.signals(20*time.Minute, a.says("rejected", start))
	_, err := c.tell(t, first)
	require.NoError(t, err)
	require.Equal(t, []string{"opened posted", "reminded posted", "rejected updated"}, c.told)
	require.Equal(t, []string{"0 ", "0 1.0", "1 ", "1 2.0"}, c.keys)

	c, a = newChat(), &asked{}
	c.gone = 2
	first = a.says("opened", start)
	c.signals(10*time.Minute, a.says("reminded", start))
	c.signals(20*time.Minute, a.says("reminded", start))
	c.signals(30*time.Minute, a.says("rejected", start))
	_, err = c.tell(t, first)
	require.ErrorContains(t, err, "reminded: somebody deleted the message about it")
	require.Equal(t, []string{"opened posted", "reminded posted", "rejected updated"}, c.told)

	c, a = newChat(), &asked{}
	c.gone = 1
	first = a.says("opened", start)
	c.signals(10*time.Minute, a.says("rejected", start))
	_, err = c.tell(t, first)
	require.NoError(t, err, "a closed request needs no message")
	require.Equal(t, []string{"opened posted"}, c.told)
}

// What it took several attempts to post is looked for once more when the request has closed.
func TestTellHandsOverWhatIsDoubtful(t *testing.T) {
	c, a := newChat(), &asked{}
	c.doubt = true
	first := a.says("opened", start)
	c.signals(time.Minute, a.says("reminded", start))
	c.signals(2*time.Minute, a.says("withdrawn", start))
	_, err := c.tell(t, first)
	require.NoError(t, err)
	require.Equal(t, []activities.ChatKey{{Key: "opened"}, {Key: "reminded", Thread: true}}, c.closed.Doubtful)
}

// A run whose host has a chat has people told by a run of its own for each request, which hears of all of it. It does not
// wait for the chat.
func TestRunbookTellsInAChat(t *testing.T) {
	s := newRunbookSite(t, restart(t), func(r *activities.Runbooks) {
		r.Channels = func(string) activities.Channels { return activities.Channels{Chat: true} }
	})
	var told, begun []string
	away := true
	s.OnActivity(activities.Notify, mock.Anything, mock.Anything).Return(func(_ context.Context, n activities.Notice) (activities.Told, error) {
		if n.About == "opened" && away { // all others wait behind it
			away = false
			return activities.Told{}, temporal.NewApplicationErrorWithOptions("Slack is away", activities.Unavailable, temporal.ApplicationErrorOptions{NextRetryDelay: 10 * time.Minute})
		}
		told = append(told, n.About)
		return activities.Told{Parent: activities.ChatRef{Channel: "C0OPS", TS: "1.0"}}, nil
	})
	s.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
		id, _, _ := strings.Cut(info.WorkflowExecution.ID, "@")
		begun = append(begun, id)
	})
	s.takes = func() time.Duration { return 5 * time.Minute }
	s.hears(14*time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	result, err := s.run()
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, result.Outcome)
	require.Empty(t, s.status().Untold)
	require.Equal(t, []string{"tell/runbook/gpu1/shop/restart_model/qwen_32b:ask.1"}, begun)
	require.Equal(t, []string{"opened", "reminded", "approved"}, told)
}

// Where its Tell is gone, people are told by a new one.
func TestRunbookWhoseTellIsGone(t *testing.T) {
	s := newRunbookSite(t, restart(t), func(r *activities.Runbooks) {
		r.Channels = func(string) activities.Channels { return activities.Channels{Chat: true} }
	})
	var begun []string
	s.OnWorkflow(workflows.Tell, mock.Anything, mock.Anything).Return(func(_ workflow.Context, n activities.Notice) (workflows.TellResult, error) {
		begun = append(begun, fmt.Sprint(n.About, " ", n.Chat != nil && n.Chat.Tried))
		return workflows.TellResult{}, nil // as when somebody has ended it
	})
	s.hears(2*time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", true))
	_, err := s.run()
	require.NoError(t, err)
	require.Equal(t, []string{"opened false", "approved true"}, begun)
}
