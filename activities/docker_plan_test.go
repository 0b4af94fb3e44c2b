package activities

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// standing is a host on which two replicas are as the file says.
func standing() (*docks, *file) {
	d := &docks{images: map[string]string{"app:1": "sha256:1"}}
	d.replicas = two("running", "")
	for i := range d.replicas {
		d.replicas[i].ConfigHash, d.replicas[i].ImageID = "h", "sha256:1"
	}
	return d, &file{services: []scaling.Service{{Name: "app", Image: "app:1"}}}
}

// listed is what the configuration says of the service; one that it does not list has no policy.
var listed = map[string]scaling.Endpoint{"app": {Port: 80}}

func codes(refusals []scaling.Refusal) (out []string) {
	for _, r := range refusals {
		out = append(out, r.Code)
	}
	return out
}

func TestPlanScale(t *testing.T) {
	d, f := standing()
	plan, err := d.docker(f, listed).PlanScale(t.Context(), PlanRequest{Project: "shop", Targets: []scaling.Target{{Service: "app", Replicas: 4}}})
	require.NoError(t, err)
	require.Equal(t, "gpu-1", plan.Host)
	require.Equal(t, "shop", plan.Project)
	require.Empty(t, plan.Changes[0].Refusals)
	require.Equal(t, []int{3, 4}, plan.Changes[0].Add)
	require.Equal(t, "a", plan.Changes[0].Sibling.ID)
	require.Empty(t, d.did, "a plan touches nothing")
	require.Empty(t, d.specs)
}

func TestPlanScaleRefusesWhatItIsGiven(t *testing.T) {
	for name, c := range map[string]struct {
		req  PlanRequest
		want string
	}{
		"no such project": {PlanRequest{Project: "bank", Targets: []scaling.Target{{Service: "app"}}}, `this worker serves no project "bank"; it serves shop`},
		"no service":      {PlanRequest{Project: "shop"}, "no service is named; write SERVICE=N"},
		"less than none":  {PlanRequest{Project: "shop", Targets: []scaling.Target{{Service: "app", Replicas: -1}}}, "app=-1: the number of replicas must be 0 or more"},
		"twice":           {PlanRequest{Project: "shop", Targets: []scaling.Target{{Service: "app"}, {Service: "app", Replicas: 2}}}, "app: the service is named twice"},
	} {
		t.Run(name, func(t *testing.T) {
			d, f := standing()
			_, err := d.docker(f, listed).PlanScale(t.Context(), c.req)
			require.Equal(t, InvalidInput, class(t, err))
			require.ErrorContains(t, err, c.want)
		})
	}
}

// A person reads in the plan that the engine is away; a run tries again. What else the engine says is an error.
func TestPlanScaleWithoutAnEngine(t *testing.T) {
	d, f := standing()
	d.inventory = Fail(Unavailable, errors.New("no socket"))
	plan, err := d.docker(f, listed).PlanScale(t.Context(), PlanRequest{Project: "shop", Targets: []scaling.Target{{Service: "app", Replicas: 4}}})
	require.NoError(t, err)
	require.Equal(t, []scaling.Refusal{{Code: scaling.EngineUnreachable, Message: "the Docker engine on gpu-1 cannot be asked: no socket"}}, plan.Changes[0].Refusals)

	_, err = d.docker(f, listed).PlanRestart(t.Context(), RestartPlanRequest{Project: "shop", Service: "app"})
	require.Equal(t, Unavailable, class(t, err))

	for want, fault := range map[string]error{
		PermissionDenied: Fail(PermissionDenied, errors.New("socket")), InvalidInput: Fail(InvalidInput, errors.New("bad filter")), Unavailable: errors.New("server error"),
	} {
		d.inventory = fault
		_, err = d.docker(f, listed).PlanScale(t.Context(), PlanRequest{Project: "shop", Targets: []scaling.Target{{Service: "app", Replicas: 4}}})
		require.Equal(t, want, class(t, err))
		_, err = d.docker(f, listed).PlanRestart(t.Context(), RestartPlanRequest{Project: "shop", Service: "app"})
		require.Equal(t, want, class(t, err))
	}
}

// The preflight of a run waits for an engine that restarts.
func TestPlanScaleOfARunWithoutAnEngine(t *testing.T) {
	d, f := standing()
	d.inventory = Fail(Unavailable, errors.New("no socket"))
	docker := d.docker(f, listed)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(docker)
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}})
		return workflow.ExecuteActivity(ctx, docker.PlanScale, PlanRequest{Project: "shop", Targets: []scaling.Target{{Service: "app", Replicas: 4}}}).Get(ctx, nil)
	})
	require.Equal(t, Unavailable, class(t, env.GetWorkflowError()))
}

// A service whose own policy is disabled is listed and has none: it is restarted, and not scaled.
func TestPlansOfAServiceWithoutPolicy(t *testing.T) {
	d, f := standing()
	docker := d.docker(f, listed)
	docker.Projects["shop"].Policies = nil
	plan, err := docker.PlanScale(t.Context(), PlanRequest{Project: "shop", Targets: []scaling.Target{{Service: "app", Replicas: 4}}})
	require.NoError(t, err)
	require.Equal(t, []string{scaling.NoPolicy}, codes(plan.Changes[0].Refusals))
	restart, err := docker.PlanRestart(t.Context(), RestartPlanRequest{Project: "shop", Service: "app"})
	require.NoError(t, err)
	require.Empty(t, restart.Refusals)
	require.Equal(t, "default", restart.Policy.Name)
	rows, err := docker.ListServices(t.Context(), nil)
	require.NoError(t, err)
	require.False(t, rows[0].Scalable)
}

// What a copy would get of configs and secrets is said before, and refused by the name of the file.
func TestPlanScaleLooksAtFiles(t *testing.T) {
	d, f := standing()
	f.files = []ContainerFile{{What: "secret tok", Target: "/run/secrets/tok", Known: true, Bytes: []byte("hunter2")}}
	d.checkFiles = func(sibling string, files []ContainerFile) ([]string, error) {
		require.Equal(t, "a", sibling)
		require.Equal(t, f.files, files)
		return []string{"secret tok was edited; the new replica gets what its siblings have"}, nil
	}
	grow := PlanRequest{Project: "shop", Targets: []scaling.Target{{Service: "app", Replicas: 3}}}
	plan, err := d.docker(f, listed).PlanScale(t.Context(), grow)
	require.NoError(t, err)
	require.Contains(t, plan.Changes[0].Warnings, "secret tok was edited; the new replica gets what its siblings have")

	d.checkFiles = func(string, []ContainerFile) ([]string, error) {
		return nil, Fail(PreconditionFailed, errors.New("secret tok: the program has changed it, and MY_TOKEN is not set"))
	}
	plan, err = d.docker(f, listed).PlanScale(t.Context(), grow)
	require.NoError(t, err)
	require.Equal(t, []scaling.Refusal{{Code: scaling.UnknownFile, Message: "secret tok: the program has changed it, and MY_TOKEN is not set"}}, plan.Changes[0].Refusals)

	d.checkFiles = func(string, []ContainerFile) ([]string, error) {
		return nil, Fail(Unavailable, errors.New("engine away"))
	}
	_, err = d.docker(f, listed).PlanScale(t.Context(), grow)
	require.Equal(t, Unavailable, class(t, err), "that is no reason against it")

	f.filesErr = Fail(PreconditionFailed, errors.New("config c is not there"))
	plan, err = d.docker(f, listed).PlanScale(t.Context(), grow)
	require.NoError(t, err)
	require.Equal(t, "config c is not there", plan.Changes[0].Refusals[0].Message)

	plan, err = d.docker(f, listed).PlanScale(t.Context(), PlanRequest{Project: "shop", Targets: []scaling.Target{{Service: "app", Replicas: 1}}})
	require.NoError(t, err)
	require.Empty(t, plan.Changes[0].Refusals, "nothing is copied")
}

func TestPlanRestart(t *testing.T) {
	d, f := standing()
	d.replicas[1].State = "exited"
	restart, err := d.docker(f, listed).PlanRestart(t.Context(), RestartPlanRequest{Project: "shop", Service: "app"})
	require.NoError(t, err)
	require.Empty(t, restart.Refusals)
	require.Equal(t, []string{"a"}, []string{restart.Replicas[0].ID})
	require.Len(t, restart.Replicas, 1, "somebody stopped the other one")
	require.Empty(t, d.did)

	restart, err = d.docker(f, listed).PlanRestart(t.Context(), RestartPlanRequest{Project: "shop", Service: "ap"})
	require.NoError(t, err)
	require.Equal(t, []string{scaling.NotAComposeService}, codes(restart.Refusals))

	_, err = d.docker(f, listed).PlanRestart(t.Context(), RestartPlanRequest{Project: "bank", Service: "app"})
	require.Equal(t, InvalidInput, class(t, err))
}

// Only the first replica of a service needs a person's `docker compose`.
func TestPlanScaleWithoutCompose(t *testing.T) {
	request := PlanRequest{Project: "shop", Targets: []scaling.Target{{Service: "app", Replicas: 3}}}
	d, f := standing()
	f.noCompose = Fail(NotFound, errors.New("docker compose is not installed"))
	plan, err := d.docker(f, listed).PlanScale(t.Context(), request)
	require.NoError(t, err)
	require.Empty(t, plan.Changes[0].Refusals)

	d.replicas = nil
	plan, err = d.docker(f, listed).PlanScale(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, []string{scaling.ComposeMissing}, codes(plan.Changes[0].Refusals))
	require.ErrorContains(t, errors.New(plan.Changes[0].Refusals[0].Message), "docker compose is not installed")
}

// Whoever has edited the configuration and not restarted the worker would be surprised.
func TestPlanScaleSaysThatTheWorkerHasAnotherConfiguration(t *testing.T) {
	d, f := standing()
	docker := d.docker(f, listed)
	docker.Configuration = "aa"
	const note = "the worker on gpu-1 was started with another text of evenkeel.yaml, and does what that says; restart it"
	for theirs, noted := range map[string]bool{"": false, "aa": false, "bb": true} {
		plan, err := docker.PlanScale(t.Context(), PlanRequest{Project: "shop", Targets: []scaling.Target{{Service: "app", Replicas: 3}}, Configuration: theirs})
		require.NoError(t, err)
		require.Equal(t, noted, slices.Contains(plan.Changes[0].Warnings, note), "%q: %v", theirs, plan.Changes[0].Warnings)
	}
}
