//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/worker/app"
	"github.com/evenkeel/evenkeel/workflows"
)

// asks are the activities that starter runs without a run; nothing else does its work for a stranger.
var asks = []string{
	activities.ConfiguredWith, activities.ListServices, activities.PlanRestart, activities.PlanRunbook, activities.PlanScale, activities.ReadEntries,
	activities.ReleaseGPUs, activities.ResumeGPUs, activities.ServiceStats, activities.VerifyLedger, activities.WhoIs,
}

// registry writes down what a worker registers.
type registry struct {
	worker.ActivityRegistry
	names []string
}

func (r *registry) RegisterActivityWithOptions(_ any, o activity.RegisterOptions) {
	r.names = append(r.names, o.Name)
}

// TestStrangerChangesNothing calls every activity by hand, as anybody can who reaches the server, with arguments that
// would have an effect.
func TestStrangerChangesNothing(t *testing.T) {
	s := newSite(t)
	var onHost, shared registry
	app.HostActivities{}.Register(&onHost)
	app.SharedActivities{}.Register(&shared)
	arguments := s.plausible()
	before := s.everything()
	for _, queue := range []struct {
		name string
		here []string
	}{{workflows.HostQueue("demo"), onHost.names}, {workflows.TaskQueue, shared.names}} {
		for _, name := range slices.Concat(onHost.names, shared.names) {
			t.Run(queue.name+"/"+name, func(t *testing.T) {
				given, known := arguments[name]
				require.True(t, known, "say how a stranger would call it")
				for i, args := range given {
					err := s.callByHand(fmt.Sprintf("stranger/%s/%s/%d", queue.name, name, i), queue.name, name, args...)
					app, failed := errors.AsType[*temporal.ApplicationError](err)
					switch here := slices.Contains(queue.here, name); {
					case here && slices.Contains(asks, name):
						require.False(t, failed && app.Type() == activities.PermissionDenied, "%v", err)
					case here:
						require.True(t, failed, "%v", err)
						require.Equal(t, activities.PermissionDenied, app.Type(), "%v", err)
						require.Contains(t, app.Message(), "start", "it says what to do")
					default:
						require.Error(t, err, "nobody does it on this queue")
					}
				}
			})
		}
	}
	require.Equal(t, before, s.everything())
	s.scale("app=2") // the worker still does what a run asks for
	s.requireReplicas(2)
}

func (s *site) callByHand(id, queue, name string, args ...any) error {
	handle, err := s.client.ExecuteActivity(s.ctx, client.StartActivityOptions{
		ID: id, TaskQueue: queue, StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: time.Minute,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	}, name, args...)
	require.NoError(s.t, err)
	return handle.Get(s.ctx, nil)
}

// plausible are the calls of a stranger who knows the source and the names of the containers.
func (s *site) plausible() map[string][][]any {
	s.t.Helper()
	ids, err := s.Docker(s.ctx, "ps", "-q", "--no-trunc", "--filter", "label=com.docker.compose.project="+stack.Project, "--filter", "label=com.docker.compose.service=app")
	require.NoError(s.t, err)
	policy := scaling.Policy{Name: "app", Min: 1, Max: 9, WarmUpSeconds: 5, HealthySeconds: 5, DrainSeconds: 5, StopSeconds: 1, ClaimMB: 100}
	endpoint := scaling.Endpoint{Port: 8080, Upstream: "app", Ready: "/ready", Health: "/health", Drain: "/drain"}
	replicas := activities.ReplicasRequest{Project: stack.Project, Service: "app", IDs: strings.Fields(ids), Policy: policy, Endpoint: endpoint}
	change := scaling.Change{Service: "app", From: 1, To: 2, Add: []int{2}, Policy: policy, Endpoint: endpoint}
	start := activities.StartRequest{Project: stack.Project, Change: change, MadeBy: "stranger"}
	act := runbook.ActCall{Path: "x", Attempt: 1, Project: stack.Project, Uses: "product.cache_bypass", With: condition.Values{"on": true}, Risk: runbook.Write, Idempotent: true, TimeoutSeconds: 10}
	wipe := act
	wipe.Risk, wipe.Idempotent = runbook.Destructive, false
	keep := activities.KeepRequest{WorkflowID: scaleID, RunID: "r", At: time.Now(), Records: []ledger.Record{{Event: "1.approved", Kind: "request.approved", Actor: "anna@demo"}}}
	read := runbook.ReadCall{Key: "k", Project: stack.Project, Uses: "service.state", With: []runbook.Filled{{Name: "service", Value: runbook.Value{Constant: "app"}}}}
	call := activities.RunbookCall{Name: "llm_failure_response", Host: "demo", By: "anna@demo", Inputs: condition.Values{"model": illModel, "service": illService}}
	one := func(args ...any) [][]any { return [][]any{args} }
	all := map[string][][]any{
		activities.ActOperation:          {{act}, {wipe}},
		activities.ReadProbes:            one([]runbook.ReadCall{read}),
		activities.WatchCondition:        one(runbook.WatchCall{Path: "x", Project: stack.Project, TimeoutSeconds: 1}),
		activities.PlanRunbook:           one(call),
		activities.ConfiguredWith:        one(),
		activities.ListServices:          one([]string{stack.Project}),
		activities.ServiceStats:          one([]string{stack.Project}),
		activities.PlanScale:             one(activities.PlanRequest{Project: stack.Project, Targets: []scaling.Target{{Service: "app", Replicas: 2}}}),
		activities.PlanRestart:           one(activities.RestartPlanRequest{Project: stack.Project, Service: "app"}),
		activities.StartReplicas:         one(start),
		activities.UndoStart:             one(start),
		activities.StopReplicas:          one(replicas),
		activities.StartAgain:            one(activities.StartAgainRequest{ReplicasRequest: replicas, Again: true}),
		activities.RemoveReplicas:        one(replicas),
		activities.AwaitReady:            one(replicas),
		activities.CheckHealthy:          one(replicas),
		activities.ObserveReplicas:       one(activities.ObserveRequest{ReplicasRequest: replicas, Seconds: 1}),
		activities.MissingReplicas:       one(replicas),
		activities.DrainReplicas:         one(activities.DrainRequest{ReplicasRequest: replicas}),
		activities.ResumeReplicas:        one(replicas),
		activities.RouteReplicas:         one(replicas),
		activities.ReserveVRAM:           one(activities.ReserveRequest{Project: stack.Project, Change: change}),
		activities.SettleVRAM:            one(activities.VRAMChange{Release: []string{scaling.ClaimID(stack.Project, "app", 1)}}),
		activities.ReleaseGPUs:           one(activities.GPURelease{ForSeconds: 1}),
		activities.ResumeGPUs:            one(),
		activities.KnownSearchAttributes: one(),
		activities.WhoIs:                 one(activities.Person{Name: "anna@demo", Via: activities.ViaCLI}),
		activities.UseStart:              one(activities.Starter{Person: activities.Person{Name: "anna@demo", Via: activities.ViaCLI, Word: &identity.Word{Namespace: identity.StartNamespace, Statement: identity.Statement{Do: identity.Start, Who: "anna@demo", Run: scaleID}}}}),
		activities.Evaluate:              one(keep),
		activities.KeepLater:             one(keep),
		activities.ActedSince:            one(activities.PastRequest{Subject: "x"}),
		activities.ActedSinceLater:       one(activities.PastRequest{Subject: "x"}),
		activities.Notify:                one(activities.Notice{WorkflowID: scaleID, RunID: "r", Number: 1, At: time.Now(), Notification: request.Notification{Message: "all is well"}}),
		activities.PageNotice:            one(activities.Notice{WorkflowID: scaleID, RunID: "r", Notification: request.Notification{About: "notify", Message: "all is well"}}),
		activities.PostNotice:            one(activities.Notice{WorkflowID: scaleID, RunID: "r", Notification: request.Notification{About: "notify", Message: "all is well"}}),
		activities.Whisper:               one(activities.Whispered{Channel: "C0OPS", User: "U0ALICE", Request: scaleID + ":ask.1@01234567", Text: "all is well"}),
		activities.LastLog:               one(activities.LogRequest{Project: "evenkeel-demo", Service: "app"}),
		activities.KeepServiceAsk:        one(activities.ServiceAsk{WorkflowID: scaleID, RunID: "r", At: time.Now(), By: "anna@demo"}),
		activities.KeepServiceRun:        one(activities.ServiceRun{WorkflowID: scaleID, RunID: "r", At: time.Now(), By: "anna@demo"}),
		activities.LoadRunbook:           one(call),
		activities.ReadEntries:           one(ledger.Filter{}),
		activities.VerifyLedger:          one(),
	}
	for _, kind := range activities.KeptKinds {
		all[kind] = one(keep)
	}
	return all
}

// everything is what a stranger could have changed: containers, the router's members and the ledger.
func (s *site) everything() string {
	s.t.Helper()
	ids, err := s.Docker(s.ctx, "ps", "-aq", "--no-trunc", "--filter", "label=com.docker.compose.project="+stack.Project)
	require.NoError(s.t, err)
	containers := strings.Fields(ids)
	slices.Sort(containers)
	states, err := s.Docker(s.ctx, append([]string{"inspect", "-f", "{{.Name}} {{.Id}} {{.State.Status}} {{.State.StartedAt}} {{.RestartCount}}"}, containers...)...)
	require.NoError(s.t, err)
	upstream, err := os.ReadFile(filepath.Join(s.Dir, "upstreams", "app.conf"))
	if !os.IsNotExist(err) {
		require.NoError(s.t, err)
	}
	entries, err := s.Starter(s.ctx, "audit", "list", "-o", "json")
	require.NoError(s.t, err, entries)
	return states + string(upstream) + entries
}
