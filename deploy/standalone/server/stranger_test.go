package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/workflows"
)

// stranger is somebody who may do everything to the namespace, and has no key that anybody trusts.
type stranger struct {
	runSite
	// own is the owner's connection, ownKey a key of the owner's own.
	own    client.Client
	ownKey identity.HostKey
	// argv is what destroys something, and times how often that has happened.
	argv  []string
	times func() int
	// allowed is how often persons have allowed it.
	allowed int
	// definition is the Sum of the runbook.
	definition string
}

// unproven is how a host refuses what nobody has signed who may.
const unproven = "approved by 0 persons that can be proven"

// newStranger makes a site whose command erase is destructive, beside one that is not.
func newStranger(t *testing.T) *stranger {
	t.Helper()
	file := filepath.Join(t.TempDir(), "times")
	o := &stranger{argv: []string{"/bin/sh", "-c", "echo done >> " + file}}
	definitions := wiping()
	definitions["wipe"].Steps[1].With[0].Value.Constant = "erase"
	o.runSite = newRunSite(t, []string{"/bin/true"}, definitions, func(_ *activities.People, commands map[string]config.Command) {
		commands["erase"] = config.Command{Argv: o.argv, Risk: "destructive", Timeout: strictyaml.Duration(time.Minute)}
	})
	o.times = timesIn(t, file)
	var err error
	o.definition, err = definitions["wipe"].Sum()
	require.NoError(t, err)
	o.ownKey, err = identity.OpenHostKey(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	o.own, err = client.Dial(client.Options{HostPort: o.s.HostPort(), Logger: quiet{}})
	require.NoError(t, err)
	t.Cleanup(o.own.Close)
	return o
}

// begun is a run that asks for the approval of its destructive step.
func (o *stranger) begun(t *testing.T) (client.WorkflowRun, request.Request) {
	t.Helper()
	o.end(t)
	return o.begin(t), o.asked(t, "agree")
}

// end ends the run at work, if there is one.
func (o *stranger) end(t *testing.T) {
	t.Helper()
	err := o.own.TerminateWorkflow(t.Context(), wipeRun, "", "the test has seen enough")
	if _, none := errors.AsType[*serviceerror.NotFound](err); !none {
		require.NoError(t, err)
	}
}

// update sends anything as an Update, and waits for what the run says to it.
func (o *stranger) update(t *testing.T, name string, arg any) (request.Reply, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var reply request.Reply
	handle, err := o.own.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: wipeRun, UpdateName: name, UpdateID: uuid.NewString(), WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{arg},
	})
	if err == nil {
		err = handle.Get(ctx, &reply)
	}
	return reply, err
}

// approval is a hand-made yes of somebody who may say it.
func approval(r request.Request) request.Answer {
	return request.Answer{Request: r.ID, Shown: r.Shown, Decision: request.Approve, By: "bench@bench", Via: activities.ViaCLI, Reason: "a test"}
}

// nothing waits until a run has come to its end, or asks again, and sees that no more was done than persons allowed. It
// returns how the run ended; nil where it goes on.
func (o *stranger) nothing(t *testing.T, run client.WorkflowRun) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		seen, err := o.own.DescribeWorkflowExecution(ctx, wipeRun, run.GetRunID())
		require.NoError(t, err)
		if seen.GetWorkflowExecutionInfo().GetCloseTime() != nil {
			err := run.GetWithOptions(ctx, nil, client.WorkflowRunGetOptions{DisableFollowingRuns: true})
			require.Equal(t, o.allowed, o.times(), err)
			return err
		}
		if len(seen.GetPendingActivities()) == 0 && seen.GetPendingWorkflowTask() == nil {
			if len(o.open(t)) == 1 {
				require.Equal(t, o.allowed, o.times())
				return nil
			}
		}
		time.Sleep(tick)
	}
}

func (o *stranger) open(t *testing.T) (open []request.Request) {
	t.Helper()
	if answer, err := o.own.QueryWorkflow(t.Context(), wipeRun, "", workflows.OpenRequests); err == nil {
		require.NoError(t, answer.Get(&open))
	}
	return open
}

// call is the destructive step as a run of the runbook would have it done.
func (o *stranger) call(run string) runbook.ActCall {
	return runbook.ActCall{
		Path: "wipe", Run: run, Runbook: "wipe", PlanSHA256: strings.Repeat("0", 64), Definition: o.definition, Until: time.Now().Add(time.Hour), Project: "bench",
		Attempt: 1, Uses: runbook.CommandOperation, With: map[string]any{"command": "erase"}, Argv: o.argv, Risk: runbook.Destructive, TimeoutSeconds: 60,
	}
}

// ask is the request that a run of the owner's own makes of a person, the same as one of the runbook would.
func (o *stranger) ask(id, run string) request.Request {
	call := o.call(run)
	r, _ := request.Open(request.Request{
		ID: request.ID(id, "agree", 1, run), Kind: request.Approval, Host: "bench", RunID: run, Step: "agree", Message: "Wipe it?", Groups: []string{"oncall"}, Min: 1,
		Choices: request.Approval.Choices(), Risk: request.Destructive, PlanSHA256: call.PlanSHA256, Definition: call.Definition, LimitSeconds: 3600,
		Allows: []request.Effect{{Step: call.Path, Attempt: call.Attempt, Uses: call.Uses, Arguments: call.With, Argv: call.Argv}},
	}, time.Now())
	return r
}

// said is an answer, and the word that a run makes of it.
func (o *stranger) said(t *testing.T, key identity.HostKey, r request.Request) (request.Answer, identity.Word) {
	t.Helper()
	a := o.signedBy(t, key, r, approval(r))
	return a, identity.Word{Namespace: identity.AnswerNamespace, Statement: r.Statement(a), Evidence: *a.Evidence}
}

// genuine is a run whose destructive step somebody has allowed who may, up to its end.
func (o *stranger) genuine(t *testing.T) (runbook.ActCall, identity.Word) {
	t.Helper()
	run, gate := o.begun(t)
	a, word := o.said(t, o.key, gate)
	reply, err := o.update(t, workflows.AnswerRequest, a)
	require.NoError(t, err)
	require.True(t, reply.Accepted, reply.Message)
	o.allowed++
	look := o.asked(t, "look")
	require.Equal(t, o.allowed, o.times())
	_, err = o.says(t, look, request.Approve)
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), nil))
	require.Equal(t, o.allowed, o.times())
	call := o.call(run.GetRunID())
	call.PlanSHA256 = gate.PlanSHA256
	return call, word
}

// claims counts the entries that nobody but a worker, or a run that a person spoke to, may have made.
func (o *stranger) claims(t *testing.T) string {
	t.Helper()
	kinds := []string{runbook.InstalledKind, "host.key", identity.UsedKind, "request.approved"}
	return fmt.Sprint(len(o.entries(t, kinds...)))
}

// demand is an activity that a workflow of the owner's has done on a queue, with any of the arguments that it takes.
type demand struct {
	Queue, Activity string
	Act             *runbook.ActCall
	Keep            *activities.KeepRequest
	Use             *activities.Starter
}

func (d demand) arg() any {
	switch {
	case d.Act != nil:
		return d.Act
	case d.Keep != nil:
		return d.Keep
	}
	return d.Use
}

// posed is a start in somebody's name, with evidence that nobody has made.
func posed(run string) activities.Starter {
	said := identity.Statement{Do: identity.Start, Who: "bench@bench", Host: "bench", Run: run, At: time.Now(), Nonce: uuid.NewString()}
	return activities.Starter{Person: activities.Person{Name: "bench@bench", Via: activities.ViaCLI, Word: &identity.Word{
		Namespace: identity.StartNamespace, Statement: said, Evidence: identity.Evidence{Kind: identity.Host, By: "bench", Signature: "none"},
	}}}
}

func act(call runbook.ActCall) demand {
	return demand{Queue: workflows.HostQueue("bench"), Activity: activities.ActOperation, Act: &call}
}

const demanded = "demanded"

// obey is a workflow of the owner's: it has done whatever is demanded by a signal, each once, and returns what came of
// each; "" is that it was done.
func obey(ctx workflow.Context) ([]string, error) {
	var demands []demand
	workflow.GetSignalChannel(ctx, demanded).Receive(ctx, &demands)
	var said []string
	for _, d := range demands {
		said = append(said, once(ctx, d))
	}
	return said, nil
}

func once(ctx workflow.Context, d demand) string {
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: d.Queue, StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	}), d.Activity, d.arg()).Get(ctx, nil)
	if err != nil {
		return err.Error()
	}
	return ""
}

// rogue is a worker of the owner's, on a queue that is the owner's too.
type rogue struct {
	*stranger
	queue string
}

func (o *stranger) rogue(t *testing.T) rogue {
	t.Helper()
	r := rogue{o, "stranger-" + uuid.NewString()}
	w := worker.New(o.own, r.queue, worker.Options{})
	w.RegisterWorkflowWithOptions(obey, workflow.RegisterOptions{Name: "RunRunbook"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	return r
}

// begin starts a workflow of the owner's under any id: that of a runbook's run as well.
func (r rogue) begin(t *testing.T, id string) client.WorkflowRun {
	t.Helper()
	r.end(t)
	run, err := r.own.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: r.queue}, "RunRunbook")
	require.NoError(t, err)
	return run
}

func (r rogue) do(t *testing.T, run client.WorkflowRun, demands ...demand) (said []string) {
	t.Helper()
	require.NoError(t, r.own.SignalWorkflow(t.Context(), run.GetID(), run.GetRunID(), demanded, demands))
	require.NoError(t, run.Get(t.Context(), &said))
	require.Len(t, said, len(demands))
	return said
}

// refused has calls done that must not be.
func (r rogue) refused(t *testing.T, id, why string, change func(run string, call *runbook.ActCall)) {
	t.Helper()
	run := r.begin(t, id)
	call := r.call(run.GetRunID())
	change(run.GetRunID(), &call)
	said := r.do(t, run, act(call))
	require.NotEmpty(t, said[0])
	require.Contains(t, said[0], why)
	require.Equal(t, r.allowed, r.times())
}
