package activities

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

func replicaIDs(replicas []scaling.Replica) (out []string) {
	for _, r := range replicas {
		out = append(out, r.ID+" "+r.State)
	}
	return out
}

// hooked is a file with hooks and a file for the copies.
func hooked() *file {
	return &file{hooks: Hooks{PostStart: []Hook{{Command: []string{"up"}}}, PreStop: []Hook{{Command: []string{"down"}}, {Command: []string{"flush"}}}}, files: []ContainerFile{{What: "config c"}}}
}

// Stopped ones are started with their hooks, and copies get what Compose would write and run.
func TestStartReplicas(t *testing.T) {
	d := &docks{}
	d.replicas = two("exited", "")
	f := hooked()
	made, err := resultInRun(d.docker(f, nil).StartReplicas, StartRequest{Project: "shop", MadeBy: testRunID, Change: scaling.Change{
		Service: "app", Start: d.replicas[1:2], Add: []int{3, 4}, Sibling: d.replicas[0], GPUs: []scaling.Assignment{{Number: 4, GPU: "GPU-a"}},
	}})
	require.NoError(t, err)
	require.Equal(t, []string{"b running", "new-3 running", "new-4 running"}, replicaIDs(made.Replicas), "as the engine has them now, in order")
	require.Equal(t, []string{"start b (1 hooks)"}, d.did)
	slices.SortFunc(d.specs, func(a, b CloneSpec) int { return a.Number - b.Number })
	require.Equal(t, []CloneSpec{
		{Project: "shop", Service: "app", Number: 3, Sibling: "a", MadeBy: testRunID, Files: f.files, PostStart: f.hooks.PostStart},
		{Project: "shop", Service: "app", Number: 4, Sibling: "a", MadeBy: testRunID, GPU: "GPU-a", Files: f.files, PostStart: f.hooks.PostStart},
	}, d.specs)
}

// The first of a service comes from Compose, once nothing is left that it would start instead; the others are
// copies of it.
func TestStartReplicasBootstraps(t *testing.T) {
	d := &docks{}
	d.replicas = two("exited", "")[1:]
	f := &file{}
	f.up = func(service string, number int) error {
		require.Equal(t, []string{"remove b"}, d.did, "first what is left over goes")
		d.replicas = append(d.replicas, scaling.Replica{ID: "c", Name: "shop-app-1", Service: service, Number: number, State: "running"})
		return nil
	}
	change := scaling.Change{Service: "app", Bootstrap: true, Add: []int{1, 2}, Discard: slices.Clone(d.replicas)}
	made, err := resultInRun(d.docker(f, nil).StartReplicas, StartRequest{Project: "shop", Change: change})
	require.NoError(t, err)
	require.Equal(t, []string{"c running", "new-2 running"}, replicaIDs(made.Replicas))
	require.Equal(t, []string{"shop-app-2"}, made.Removed)
	require.Equal(t, "c", d.specs[0].Sibling)

	d.replicas = nil
	f.up = func(string, int) error { return nil }
	_, err = resultInRun(d.docker(f, nil).StartReplicas, StartRequest{Project: "shop", Change: change})
	require.Equal(t, Unavailable, class(t, err))
	require.ErrorContains(t, err, "docker compose made no replica 1 of app; removed for good before that: shop-app-2 (type: Unavailable, retryable: true)")

	f.up = func(string, int) error {
		return Fail(PreconditionFailed, errors.New("docker compose would do more: Network shop_back Recreate"))
	}
	_, err = resultInRun(d.docker(f, nil).StartReplicas, StartRequest{Project: "shop", Change: change})
	require.Equal(t, PreconditionFailed, class(t, err))
}

func TestStartReplicasFails(t *testing.T) {
	change := scaling.Change{Service: "app", Start: two("exited", "")[1:], Add: []int{3}, Sibling: two("running", "")[0]}
	for name, c := range map[string]struct {
		spoil  func(d *docks, f *file)
		class  string
		want   string
		copies int
	}{
		"the start":       {func(d *docks, _ *file) { d.startErr = Fail(InvalidInput, errors.New("executable file not found")) }, InvalidInput, "executable file not found", 0},
		"the hooks' file": {func(_ *docks, f *file) { f.hooksErr = Fail(PreconditionFailed, errors.New("cannot be read")) }, Unavailable, "hooks of app: cannot be read", 0},
		"the files": {func(_ *docks, f *file) {
			f.filesErr = Fail(PreconditionFailed, errors.New("MY_TOKEN is not set"))
		}, PreconditionFailed, "configs and secrets of app: MY_TOKEN is not set", 0},
		"a copy": {func(d *docks, _ *file) {
			d.cloneErr = func(CloneSpec) error { return Fail(Conflict, errors.New("name in use")) }
		}, Conflict, "replica 3 of app: name in use", 1},
	} {
		t.Run(name, func(t *testing.T) {
			d, f := &docks{}, hooked()
			d.replicas = two("exited", "")
			c.spoil(d, f)
			_, err := resultInRun(d.docker(f, nil).StartReplicas, StartRequest{Project: "shop", Change: change})
			require.Equal(t, c.class, class(t, err))
			require.ErrorContains(t, err, c.want)
			require.Len(t, d.specs, c.copies)
		})
	}
}

// What a run made goes, what it started is stopped again with its hooks, and everything else stays.
func TestUndoStart(t *testing.T) {
	site := func() *docks {
		d := &docks{}
		d.replicas = append(two("running", ""),
			scaling.Replica{ID: "mine", Name: "shop-app-3", Service: "app", Number: 3, State: "created", MadeBy: testRunID},
			scaling.Replica{ID: "theirs", Name: "shop-app-4", Service: "app", Number: 4, State: "running", MadeBy: "another"},
			scaling.Replica{ID: "db", Name: "shop-db-1", Service: "db", Number: 1, State: "running", MadeBy: testRunID})
		return d
	}
	request := StartRequest{Project: "shop", MadeBy: testRunID, Change: scaling.Change{
		Service: "app", Start: two("exited", "")[1:], Add: []int{3}, Policy: scaling.Policy{StopSeconds: 9},
	}}
	undo := func(d *docks, f *file, request StartRequest, started ...string) (Undone, error) {
		docker := d.docker(f, nil)
		remembers(t, docker, request.MadeBy, ServiceStartingData{Started: started, Live: 2})
		return resultInRun(docker.UndoStart, request)
	}
	d := site()
	undone, err := undo(d, hooked(), request, "b")
	require.NoError(t, err)
	require.Equal(t, Undone{Removed: []string{"shop-app-3"}, Stopped: []string{"shop-app-2"}}, undone)
	require.ElementsMatch(t, []string{"stop b within 9s (2 hooks)", "stop mine within 9s (2 hooks)", "remove mine"}, d.did)

	d = site()
	_, err = undo(d, hooked(), request)
	require.NoError(t, err)
	require.Equal(t, []string{"stop mine within 9s (2 hooks)", "remove mine"}, d.did, "nobody knows that the run has started b, whatever it says")

	d = site() // the file cannot be read any more: what was made must go all the same
	_, err = undo(d, &file{hooksErr: errors.New("no such file")}, request, "b")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"stop b within 9s (0 hooks)", "stop mine within 9s (0 hooks)", "remove mine"}, d.did)

	d = site()
	d.stopErr = Fail(Unavailable, errors.New("engine away"))
	undone, err = undo(d, hooked(), request, "b")
	require.ErrorContains(t, err, ": engine away")
	require.Empty(t, undone)

	request.MadeBy = "another" // which this one was reset from
	d = site()
	undone, err = undo(d, hooked(), request, "b")
	require.NoError(t, err)
	require.Equal(t, Undone{Removed: []string{"shop-app-4"}, Stopped: []string{"shop-app-2"}}, undone, "the service keeps enough")
	d = site()
	d.replicas = d.replicas[3:4]
	_, err = undo(d, hooked(), request)
	require.ErrorContains(t, err, "0 replicas of app would be left, below the minimum of its policy")
	require.Empty(t, d.did)
}

// remembers writes what a host remembers of a start.
func remembers(t *testing.T, docker *Docker, madeBy string, data ServiceStartingData) {
	t.Helper()
	data.Host, data.Project, data.Service, data.MadeBy = "gpu-1", "shop", "app", madeBy
	text, err := json.Marshal(data)
	require.NoError(t, err)
	_, err = docker.People.Ledger.AppendFirst(t.Context(), ledger.Draft{
		Key: startingKey(testRun, madeBy), At: time.Now().UTC().Format(time.RFC3339), Kind: ServiceStarting, Data: string(text),
	})
	require.NoError(t, err)
}

// The one that Compose made bears no mark of the run: the host has written down its number.
func TestUndoStartOfABootstrap(t *testing.T) {
	d := &docks{}
	d.replicas = two("running", "")[:1]
	docker := d.docker(&file{}, nil)
	start := StartRequest{Project: "shop", MadeBy: testRunID, Change: scaling.Change{Service: "app", Bootstrap: true, Add: []int{1}, Discard: []scaling.Replica{{ID: "gone", Name: "shop-app-9"}}}}
	undone, err := resultInRun(docker.UndoStart, start)
	require.NoError(t, err)
	require.Empty(t, undone.Removed, "no start is known")
	remembers(t, docker, testRunID, ServiceStartingData{First: 1})
	d.lives = map[string]scaling.Life{"a": {Created: time.Now().Add(-time.Hour)}}
	undone, err = resultInRun(docker.UndoStart, start)
	require.NoError(t, err)
	require.Empty(t, undone.Removed, "it was there before")
	d.lives["a"] = scaling.Life{Created: time.Now()}
	undone, err = resultInRun(docker.UndoStart, start)
	require.NoError(t, err)
	require.Equal(t, Undone{Removed: []string{"shop-app-1"}, Gone: []string{"shop-app-9"}}, undone, "what made room does not come back")
	require.Empty(t, d.replicas)
}

// What a run takes back of its own leaves as many as there were before, up to the minimum: not those that it has taken away
// meanwhile.
func TestUndoStartLeavesWhatWasThere(t *testing.T) {
	d := &docks{}
	d.replicas = two("running", "")[:1]
	docker := d.docker(hooked(), nil)
	start := StartRequest{Project: "shop", MadeBy: testRunID, Change: scaling.Change{Service: "app", Add: []int{2}, Sibling: d.replicas[0]}}
	_, err := resultInRun(docker.StartReplicas, start)
	require.NoError(t, err)
	require.NoError(t, inRun(docker.RemoveReplicas, ask("a")), "one is left")
	_, err = resultInRun(docker.UndoStart, start)
	require.ErrorContains(t, err, "0 replicas of app would be left, below the minimum of its policy")
	require.Len(t, d.replicas, 1)

	d = &docks{} // of none before none has to be left
	f := hooked()
	f.up = func(service string, number int) error {
		d.replicas = append(d.replicas, scaling.Replica{ID: "c", Name: "shop-app-1", Service: service, Number: number, State: "running"})
		d.lives = map[string]scaling.Life{"c": {Created: time.Now()}}
		return nil
	}
	start.Change = scaling.Change{Service: "app", Bootstrap: true, Add: []int{1}}
	docker = d.docker(f, nil)
	_, err = resultInRun(docker.StartReplicas, start)
	require.NoError(t, err)
	undone, err := resultInRun(docker.UndoStart, start)
	require.NoError(t, err)
	require.Equal(t, []string{"shop-app-1"}, undone.Removed)
}

// A run that only says that it has started replicas does not stop them by an undo, and those that ran are none that it
// has started.
func TestOnlyWhatWasStoppedIsStarted(t *testing.T) {
	d := &docks{}
	d.replicas = two("exited", "")
	docker := d.docker(hooked(), nil)
	request := StartRequest{Project: "shop", MadeBy: testRunID, Change: scaling.Change{Service: "app", Start: two("exited", "")}}
	_, err := resultInRun(docker.StartReplicas, request)
	require.NoError(t, err)
	undone, err := resultInRun(docker.UndoStart, request)
	require.NoError(t, err)
	require.Equal(t, Undone{Stopped: []string{"shop-app-2"}}, undone)
}

// Room is made for the first replica of a service, and there is no first where one runs.
func TestRoomIsMadeForTheFirst(t *testing.T) {
	d := &docks{}
	d.replicas = two("exited", "")
	request := StartRequest{Project: "shop", MadeBy: testRunID, Change: scaling.Change{Service: "app", Bootstrap: true, Add: []int{1}, Discard: d.replicas[1:2]}}
	_, err := resultInRun(d.docker(hooked(), nil).StartReplicas, request)
	require.ErrorContains(t, err, "shop-app-2 was to make room for the first replica of app, and shop-app-1 runs")
	request.Change.Add = nil
	_, err = resultInRun(d.docker(hooked(), nil).StartReplicas, request)
	require.Equal(t, InvalidInput, class(t, err))
	require.Empty(t, d.did)
}

// Stopping and starting run the hooks of the service.
func TestStopAndStartAgain(t *testing.T) {
	d := &docks{}
	d.replicas = two("running", "")
	docker := d.docker(hooked(), nil)
	require.NoError(t, docker.StopReplicas(t.Context(), ask("b")))
	again := func(d *Docker, id string) ([]string, error) {
		return d.StartAgain(t.Context(), StartAgainRequest{ReplicasRequest: ask(id)})
	}
	started, err := again(docker, "a")
	require.NoError(t, err)
	require.Empty(t, started, "it runs")
	d.replicas[1].State = "exited"
	started, err = again(docker, "b")
	require.NoError(t, err)
	require.Equal(t, []string{"shop-app-2"}, started)
	require.NoError(t, docker.RemoveReplicas(t.Context(), ask("b")))
	require.Equal(t, []string{"stop b within 5s (2 hooks)", "start b (1 hooks)", "remove b"}, d.did, "and not sooner than the host's policy says")
	d.replicas = two("running", "")

	broken := d.docker(&file{hooksErr: Fail(InvalidInput, errors.New("line 3"))}, nil)
	require.Equal(t, Unavailable, class(t, broken.StopReplicas(t.Context(), ask("a"))), "somebody may be editing the file")
	_, err = again(broken, "a")
	require.NoError(t, err, "what runs needs no file")
	d.replicas[0].State = "exited"
	_, err = again(broken, "a")
	require.Equal(t, Unavailable, class(t, err))
	gone := d.docker(&file{hooksErr: Fail(NotFound, ErrNoService)}, nil)
	require.NoError(t, gone.StopReplicas(t.Context(), ask("a")), "a service that is gone from the project has no hooks")

	elsewhere := ask("a")
	elsewhere.Project = "bank"
	require.Equal(t, InvalidInput, class(t, docker.StopReplicas(t.Context(), elsewhere)))
}

// One that may be on its way out is waited for: started before it has ended, it would be lost.
func TestStartAgainOfLeavingReplicas(t *testing.T) {
	d := &docks{}
	d.replicas = two("running", "")
	started, err := d.docker(hooked(), nil).StartAgain(t.Context(), StartAgainRequest{ReplicasRequest: ask("b"), Leaving: true})
	require.NoError(t, err)
	require.Equal(t, []string{"shop-app-2"}, started)
	require.Equal(t, []string{"stop b within 5s (2 hooks)", "start b (1 hooks) again"}, d.did)
}

// Whether a start that an earlier attempt made got its hooks is not known: a retry runs them.
func TestStartAgainRetries(t *testing.T) {
	for name, activity := range map[string]func(*Docker) (any, any){
		"StartAgain": func(d *Docker) (any, any) { return d.StartAgain, StartAgainRequest{ReplicasRequest: ask("b")} },
		"StartReplicas": func(d *Docker) (any, any) {
			return d.StartReplicas, StartRequest{Project: "shop", MadeBy: testRunID, Change: scaling.Change{Service: "app", Start: two("exited", "")[1:]}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := &docks{startErr: Fail(Unavailable, errors.New("engine away")), startOnce: true}
			d.replicas = two("exited", "")
			docker := d.docker(hooked(), nil)
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestWorkflowEnvironment()
			env.RegisterActivity(docker)
			env.ExecuteWorkflow(func(ctx workflow.Context) error {
				ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
				do, request := activity(docker)
				return workflow.ExecuteActivity(ctx, do, request).Get(ctx, nil)
			})
			require.NoError(t, env.GetWorkflowError())
			require.Equal(t, []string{"start b (1 hooks)", "start b (1 hooks) again"}, d.did)
		})
	}
}
