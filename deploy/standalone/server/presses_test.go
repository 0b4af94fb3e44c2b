package server

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	commonpb "go.temporal.io/api/common/v1"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/slackapi"
	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/press"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/workflows"
)

// pressSite is a site on which ben, whom only Slack knows, may answer.
type pressSite struct {
	runSite
	fake *slackfake.Server
	// times is how often the destructive step was done.
	times func() int
}

func newPressSite(t *testing.T) *pressSite {
	t.Helper()
	fake := slackfake.New(slackfake.Options{})
	server := httptest.NewServer(fake)
	t.Cleanup(func() { fake.Close(); server.Close() })
	file := t.TempDir() + "/times"
	s := &pressSite{fake: fake, times: timesIn(t, file)}
	chat := slackapi.New(slackapi.Options{Token: slackfake.BotToken, URL: server.URL + "/api/"})
	s.runSite = newTellingSite(t, []string{"/bin/sh", "-c", "echo done >> " + file}, wiping(), chat, func(people *activities.People, _ map[string]config.Command) {
		people.SlackIngress, people.SlackTeam = []string{"bench"}, "T0EVENKEEL"
		people.Persons = identity.People{"ben": {Slack: "U0BOB"}}
		people.Groups["oncall"] = append(people.Groups["oncall"], "ben")
	})
	return s
}

// press is ben's on a request, as the worker that took it signs it.
func (s *pressSite) press(t *testing.T, r request.Request, id string) workflows.Pressed {
	t.Helper()
	p := press.Press{
		ID: id, Team: "T0EVENKEEL", User: "U0BOB", Channel: "C0OPS", Message: "1.000001", Request: r.ID, Shown: r.Shown, Decision: request.Approve,
		At: time.Now().UTC().Truncate(time.Second),
	}
	e := s.evidence(t, s.key, identity.AnswerNamespace, r.Says(p))
	e.Kind = identity.Slack
	return workflows.Pressed{Press: p, Evidence: *e}
}

// signal records a press as a worker in slack.ingress does.
func (s *pressSite) signal(t *testing.T, p workflows.Pressed) {
	t.Helper()
	input, err := converter.GetDefaultDataConverter().ToPayloads(p)
	require.NoError(t, err)
	_, err = s.c.WorkflowService().SignalWorkflowExecution(t.Context(), &workflowservice.SignalWorkflowExecutionRequest{
		Namespace: s.c.Namespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: wipeRun}, SignalName: workflows.PressedSignal, Input: input, RequestId: p.ID,
	})
	require.NoError(t, err)
}

// A press that is recorded while no worker runs is applied, once, when one is back: the destructive step is done by it. A
// signal made by hand is refused, recorded, and told to whom it names.
func TestPressWhileNoWorkerRuns(t *testing.T) {
	s := newPressSite(t)
	run := s.begin(t)
	gate := s.asked(t, "agree")
	require.Equal(t, request.Destructive, gate.Risk)

	forged := s.press(t, gate, "forged")
	forged.Evidence.Signature = s.press(t, request.Request{ID: gate.ID, Shown: gate.Shown}, "forged").Evidence.Signature // of what a button says
	s.signal(t, forged)
	require.Eventually(t, func() bool { return len(s.entries(t, "request.denied")) == 1 }, time.Minute, tick)
	require.Contains(t, s.entries(t, "request.denied")[0], "the evidence does not hold")
	require.Equal(t, gate.ID, s.asked(t, "agree").ID)
	require.Eventually(t, func() bool { return len(s.fake.Ephemeral("U0BOB")) == 1 }, time.Minute, tick)
	require.Contains(t, s.fake.Ephemeral("U0BOB")[0].Text, "This press does not count")

	s.stop()
	genuine := s.press(t, gate, "genuine")
	for range 3 {
		s.signal(t, genuine)
	}
	require.Zero(t, s.times())
	t.Cleanup(s.start())
	look := s.asked(t, "look")
	require.Equal(t, 1, s.times())
	require.Len(t, s.entries(t, "request.approved"), 1)
	require.Contains(t, s.entries(t, "request.approved")[0], `"person":"ben"`)

	s.signal(t, genuine) // of a request that is closed
	s.signal(t, s.press(t, look, "look"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, run.Get(ctx, nil))
	require.Equal(t, 1, s.times())
	require.Len(t, s.entries(t, "request.denied"), 1, "the same press again says nothing")
	s.replayed(t, wipeRun, run.GetRunID())
}
