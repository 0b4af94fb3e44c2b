package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/workflows"
)

// trySlack runs a SlackTest in which these people answer, one each second.
func trySlack(t *testing.T, limit time.Duration, people ...string) (workflows.SlackTestResult, *chat, []request.Reply) {
	t.Helper()
	c := newChat()
	c.RegisterWorkflow(workflows.SlackTest)
	c.RegisterActivityWithOptions(func(_ context.Context, p activities.Person) (activities.Standing, error) {
		standing := activities.Standing{Standing: request.Standing{Person: p.Name}}
		if p.Name != "eve" {
			standing.Groups = []string{"sre"}
		}
		return standing, nil
	}, activity.RegisterOptions{Name: activities.WhoIs})
	var replies []request.Reply
	for i, by := range people {
		c.RegisterDelayedCallback(func() {
			value, err := c.QueryWorkflow(workflows.OpenRequests)
			require.NoError(t, err)
			var open []request.Request
			require.NoError(t, value.Get(&open))
			require.Len(t, open, 1)
			c.UpdateWorkflow(workflows.AnswerRequest, by, &said{reply: func(r request.Reply) { replies = append(replies, r) }}, request.Answer{
				Request: open[0].ID, Shown: open[0].Shown, Decision: request.Approve, By: by, Via: activities.ViaCLI,
			})
		}, time.Duration(i+1)*time.Second)
	}
	start := workflows.StartSlackTest(workflows.SlackTestRequest{Host: "gpu1", Groups: []string{"sre"}, LimitSeconds: int(limit / time.Second), By: "anna@gpu1"}, "nonce")
	require.Equal(t, "slack-test/nonce", start.Options.ID)
	c.SetStartWorkflowOptions(start.Options)
	c.ExecuteWorkflow(start.Workflow, start.Request)
	require.True(t, c.IsWorkflowCompleted())
	require.NoError(t, c.GetWorkflowError())
	var result workflows.SlackTestResult
	require.NoError(t, c.GetWorkflowResult(&result))
	return result, c, replies
}

// said is told what an Update was answered.
type said struct{ reply func(request.Reply) }

func (*said) Accept() {}

func (s *said) Reject(err error) { s.reply(request.Reply{Message: err.Error()}) }

func (s *said) Complete(result any, err error) {
	r, ok := result.(request.Reply)
	if !ok && err != nil {
		r.Message = err.Error()
	}
	s.reply(r)
}

func TestSlackTest(t *testing.T) {
	result, c, replies := trySlack(t, 2*time.Minute, "eve", "bob")
	require.Equal(t, workflows.SlackTestResult{
		Outcome: request.Granted, By: "bob", Via: activities.ViaCLI, Claimed: true, Refused: []string{"eve: eve is in none of the groups sre"},
	}, result)
	require.Equal(t, []string{"opened posted", "answered updated"}, c.told)
	require.Len(t, replies, 2)
	require.Equal(t, []bool{false, true}, []bool{replies[0].Accepted, replies[1].Accepted})
}

// Nobody's press ends it in time, and closes the message.
func TestSlackTestThatNobodyPresses(t *testing.T) {
	result, c, _ := trySlack(t, 10*time.Second, "eve")
	require.Equal(t, workflows.SlackTestResult{Outcome: request.Expired, Refused: []string{"eve: eve is in none of the groups sre"}}, result)
	require.Equal(t, []string{"opened posted", "expired updated"}, c.told)
}

func TestSlackTestThatIsMalformed(t *testing.T) {
	for _, req := range []workflows.SlackTestRequest{
		{Groups: []string{"sre"}, LimitSeconds: 60},
		{By: "anna", LimitSeconds: 60},
		{By: "anna", Groups: []string{"sre"}},
		{By: "anna", Groups: []string{"sre"}, LimitSeconds: 3601},
	} {
		c := newChat()
		c.RegisterWorkflow(workflows.SlackTest)
		c.ExecuteWorkflow(workflows.SlackTest, req)
		require.ErrorContains(t, c.GetWorkflowError(), "a test of Slack needs who asks, groups, and 1 s to 1h0m0s")
		require.Empty(t, c.told)
	}
}
