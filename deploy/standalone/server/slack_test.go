package server

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/worker"

	"github.com/evenkeel/evenkeel/activities/slackapi"
	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/workflows"
)

// inSlack is a site that tells people in Slack.
func inSlack(t *testing.T) (runSite, *slackfake.Server) {
	fake := slackfake.New(slackfake.Options{})
	server := httptest.NewServer(fake)
	t.Cleanup(func() {
		fake.Close()
		server.Close()
	})
	return newTellingSite(t, []string{"/bin/true"}, wiping(), slackapi.New(slackapi.Options{Token: slackfake.BotToken, URL: server.URL + "/api/"})), fake
}

// replayed requires that a run makes the same decisions again.
func (s runSite) replayed(t *testing.T, id, run string) {
	t.Helper()
	replayer := worker.NewWorkflowReplayer()
	workflows.Register(replayer)
	history := &historypb.History{}
	events := s.c.GetWorkflowHistory(t.Context(), id, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		history.Events = append(history.Events, event)
	}
	require.NoError(t, replayer.ReplayWorkflowHistory(quiet{}, history))
}

// While Slack is away a run is answered and ends. All of it is told once Slack is back, by runs of their own.
func TestToldWhenTheRunHasEnded(t *testing.T) {
	site, fake := inSlack(t)
	fake.Fail(slackfake.Fault{Kind: slackfake.Unavailable, Probability: 1})
	run := site.begin(t)
	gate := site.asked(t, "agree")
	_, err := site.says(t, gate, request.Approve)
	require.NoError(t, err)
	look := site.asked(t, "look")
	_, err = site.says(t, look, request.Approve)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, run.Get(ctx, nil))
	require.Empty(t, fake.Messages("C0OPS"))
	fake.Fail()
	for _, r := range []request.Request{gate, look} {
		var told workflows.TellResult
		require.NoError(t, site.c.GetWorkflow(ctx, "tell/"+r.ID, "").Get(ctx, &told))
		require.Len(t, told.Notices, 2)
		site.replayed(t, "tell/"+r.ID, "")
	}
	said := fake.Messages("C0OPS")
	require.Len(t, said, 2)
	for _, m := range said {
		require.Contains(t, m.Text, "Granted")
		require.Contains(t, m.Text, "by: bench@bench")
		require.NotContains(t, string(m.Blocks), `"actions"`)
	}
	require.Len(t, site.entries(t, "notification"), 2)
	site.replayed(t, wipeRun, run.GetRunID())
}

// A run that is reset withdraws what was asked, and asks again in a message of its own.
func TestToldOfAReset(t *testing.T) {
	site, fake := inSlack(t)
	run := site.begin(t)
	gate := site.asked(t, "agree")
	var last int64
	require.Eventually(t, func() bool { // the Tell has started, as the run has heard
		for _, e := range site.events(t, run.GetRunID()) {
			if e.GetEventType() == enums.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED {
				last = -1
			} else if last != 0 && e.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
				last = e.GetEventId()
			}
		}
		return last > 0
	}, time.Minute, tick)
	again := site.reset(t, run.GetRunID(), last)
	_, _ = site.says(t, gate, request.Approve) // whoever speaks to the new run tells it that it is another one
	require.Eventually(t, func() bool { return site.asked(t, "agree").ID != gate.ID }, time.Minute, tick)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, site.c.GetWorkflow(ctx, "tell/"+gate.ID, "").Get(ctx, nil))
	reopened := site.asked(t, "agree")
	_, err := site.says(t, reopened, request.Reject)
	require.NoError(t, err)
	require.NoError(t, site.c.GetWorkflow(ctx, "tell/"+reopened.ID, "").Get(ctx, nil))
	said := fake.Messages("C0OPS")
	require.Len(t, said, 2)
	require.True(t, strings.HasPrefix(said[0].Text, "Sev3 · Withdrawn"), said[0].Text)
	require.True(t, strings.HasPrefix(said[1].Text, "Sev3 · Rejected"), said[1].Text)
	site.replayed(t, wipeRun, again)
}
