package server

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/worker/app"
	"github.com/evenkeel/evenkeel/workflows"
)

// Whoever owns the namespace can say anything to any run, and start anything. Nothing is destroyed by it that nobody has
// signed for who may.
func TestOwnerOfTheNamespace(t *testing.T) {
	o := newStranger(t)
	for _, attack := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"answers", o.answers},
		{"orders", o.orders},
		{"signals", o.signals},
		{"an end and a reset", o.ends},
		{"a start", o.starts},
		{"activities without a run", o.standalone},
		{"a workflow of one's own", o.ownWorkflow},
		{"words of another run", o.oldWords},
		{"words that were changed", o.changedWords},
		{"a word of later", o.later},
		{"one approval of a run of one's own", o.onceOnly},
		{"entries for the ledger", o.ownEntries},
		{"another worker for runbooks", o.otherWorker},
		{"another worker for the host", o.otherHost},
	} {
		t.Run(attack.name, func(t *testing.T) {
			attack.do(t)
			o.end(t)
			require.Equal(t, o.allowed, o.times())
		})
	}
	t.Run("and a genuine approval", func(t *testing.T) {
		before := o.times()
		o.genuine(t)
		require.Equal(t, before+1, o.times())
	})
}

// standing is what a host says of somebody who may do everything.
func (o *stranger) standing(word identity.Word) request.Standing {
	return request.Standing{
		Groups: []string{"oncall"}, Person: "bench", Operator: true, Statement: "evenkeel statement 1\n", Word: &word,
		Proof: &identity.Proof{Kind: identity.Host, Namespace: identity.AnswerNamespace, Who: "bench@bench", Person: "bench", Signature: word.Evidence.Signature},
	}
}

func (o *stranger) answers(t *testing.T) {
	const refused = "your word was not taken"
	for name, c := range map[string]struct {
		make func(*testing.T, request.Request) request.Answer
		// reply is why the answer is refused; ends is how the run ends where it takes a name for it.
		reply, ends string
	}{
		"a name": {func(_ *testing.T, r request.Request) request.Answer { return approval(r) }, "", unproven},
		"a standing by hand": {func(t *testing.T, r request.Request) request.Answer {
			forged, word := o.said(t, o.ownKey, r)
			a := approval(r)
			a.Said, a.Standing = identity.Said{At: forged.At, Nonce: forged.Nonce}, o.standing(word)
			return a
		}, "", unproven},
		"a key of one's own": {func(t *testing.T, r request.Request) request.Answer {
			a, word := o.said(t, o.ownKey, r)
			a.Standing = o.standing(word)
			return a
		}, refused, ""},
		"a key of one's own, as a person's": {func(t *testing.T, r request.Request) request.Answer {
			a, _ := o.said(t, o.ownKey, r)
			a.Evidence.Kind, a.Evidence.By = identity.SSH, a.By
			return a
		}, refused, ""},
		"slack":        {o.vouchedBy("slack"), refused, ""},
		"alertmanager": {o.vouchedBy("alertmanager"), refused, ""},
		"via slack": {func(t *testing.T, r request.Request) request.Answer {
			a, _ := o.said(t, o.ownKey, r)
			a.Via = "slack"
			return a
		}, refused, ""},
		"a no turned into a yes": {func(t *testing.T, r request.Request) request.Answer {
			a := approval(r)
			a.Decision = request.Reject
			a = o.signed(t, r, a)
			a.Decision = request.Approve
			return a
		}, refused, ""},
		"a host that nobody knows": {func(t *testing.T, r request.Request) request.Answer { // which is worth a name
			a, _ := o.said(t, o.ownKey, r)
			a.By, a.Evidence.By = "bench@other", "other"
			return a
		}, "in none of the groups", ""},
	} {
		t.Run(name, func(t *testing.T) {
			run, gate := o.begun(t)
			reply, err := o.update(t, workflows.AnswerRequest, c.make(t, gate))
			require.Contains(t, fmt.Sprint(reply.Message, err), c.reply)
			require.Equal(t, c.ends != "", reply.Accepted)
			if ended := o.nothing(t, run); c.ends != "" {
				require.ErrorContains(t, ended, c.ends)
			}
		})
	}
}

// vouchedBy is a genuine signature under the name of a way that proves nothing.
func (o *stranger) vouchedBy(kind identity.Kind) func(*testing.T, request.Request) request.Answer {
	return func(t *testing.T, r request.Request) request.Answer {
		a, _ := o.said(t, o.key, r)
		a.Evidence.Kind = kind
		return a
	}
}

// order is an order with all that might be taken for a standing.
func (o *stranger) order(verb, run, step string) map[string]any {
	return map[string]any{
		"verb": verb, "run": run, "step": step, "by": "bench@bench", "via": activities.ViaCLI, "reason": "a test",
		"standing": o.standing(identity.Word{}), "operator": true, "groups": []string{"oncall"}, "proof": map[string]any{"kind": "host", "who": "bench@bench"},
	}
}

func (o *stranger) orders(t *testing.T) {
	held := 0
	for _, verb := range runbook.Verbs { // before the gate is passed, and behind one that a name has passed
		run, gate := o.begun(t)
		_, err := o.update(t, workflows.OperateRunbook, o.order(runbook.Pause, run.GetRunID(), ""))
		require.NoError(t, err)
		_, _ = o.update(t, workflows.OperateRunbook, o.order(verb, run.GetRunID(), "agree")) // whatever it says
		_, _ = o.update(t, workflows.AnswerRequest, approval(gate))
		o.nothing(t, run)
		for _, step := range []string{"agree", "wipe", ""} {
			_, _ = o.update(t, workflows.OperateRunbook, o.order(verb, run.GetRunID(), step))
			if err := o.nothing(t, run); err != nil && strings.Contains(err.Error(), unproven) {
				held++ // the run believed it, and its host did not
			}
		}
	}
	require.NotZero(t, held)
	run, _ := o.begun(t)
	signed := o.signedOrder(t, workflows.RunbookOrder{Verb: runbook.Pause, Run: run.GetRunID()})
	reply, err := o.update(t, workflows.OperateRunbook, signed)
	require.NoError(t, err)
	require.True(t, reply.Accepted, reply.Message)
	reply, err = o.update(t, workflows.OperateRunbook, signed)
	require.NoError(t, err)
	require.Equal(t, request.Reply{Message: "that was said before, and a signed order counts once"}, reply)
	other := o.signedOrder(t, workflows.RunbookOrder{Verb: runbook.SkipStep, Run: run.GetRunID(), Step: "look"})
	reply, err = o.update(t, workflows.OperateRunbook, other)
	require.NoError(t, err)
	require.False(t, reply.Accepted)
	require.Contains(t, reply.Message, "that was for look")
	other.Step = "agree"
	_, err = o.update(t, workflows.OperateRunbook, other)
	require.ErrorContains(t, err, "your word was not taken")
	require.NoError(t, o.nothing(t, run))
	next, _ := o.begun(t)
	reply, err = o.update(t, workflows.OperateRunbook, signed)
	require.NoError(t, err)
	require.Equal(t, request.Reply{Message: "that was for another run"}, reply)
	require.NoError(t, o.nothing(t, next))
}

func (o *stranger) signedOrder(t *testing.T, order workflows.RunbookOrder) workflows.RunbookOrder {
	t.Helper()
	order.By, order.Via, order.Reason = "bench@bench", activities.ViaCLI, "a test"
	order.Said = identity.Said{At: time.Now().UTC().Truncate(time.Second), Nonce: uuid.NewString()}
	order.Evidence = o.evidence(t, o.key, identity.OrderNamespace, order.Statement(wipeRun, "bench"))
	return order
}

func (o *stranger) signals(t *testing.T) {
	run, gate := o.begun(t)
	forged, _ := o.said(t, o.ownKey, gate)
	for _, name := range slices.Concat([]string{workflows.AnswerRequest, workflows.OperateRunbook, "wipe", "agree", "inbox", "__temporal_update"}, runbook.Verbs) {
		require.NoError(t, o.own.SignalWorkflow(t.Context(), wipeRun, run.GetRunID(), name, forged))
	}
	require.NoError(t, o.nothing(t, run))
	require.Equal(t, gate.ID, o.asked(t, "agree").ID)
}

func (o *stranger) ends(t *testing.T) {
	run, _ := o.begun(t)
	require.NoError(t, o.own.CancelWorkflow(t.Context(), wipeRun, run.GetRunID()))
	require.Error(t, run.Get(t.Context(), nil))
	require.Error(t, o.nothing(t, run))
	run, _ = o.begun(t)
	require.NoError(t, o.own.TerminateWorkflow(t.Context(), wipeRun, run.GetRunID(), "by hand"))
	require.Error(t, o.nothing(t, run))
	run, gate := o.begun(t)
	_, err := o.update(t, workflows.AnswerRequest, approval(gate)) // which the run believes, and comes again behind a reset
	require.NoError(t, err)
	require.Error(t, o.nothing(t, run))
	var tasks []int64
	for _, e := range o.events(t, run.GetRunID()) {
		if e.GetEventType() == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			tasks = append(tasks, e.GetEventId())
		}
	}
	for _, task := range tasks {
		o.nothing(t, o.own.GetWorkflow(t.Context(), wipeRun, o.reset(t, run.GetRunID(), task)))
	}
}

// starts is a start in a name, which brings its approval along.
func (o *stranger) starts(t *testing.T) {
	o.end(t)
	start := workflows.StartRunbook(workflows.RunbookRequest{Name: "wipe", Host: "bench", By: "bench@bench"}, workflows.RunbookStart{Project: "bench", Policy: runbook.Reject})
	run, err := o.own.ExecuteWorkflow(t.Context(), start.Options, "RunRunbook", map[string]any{
		"name": "wipe", "host": "bench", "by": "bench@bench", "override": true, "why": "a test", "state": runbook.State{Approvals: []runbook.Approval{{By: []string{"bench@bench"}}}},
		"at": time.Now(), "nonce": "n", "evidence": identity.Evidence{Kind: identity.Host, By: "bench", Signature: "none"},
	})
	require.NoError(t, err)
	require.ErrorContains(t, o.nothing(t, run), "the evidence does not hold")
}

// named are the activities that a worker registers, by name.
type named map[string]bool

func (n named) RegisterActivity(any) { panic("an activity has a name of its own") }

func (n named) RegisterActivityWithOptions(_ any, o activity.RegisterOptions) { n[o.Name] = true }

func (n named) RegisterDynamicActivity(any, activity.DynamicRegisterOptions) {
	panic("nothing is dynamic")
}

// standalone calls everything that changes something, or belongs to a run, without one.
func (o *stranger) standalone(t *testing.T) {
	// Whoever asks may have these: they answer, or let go of GPUs.
	questions := []string{
		activities.PlanRunbook, activities.WhoIs, activities.ConfiguredWith, activities.ListServices, activities.ServiceStats, activities.PlanScale, activities.PlanRestart,
		activities.ReadEntries, activities.VerifyLedger, activities.ReleaseGPUs, activities.ResumeGPUs,
	}
	onHost, shared := named{}, named{}
	app.HostActivities{}.Register(onHost)
	app.SharedActivities{}.Register(shared)
	before, call := o.claims(t), o.call(uuid.NewString())
	for queue, names := range map[string]named{workflows.HostQueue("bench"): onHost, workflows.TaskQueue: shared} {
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if slices.Contains(questions, name) {
				continue
			}
			err := o.alone(t, queue, name, argument(name, call))
			require.Error(t, err, name)
			app, ok := errors.AsType[*temporal.ApplicationError](err)
			require.True(t, ok && app.Type() == activities.PermissionDenied, "%s: %v", name, err)
		}
	}
	require.Equal(t, before, o.claims(t))
	require.Greater(t, len(onHost)+len(shared), 40, "all of them were named")
}

// argument is what an activity takes: the destructive step, an entry for the ledger, or nothing.
func argument(name string, call runbook.ActCall) any {
	switch name {
	case activities.ActOperation:
		return call
	case activities.ReadProbes:
		return []runbook.ReadCall{}
	case activities.UseStart:
		return posed(wipeRun)
	}
	return activities.KeepRequest{WorkflowID: wipeRun, RunID: call.Run, At: time.Now(), Records: []ledger.Record{{Event: "by hand", Kind: "request.approved"}}}
}

func (o *stranger) alone(t *testing.T, queue, name string, arg any) error {
	t.Helper()
	handle, err := o.own.ExecuteActivity(t.Context(), client.StartActivityOptions{
		ID: uuid.NewString(), TaskQueue: queue, ScheduleToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	}, name, arg)
	require.NoError(t, err)
	return handle.Get(t.Context(), nil)
}
