package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

func TestGuardAllows(t *testing.T) {
	g := Guard().(*guard)
	of := func(name string, inRun, locally bool) activity.Info {
		info := activity.Info{ActivityType: activity.Type{Name: name}, IsLocalActivity: locally}
		if inRun {
			info.WorkflowExecution = workflow.Execution{ID: "service/gpu-1/shop/app", RunID: "r"}
		}
		return info
	}
	for name, c := range map[string]struct{ standalone, inRun, locally string }{
		activities.PlanScale:     {},
		activities.ReleaseGPUs:   {},
		activities.CheckHealthy:  {standalone: "CheckHealthy is a step of a run"},
		activities.ActOperation:  {standalone: "Act changes something, so only a run may do it; start one with starter scale or starter runbook run"},
		activities.KeepLater:     {standalone: "KeepLater changes something"},
		activities.Evaluate:      {standalone: "Evaluate is a part of a run", inRun: "Evaluate is a part of a run"},
		runbook.ActingKind:       {standalone: "runbook.acting is a part of a run", inRun: "runbook.acting is a part of a run"},
		activities.ActedSince:    {standalone: "ActedSince is a part of a run", inRun: "ActedSince is a part of a run"},
		activities.Notify:        {standalone: "Notify changes something"},
		"SomethingNew":           {"nobody has said who may run SomethingNew", "nobody has said who may run SomethingNew", "nobody has said who may run SomethingNew"},
		activities.StartReplicas: {standalone: "StartReplicas changes something"},
	} {
		for _, way := range []struct {
			info activity.Info
			want string
		}{{of(name, false, false), c.standalone}, {of(name, true, false), c.inRun}, {of(name, true, true), c.locally}} {
			err := g.allows(way.info)
			if way.want == "" {
				require.NoError(t, err)
				continue
			}
			require.ErrorContains(t, err, way.want)
		}
	}
}

// The SDK runs the guard before ordinary activities and before local ones, and tells it which they are.
func TestGuardStandsBeforeEveryActivity(t *testing.T) {
	done := map[string]int{}
	did := func(name string) (any, activity.RegisterOptions) {
		return func(context.Context) error { done[name]++; return nil }, activity.RegisterOptions{Name: name}
	}
	options := worker.Options{Interceptors: []interceptor.WorkerInterceptor{Guard()}}
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.SetWorkerOptions(options)
	for _, name := range []string{activities.Evaluate, activities.KeepLater, "SomethingNew"} {
		env.RegisterActivityWithOptions(did(name))
	}
	refused := map[string]error{}
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Minute})
		refused["Evaluate, locally"] = workflow.ExecuteLocalActivity(ctx, activities.Evaluate).Get(ctx, nil)
		refused["Evaluate"] = workflow.ExecuteActivity(ctx, activities.Evaluate).Get(ctx, nil)
		refused["KeepLater"] = workflow.ExecuteActivity(ctx, activities.KeepLater).Get(ctx, nil)
		refused["SomethingNew"] = workflow.ExecuteActivity(ctx, "SomethingNew").Get(ctx, nil)
		return nil
	})
	require.NoError(t, env.GetWorkflowError())
	require.NoError(t, refused["Evaluate, locally"])
	require.NoError(t, refused["KeepLater"])
	for _, name := range []string{"Evaluate", "SomethingNew"} {
		app, ok := errors.AsType[*temporal.ApplicationError](refused[name])
		require.True(t, ok, "%s: %v", name, refused[name])
		require.Equal(t, activities.PermissionDenied, app.Type())
		require.True(t, app.NonRetryable())
	}
	require.Equal(t, map[string]int{"Evaluate": 1, "KeepLater": 1}, done)
}

// An effect that a person has approved until some time is not begun later; what has begun is brought to its end.
func TestGuardKeepsTheEndOfAnApproval(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	request := func(until time.Time) activities.StartRequest {
		return activities.StartRequest{Approved: activities.Approved{Until: until}, Project: "shop"}
	}
	for name, c := range map[string]struct {
		arg  any
		name string
		want string
	}{
		"no approval needed": {request(time.Time{}), activities.StartReplicas, ""},
		"in time":            {request(noon), activities.StartReplicas, ""},
		"too late":           {request(noon.Add(-time.Second)), activities.StartReplicas, "the approval ended at 2026-03-01T11:59:59Z; nothing was done"},
		"of replicas": {
			activities.StartAgainRequest{ReplicasRequest: activities.ReplicasRequest{Approved: activities.Approved{Until: noon.Add(-time.Second)}}},
			activities.StartAgain, "nothing was done",
		},
		"a look": {activities.ReplicasRequest{Approved: activities.Approved{Until: noon.Add(-time.Second)}}, activities.CheckHealthy, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := Guard().(*guard)
			g.now = func() time.Time { return noon }
			env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
			env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{g}})
			did := 0
			var do any = func(context.Context, activities.ReplicasRequest) error { did++; return nil }
			switch c.arg.(type) {
			case activities.StartRequest:
				do = func(context.Context, activities.StartRequest) error { did++; return nil }
			case activities.StartAgainRequest:
				do = func(context.Context, activities.StartAgainRequest) error { did++; return nil }
			}
			env.RegisterActivityWithOptions(do, activity.RegisterOptions{Name: c.name})
			_, err := env.ExecuteActivity(c.name, c.arg)
			if c.want == "" {
				require.NoError(t, err)
				require.Equal(t, 1, did)
				return
			}
			require.ErrorContains(t, err, c.want)
			refusal, ok := activities.RefusalOf(err)
			require.True(t, ok)
			require.Equal(t, "approval_ended", refusal.Code)
			require.Zero(t, did)
		})
	}
}
