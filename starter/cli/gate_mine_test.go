package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// hosts is a house of which the hosts say what a person may do; one that is not in it is away.
type hosts struct {
	*house
	standings map[string]activities.Standing
}

func (h hosts) ExecuteActivity(_ context.Context, o client.StartActivityOptions, _ any, _ ...any) (client.ActivityHandle, error) {
	standing, ok := h.standings[strings.TrimPrefix(o.TaskQueue, workflows.HostQueue(""))]
	if !ok {
		return question{err: temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_START, nil)}, nil
	}
	return standingOf{standing: standing}, nil
}

func (hosts) WorkflowService() workflowservice.WorkflowServiceClient { return forgetful{} }

type standingOf struct {
	question
	standing activities.Standing
}

func (s standingOf) Get(_ context.Context, into any) error {
	*into.(*activities.Standing) = s.standing
	return nil
}

// A host that is away hides only what waits there, and is named.
func TestMineOfTheHostsThatAnswer(t *testing.T) {
	oncall := activities.Standing{Standing: request.Standing{Groups: []string{"oncall"}}}
	nobody := activities.Standing{}
	const away = "starter: host vm2: no worker took the question within 10s; start `evenkeel` or `worker` on that host\n"
	for name, c := range map[string]struct {
		standings map[string]activities.Standing
		code      int
		mine      []string
		out, errs string
	}{
		"all answer":   {map[string]activities.Standing{"vm1": oncall, "vm2": oncall}, exitDone, []string{"vm1/shop/llm:approve.1", "vm2/shop/llm:approve.1"}, "", ""},
		"one is away":  {map[string]activities.Standing{"vm1": oncall}, exitMissing, []string{"vm1/shop/llm:approve.1"}, "not known whether for you: 1; see all with starter gate list\n", away},
		"none is mine": {map[string]activities.Standing{"vm1": nobody, "vm2": nobody}, exitDone, nil, "nothing waits for you, and 2 for others\n", ""},
		"one is away, none is mine": {
			map[string]activities.Standing{"vm1": nobody},
			exitMissing, nil,
			"not known whether for you: 1; see all with starter gate list\n", away,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := &house{atWork: map[string]workflows.RunbookStatus{}}
			for _, run := range []string{"runbook/vm1/shop/llm", "runbook/vm2/shop/llm"} {
				h.atWork[run] = approval(run, "approve")
			}
			conn := &connect.Connection{Client: hosts{h, c.standings}}
			code, out, errs := says(t, "text", func(s *starter) error {
				return s.listGates(t.Context(), conn, true, true)
			})
			require.Equal(t, c.code, code)
			require.Equal(t, c.errs, errs)
			require.Contains(t, out, c.out)
			for _, id := range c.mine {
				require.Contains(t, out, id+"\n")
			}
			require.Equal(t, len(c.mine), strings.Count(out, "Restart it?"))
		})
	}
}

// --mine leaves out whatever the person's word would not count for.
func TestGatesThatAreMine(t *testing.T) {
	oncall := activities.Standing{Standing: request.Standing{Groups: []string{"oncall"}, AuthenticatedFrom: request.Destructive}}
	for name, c := range map[string]struct {
		change   func(*request.Request)
		standing activities.Standing
		mine     bool
	}{
		"one for the group":         {func(*request.Request) {}, oncall, true},
		"another group's":           {func(r *request.Request) { r.Groups = []string{"ml"} }, oncall, false},
		"of a run that I started":   {func(r *request.Request) { r.Not = []string{by()} }, oncall, false},
		"one that I have approved":  {func(r *request.Request) { r.Min, r.Answers = 2, []string{by()} }, oncall, false},
		"one that asks for a proof": {func(r *request.Request) { r.Risk = request.Destructive }, oncall, true},
		"an operator's":             {func(r *request.Request) { r.Kind, r.Groups = request.Order, nil }, oncall, false},
		"an order of an operator":   {func(r *request.Request) { r.Kind, r.Groups = request.Order, nil }, activities.Standing{Standing: request.Standing{Operator: true}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			status := approval("runbook/gpu1/shop/llm/llama3_8b", "approve")
			status.Request.Risk = request.Write
			c.change(status.Request)
			r := openRequest{ListedRequest: workflows.ListedRequest{Summary: status.Request.Summary(), WorkflowID: "runbook/gpu1/shop/llm/llama3_8b", Host: "gpu1"}}
			require.Equal(t, c.mine, mayAnswer(r, by(), c.standing.Standing))
		})
	}
}
