package operations

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// act is a call of an operation as a step of that risk makes it.
func act(uses string, risk runbook.Risk, with condition.Values) runbook.ActCall {
	operation, _ := runbook.FindOperation(uses)
	return runbook.ActCall{Project: "shop", Uses: uses, With: with, Risk: risk, Idempotent: operation.Idempotent, TimeoutSeconds: 60}
}

// Whatever a definition may use is done, by an activity or by a workflow of its own, and can be refused.
func TestEveryOperationIsDone(t *testing.T) {
	o := (&environment{}).operations(t)
	require.Len(t, o.table, len(runbook.Operations()))
	for _, operation := range runbook.Operations() {
		require.Equal(t, !operation.Workflow, o.table[operation.Name].do != nil, operation.Name)
		require.NotNil(t, o.table[operation.Name].refuse, operation.Name)
	}
}

// A worker whose operations are not those that definitions are checked against does not start.
func TestTableThatDoesNotMatch(t *testing.T) {
	done := work{do: func(context.Context, task) (condition.Values, error) { return nil, nil }}
	for name, c := range map[string]struct {
		declared []runbook.Operation
		works    map[string]work
		want     string
	}{
		"nobody does it":     {[]runbook.Operation{{Name: "a.b"}}, nil, "operation a.b is declared, and nothing here does it"},
		"nobody declares it": {nil, map[string]work{"a.b": done}, "operations [a.b] are done here, and not declared"},
		"both":               {[]runbook.Operation{{Name: "a.b", Workflow: true}}, map[string]work{"a.b": done}, "by an activity or by a workflow, and not by both or none"},
		"none":               {[]runbook.Operation{{Name: "a.b"}}, map[string]work{"a.b": {}}, "by an activity or by a workflow, and not by both or none"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := match(c.declared, c.works)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestActRefuses(t *testing.T) {
	idempotent := act("service.restart", runbook.Destructive, condition.Values{"service": "app"})
	idempotent.Idempotent = true
	elsewhere, nowhere := act("product.cache_warm", runbook.Write, nil), act("product.cache_warm", runbook.Write, nil)
	elsewhere.Project, nowhere.Project = "bank", ""
	for name, c := range map[string]struct {
		call runbook.ActCall
		want string
	}{
		"no operation":     {act("service.stop", runbook.Write, nil), `there is no operation "service.stop"`},
		"a workflow's own": {act("service.scale", runbook.Write, condition.Values{"service": "app", "replicas": 2}), "service.scale is no activity"},
		"a run of its own": {act("service.restart", runbook.Destructive, condition.Values{"service": "app"}), "service.restart is no activity"},
		"no such project":  {elsewhere, `this worker serves no project "bank"; it serves shop`},
		"no project":       {nowhere, "the runbook is about the host and has no services; write scope: project"},
		"missing":          {act("product.breaker", runbook.Write, condition.Values{"model": "m"}), "product.breaker: state is missing"},
		"type":             {act("product.breaker", runbook.Write, condition.Values{"model": 7, "state": "open"}), "product.breaker: model is 7; it must be of type string"},
		"enum":             {act("product.breaker", runbook.Write, condition.Values{"model": "m", "state": "ajar"}), `state is "ajar"; write one of [open closed]`},
		"no argument":      {act("product.cache_warm", runbook.Write, condition.Values{"hard": true}), "hard is no argument of it"},
		"half a port":      {act("service.connect", runbook.Read, condition.Values{"service": "app", "port": 1.5}), "port is 1.5"},
		"risk":             {act("service.restart", runbook.Write, condition.Values{"service": "app"}), `service.restart is destructive, and the step declares "write"`},
		"no risk":          {act("product.cache_warm", "", nil), `the step declares ""`},
		"not idempotent":   {idempotent, "service.restart is not idempotent, and the step says so"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &environment{}
			p.replicas = two("running", "")
			_, err := p.operations(t).Act(t.Context(), c.call)
			require.Equal(t, activities.InvalidInput, class(t, err))
			require.ErrorContains(t, err, c.want)
			require.Empty(t, p.orders)
		})
	}
}

// Of a call that must not be made twice, the class says whether it happened.
func TestSettle(t *testing.T) {
	no := errors.New("no")
	for name, c := range map[string]struct {
		err      error
		harmless bool
		want     string
	}{
		"answered":          {activities.Fail(activities.NotFound, no), false, activities.NotFound},
		"refused":           {activities.Fail(activities.PreconditionFailed, no), false, activities.PreconditionFailed},
		"busy":              {&activities.Error{Class: activities.RateLimited, Err: no}, false, activities.PreconditionFailed},
		"no answer":         {activities.Fail(activities.Unavailable, no), false, activities.Unknown},
		"never sent":        {activities.NotSent(activities.Fail(activities.Unavailable, no)), false, activities.PreconditionFailed},
		"a read":            {activities.Fail(activities.Unavailable, no), true, activities.PreconditionFailed},
		"no class":          {no, false, activities.Unknown},
		"cancelled":         {activities.Fail(activities.Unavailable, context.Canceled), false, activities.Unknown},
		"cancelled before":  {activities.NotSent(context.Canceled), false, activities.PreconditionFailed},
		"the worker stops":  {activities.Fail(activities.WorkerStopping, no), false, activities.Unknown},
		"unknown and known": {activities.Fail(activities.Unknown, activities.Fail(activities.NotFound, no)), false, activities.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := activities.Classify(ctx, settle(c.err, c.harmless))
			require.Equal(t, c.want, class(t, err), "a cancellation must not win over it")
			require.True(t, err.(*temporal.ApplicationError).NonRetryable()) //nolint:errorlint // the outermost decides
			require.ErrorContains(t, err, activities.Spoken(c.err.Error()))
		})
	}
	require.NoError(t, settle(nil, false))
}

// Should Temporal ever start a second attempt at what may be done only once, it is not done again.
func TestOneAttempt(t *testing.T) {
	p := &environment{}
	p.run = func(context.Context, []string) (int, error) { panic("this worker dies here") }
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	o := p.operations(t)
	env.RegisterActivityWithOptions(o.Act, activity.RegisterOptions{Name: activities.ActOperation})
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		call := command("reload", runbook.Write, false, condition.Values{"model": "m"})
		return workflow.ExecuteActivity(ctx, activities.ActOperation, call).Get(ctx, nil)
	})
	require.Equal(t, activities.Unknown, class(t, env.GetWorkflowError().(*temporal.WorkflowExecutionError).Unwrap())) //nolint:errorlint // the environment's own
	require.Len(t, p.ran, 1)
}

// What the activity says must come before Temporal ends it.
func TestDeadlineIsBeforeTemporals(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	end, _ := ctx.Deadline()
	require.Equal(t, end.Add(-time.Second), deadline(ctx, 30*time.Second))
	require.WithinDuration(t, time.Now().Add(20*time.Second), deadline(ctx, 20*time.Second), time.Second)
	require.WithinDuration(t, time.Now().Add(20*time.Second), deadline(t.Context(), 20*time.Second), time.Second)
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	end, _ = short.Deadline()
	require.Equal(t, end.Add(-200*time.Millisecond), deadline(short, 2*time.Second))
}
