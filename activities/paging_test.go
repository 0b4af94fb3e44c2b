package activities

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/request"
)

// heard is a pager that only listens.
type heard struct {
	said  []string
	pages []Page
}

func (h *heard) Trigger(_ context.Context, p Page) error {
	h.said, h.pages = append(h.said, "trigger "+p.DedupKey), append(h.pages, p)
	return p.Check()
}

func (h *heard) Acknowledge(_ context.Context, key string) error {
	h.said = append(h.said, "acknowledge "+key)
	return nil
}

func (h *heard) Resolve(_ context.Context, key string) error {
	h.said = append(h.said, "resolve "+key)
	return nil
}

// pagedNotice is a notice about a request of which two must agree.
func pagedNotice(about, by string, answers ...string) Notice {
	r := request.Request{ID: "w:ask.1@01234567", Kind: request.Approval, Step: "ask", Message: "restart it?", Min: 2, Answers: answers, Groups: []string{"sre"}}
	return Notice{WorkflowID: "w", RunID: "r", Notification: request.Notification{
		Runbook: "restart", Step: "ask", About: about, Request: r.ID, Asked: &r, By: by, Severity: "Sev1", Host: "gpu-1", Groups: r.Groups, Message: r.Message,
	}}
}

func TestWhatWakesSomebodyUp(t *testing.T) {
	say := Notice{WorkflowID: "w", RunID: "r", Notification: request.Notification{Runbook: "restart", Step: "tell", About: "notify", Message: "it is down", Severity: "Sev2"}}
	for name, c := range map[string]struct {
		notice Notice
		want   string
	}{
		"opened":      {pagedNotice("opened", ""), "trigger w:ask.1@01234567"},
		"reminded":    {pagedNotice("reminded", ""), ""},
		"escalated":   {pagedNotice("escalated", ""), "trigger w:ask.1@01234567"},
		"one of two":  {pagedNotice("approved", "anna", "anna"), "acknowledge w:ask.1@01234567"},
		"granted":     {pagedNotice("approved", "ben", "anna", "ben"), "resolve w:ask.1@01234567"},
		"rejected":    {pagedNotice("rejected", "ben"), "resolve w:ask.1@01234567"},
		"ordered":     {pagedNotice("ordered", "ben"), "resolve w:ask.1@01234567"},
		"withdrawn":   {pagedNotice("withdrawn", ""), "resolve w:ask.1@01234567"},
		"nobody came": {pagedNotice("expired", ""), "trigger w:ask.1@01234567"},
		"a step":      {say, "trigger w@r"},
	} {
		pager := &heard{}
		require.NoError(t, (&Messages{Pager: pager}).PageNotice(t.Context(), c.notice), name)
		require.Equal(t, c.want, strings.Join(pager.said, ", "), name)
	}
	pager := &heard{}
	long := pagedNotice("opened", "")
	long.Request = strings.Repeat("w", 300) + ":ask.1@01234567"
	require.NoError(t, (&Messages{Pager: pager}).PageNotice(t.Context(), long))
	require.Len(t, pager.pages[0].DedupKey, 64, "what is too long for a key is there by its hash")
	require.Equal(t, "Sev1", pager.pages[0].Severity)
	require.Equal(t, "gpu-1", pager.pages[0].Source)
	require.Contains(t, pager.pages[0].Summary, "restart it?")
	require.Equal(t, map[string]string{"run": "w", "for": "sre", "answer": "starter gate approve w:ask.1"}, pager.pages[0].Details)
	require.ErrorContains(t, (&Messages{}).PageNotice(t.Context(), long), "no paging", "another worker may have one")
}

// half is a chat that takes the first part, and the second one with the next attempt.
type half struct {
	from []int
	said []message.Message
}

func (h *half) Post(_ context.Context, m message.Message, from int) (int, error) {
	h.from, h.said = append(h.from, from), append(h.said, m)
	if from == 0 {
		return 1, Fail(Unavailable, errors.New("away"))
	}
	return 2, nil
}

func TestPostsGoOn(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	chat := &half{}
	messages := &Messages{Webhook: chat, Zone: time.UTC}
	var noted any
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(messages.PostNotice, activity.RegisterOptions{Name: PostNotice})
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var next int
		require.NoError(t, details.Get(&next))
		noted = next
	})
	_, err := env.ExecuteActivity(PostNotice, pagedNotice("opened", ""))
	require.ErrorContains(t, err, "away")
	require.Equal(t, 1, noted)
	env.SetHeartbeatDetails(noted)
	_, err = env.ExecuteActivity(PostNotice, pagedNotice("opened", ""))
	require.NoError(t, err)
	require.Equal(t, []int{0, 1}, chat.from)
	require.Empty(t, chat.said[0].Buttons, "nobody can press there")
	require.Equal(t, "answer with", chat.said[0].Sections[len(chat.said[0].Sections)-1].Facts[0].Name)

	done := &Messages{Webhook: &half{}}
	require.NotContains(t, done.post(pagedNotice("rejected", "ben")).Sections, message.Section{Facts: []message.Fact{{Name: "answer with", Value: "starter gate approve w:ask.1"}}})
}
