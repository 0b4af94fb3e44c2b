package app

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/templates"
	"github.com/evenkeel/evenkeel/worker/ingress"
	"github.com/evenkeel/evenkeel/workflows"
)

// listing is a Temporal that lists these runs.
type listing struct {
	runs []*workflowpb.WorkflowExecutionInfo
	err  error
}

func (l *listing) ListWorkflow(_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	if l.err != nil || !strings.HasPrefix(r.GetQuery(), "TaskQueue = 'evenkeel' AND WorkflowType IN ('RunRunbook'") {
		return nil, l.err
	}
	return &workflowservice.ListWorkflowExecutionsResponse{Executions: l.runs[:min(len(l.runs), int(r.GetPageSize()))]}, nil
}

func (l *listing) add(t *testing.T, id string, open ...request.Request) {
	t.Helper()
	memo, err := converter.GetDefaultDataConverter().ToPayload(request.Summarize(open))
	require.NoError(t, err)
	state, err := converter.GetDefaultDataConverter().ToPayload("waiting_for_people")
	require.NoError(t, err)
	l.runs = append(l.runs, &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "019a-0123abcd"}, StartTime: timestamppb.New(time.Date(2026, 11, 27, 11, 30, 0, 0, time.UTC)),
		Memo:             &commonpb.Memo{Fields: map[string]*commonpb.Payload{workflows.RequestsMemo: memo}},
		SearchAttributes: &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{workflows.StateAttribute.GetName(): state}},
	})
}

func newTestCommands(t *testing.T, more string) (commands, *listing, *answering) {
	t.Helper()
	c, _ := configured(t, `people: {anna: {slack: U0ANNA}, ben: {slack: U0BEN}, carl: {slack: U0CARL}}
slack: {channel: C0OPS, team: T0EVENKEEL}
`+more)
	c.Groups = map[string][]string{"sre": {"anna"}, "oncall": {"oncall:primary", "*@gpu-1"}}
	in, err := templates.Install(c, "")
	require.NoError(t, err)
	key, err := identity.OpenHostKey(filepath.Join(t.TempDir(), "host.key"))
	require.NoError(t, err)
	temporal, list := &answering{}, &listing{}
	people := &activities.People{Persons: c.People, Groups: c.Groups, Rota: c.OncallRota(), Approvals: c.Approvals}
	got := newCommands(in, time.UTC, list, starts{temporal: temporal, proven: &proof{cluster: "here", key: key}, host: "gpu-1"}, people)
	got.now = func() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) } // a Friday before 17:00
	return got, list, temporal
}

const someRota = "oncall: {start: 2026-11-20, rota: {primary: [ben, anna], secondary: [anna, ben], commander: [anna, ben]}}\n"

func say(t *testing.T, c commands, user, text string) (string, error) {
	t.Helper()
	m, err := c.Command(t.Context(), ingress.Command{ID: "c0ffee", Team: "T0EVENKEEL", User: user, Text: text, At: c.now()})
	return m.Text(), err
}

// Only people of the configuration who are in a group now may type anything.
func TestWhoMayType(t *testing.T) {
	c, _, _ := newTestCommands(t, someRota)
	for user, fault := range map[string]string{
		"U0ANNA": "",
		"U0BEN":  "", // on call
		"U0CARL": "carl is in no group of the configuration",
		"U0EVE":  "you are nobody of the configuration; write your id U0EVE under people, as slack",
	} {
		for _, text := range []string{"help", "status", "requests", "oncall", ""} {
			_, err := say(t, c, user, text)
			if fault == "" {
				require.NoError(t, err, "%s %s", user, text)
			} else {
				require.EqualError(t, err, fault)
			}
		}
	}
	later := c
	later.now = func() time.Time { return c.now().Add(6 * time.Hour) } // after the hand-over
	_, err := say(t, later, "U0BEN", "help")
	require.EqualError(t, err, "ben is in no group of the configuration")
	_, err = say(t, c, "U0ANNA", "rm -rf")
	require.EqualError(t, err, `there is no command "rm"; type /evenkeel help`)
}

func TestTypedLists(t *testing.T) {
	c, list, _ := newTestCommands(t, someRota)
	text, err := say(t, c, "U0ANNA", "status")
	require.NoError(t, err)
	require.Equal(t, "Nothing is at work", text)
	text, err = say(t, c, "U0ANNA", "requests")
	require.NoError(t, err)
	require.Equal(t, "Nothing waits for a person", text)

	r, _ := request.Open(request.Request{
		ID: "runbook/gpu-1/shop/x/<!channel>:ok.1@0123abcd", Kind: request.Approval, Step: "ok", Groups: []string{"sre", "oncall"}, Choices: request.Approval.Choices(), LimitSeconds: 3600,
	}, c.now())
	list.add(t, "runbook/gpu-1/shop/x/<!channel>", r)
	text, err = say(t, c, "U0ANNA", "requests")
	require.NoError(t, err)
	require.Equal(t, "What waits for people\n| runbook/gpu-1/shop/x/<!channel>:ok.1 (approval) by sre, oncall until Fri 13:00 UTC", text)
	text, err = say(t, c, "U0ANNA", "status")
	require.NoError(t, err)
	require.Equal(t, "At work\n| runbook/gpu-1/shop/x/<!channel> since Fri 11:30 UTC, waiting for people", text)
	m, err := c.Command(t.Context(), ingress.Command{User: "U0ANNA", Text: "requests"})
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprint(m.Slack()), "<!channel>", "nobody is pinged")

	text, err = say(t, c, "U0ANNA", "oncall")
	require.NoError(t, err)
	require.Contains(t, text, "primary: ben until Fri 2026-11-27 17:00 UTC")
	text, err = say(t, c, "U0ANNA", "oncall secondary")
	require.NoError(t, err)
	require.NotContains(t, text, "primary")
	_, err = say(t, c, "U0ANNA", "oncall me")
	require.ErrorContains(t, err, `"me" is no role`)

	for i := range 300 {
		list.add(t, fmt.Sprintf("runbook/gpu-1/shop/x/%03d%s", i, strings.Repeat("x", 100)), r)
	}
	for _, what := range []string{"status", "requests"} {
		m, err := c.Command(t.Context(), ingress.Command{User: "U0ANNA", Text: what})
		require.NoError(t, err)
		posts := m.Slack()
		require.Len(t, posts, 1, "a list is one message")
		require.NoError(t, message.Check(posts[0]))
		require.Contains(t, m.Text(), " more: starter ")
	}

	list.err = serviceerror.NewUnavailable("away")
	for _, what := range []string{"status", "requests"} {
		_, err = say(t, c, "U0ANNA", what)
		require.ErrorIs(t, err, ingress.ErrNotRecorded)
	}
	without, _, _ := newTestCommands(t, "")
	_, err = say(t, without, "U0ANNA", "oncall")
	require.EqualError(t, err, "the configuration has no rota; write one under oncall")
}

// A start that is typed is a start as any, signed by the host that took it; the same one, delivered twice, says the same.
func TestTypedStart(t *testing.T) {
	c, _, temporal := newTestCommands(t, someRota+"approvals: {starters: [sre]}\n")
	const typed = "runbook llm_failure_response on gpu-1/shop model=llama3_8b service=model-llama"
	text, err := say(t, c, "U0ANNA", typed)
	require.NoError(t, err)
	require.Equal(t, "Started\n| runbook/gpu-1/shop/llm_failure_response/llama3_8b", text)
	r := temporal.request
	require.Equal(t, "slack:T0EVENKEEL/U0ANNA", r.By)
	require.Equal(t, condition.Values{"model": "llama3_8b", "service": "model-llama"}, r.Inputs)
	require.Equal(t, []string{"slack", "gpu-1", "c0ffee"}, []string{string(r.Evidence.Kind), r.Evidence.By, r.Nonce})
	require.Equal(t, c.now(), r.At)
	require.Empty(t, request.WordFault(r.By, r.Why, r.Said))
	first, err := r.Statement(temporal.options.ID).Text()
	require.NoError(t, err)
	_, err = say(t, c, "U0ANNA", typed)
	require.NoError(t, err)
	again, err := temporal.request.Statement(temporal.options.ID).Text()
	require.NoError(t, err)
	require.Equal(t, first, again)

	for text, fault := range map[string]string{
		"runbook":              "the name of the runbook is missing; type /evenkeel runbook NAME",
		"runbook nothing":      `no runbook is named "nothing", or it is disabled`,
		typed + " model=other": `the input "model" is given twice`,
		typed + " x":           `"x" is no input; write INPUT=VALUE`,
		"runbook llm_failure_response on gpu-9 model=a": `the configuration has no host "gpu-9"`,
	} {
		temporal.request = workflows.RunbookRequest{}
		_, err = say(t, c, "U0ANNA", text)
		require.EqualError(t, err, fault)
		require.Empty(t, temporal.request.Name, "nothing was started")
	}
	_, err = say(t, c, "U0BEN", typed)
	require.EqualError(t, err, "you may start nothing here; approvals.starters are sre")
	temporal.err = serviceerror.NewUnavailable("away")
	_, err = say(t, c, "U0ANNA", typed)
	require.ErrorIs(t, err, ingress.ErrNotRecorded)
	temporal.err = serviceerror.NewInvalidArgument("too long")
	_, err = say(t, c, "U0ANNA", typed)
	require.NotErrorIs(t, err, ingress.ErrNotRecorded)
	temporal.err = serviceerror.NewWorkflowExecutionAlreadyStarted("at work", "1", "2")
	text, err = say(t, c, "U0ANNA", typed)
	require.NoError(t, err)
	require.Contains(t, text, "It is at work already")
}
