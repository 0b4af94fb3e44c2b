package cli

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// ending is a run that ends with an error.
type ending struct {
	client.WorkflowRun
	err error
}

func (e ending) Get(context.Context, any) error { return e.err }

func TestScaleResult(t *testing.T) {
	before := workflows.ServiceResult{Host: "gpu-1", Project: "shop", Service: "app", From: new(1), To: 3}
	as := func(outcome workflows.ServiceOutcome, reason string) workflows.ServiceResult {
		r := before
		r.Outcome, r.Reason = outcome, reason
		return r
	}
	rolledBack := as(workflows.RolledBack, "no memory")
	wrap := func(err error) error {
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestWorkflowEnvironment()
		env.SetStartWorkflowOptions(client.StartWorkflowOptions{WorkflowExecutionTimeout: time.Minute})
		env.ExecuteWorkflow(func(workflow.Context) error { return err })
		return env.GetWorkflowError()
	}
	for name, c := range map[string]struct {
		err  error
		want workflows.ServiceResult
	}{
		"its own words":                   {wrap(temporal.NewApplicationErrorWithOptions("app: no memory", string(workflows.RolledBack), temporal.ApplicationErrorOptions{Details: []any{rolledBack}})), rolledBack},
		"cancelled":                       {wrap(temporal.NewCanceledError(rolledBack)), rolledBack},
		"cancelled before its first step": {wrap(temporal.NewCanceledError()), as(workflows.Failed, "cancelled")},
		"failed without a word":           {wrap(temporal.NewApplicationError("no such attribute", "x")), as(workflows.Failed, "no such attribute; what it had done stands in its history")},
		"terminated":                      {wrap(&temporal.TerminatedError{}), as(workflows.RollbackIncomplete, "it was terminated at the Temporal server")},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := scaleResult(t.Context(), ending{err: c.err}, before)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	_, err := scaleResult(t.Context(), ending{err: serviceerror.NewUnavailable("gone")}, before)
	require.Error(t, err, "that it cannot be read says nothing of the run")
}

// taker starts runs of one service and of no other.
type taker struct {
	client.Client
	takes string
}

func (f taker) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	if o.ID != f.takes {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("it runs", "", "")
	}
	return begun{id: o.ID}, nil
}

func (taker) DescribeWorkflow(context.Context, string, string) (*client.WorkflowExecutionDescription, error) {
	return nil, errors.New("not asked")
}

type begun struct {
	client.WorkflowRun
	id string
}

func (r begun) GetID() string { return r.id }

// What was started before one that could not be is not kept quiet.
func TestSecondStartFails(t *testing.T) {
	id := func(service string) string { return workflows.ServiceID("gpu-1", "shop", service) }
	plans := []scaling.Plan{{Host: "gpu-1", Project: "shop", Changes: []scaling.Change{{Service: "app"}, {Service: "llm"}}}}
	runs, err := newStarter(Streams{}).startScale(t.Context(), &connect.Connection{Client: taker{takes: id("app")}}, plans, scaleOptions{})
	require.Len(t, runs, 1)
	require.Equal(t, id("app"), runs[0].GetID())
	err = partly(err)
	requireFailure(t, failures(err)[0], exitFailed, activities.Conflict)
	require.EqualError(t, err, id("llm")+": "+id("llm")+" is already running; what was started before goes on; see starter status")
}

func TestOutage(t *testing.T) {
	t.Setenv("TZ", "UTC")
	var o outage
	require.Empty(t, o.answers())
	require.Empty(t, o.silent(later(1)))
	require.Empty(t, o.silent(later(3)))
	require.Empty(t, o.answers(), "a restart takes less")
	require.Empty(t, o.silent(later(4)))
	require.Equal(t, "the server does not answer since 12:00:04; the run goes on once it is back, and Ctrl-C stops following", o.silent(later(9)))
	require.Empty(t, o.silent(later(10)), "once")
	require.Equal(t, "the server answers again", o.answers())
	require.Empty(t, o.answers(), "once")
}
