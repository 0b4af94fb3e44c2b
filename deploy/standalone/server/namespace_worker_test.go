package server

import (
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// demand is an activity that a workflow of the owner's has done on a queue, with any of the arguments that it takes.
type demand struct {
	Queue, Activity string
	Act             *runbook.ActCall
	Keep            *activities.KeepRequest
	Use             *activities.UsedStatement
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

// ids are those that a workflow may have: those of the runbook's runs, and any other.
var ids = []string{wipeRun, wipeRun + "/twin", "runbook/bench/other/wipe", "owner"}

func (o *stranger) ownWorkflow(t *testing.T) {
	r := o.rogue(t)
	const unproven = "approved by 0 persons that can be proven"
	for _, id := range ids[:2] {
		r.refused(t, id, unproven, func(string, *runbook.ActCall) {})
		r.refused(t, id, unproven, func(run string, call *runbook.ActCall) { // signed by a key that nobody trusts
			_, word := o.said(t, o.ownKey, o.ask(id, run))
			call.Words = []identity.Word{word}
		})
	}
	for _, id := range ids[2:] {
		r.refused(t, id, "is no run of the runbook wipe", func(string, *runbook.ActCall) {})
	}
	free := wiping()["wipe"]
	free.Steps[0].Gate.Approves, free.Steps[0].Groups = nil, nil
	sum, err := free.Sum()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		why    string
		change func(string, *runbook.ActCall)
	}{
		"a definition of one's own":    {"does not know that this host had the definition", func(_ string, call *runbook.ActCall) { call.Definition = sum }},
		"no definition":                {"does not know that this host had the definition", func(_ string, call *runbook.ActCall) { call.Definition = "" }},
		"the beginning of one":         {"does not know that this host had the definition", func(_ string, call *runbook.ActCall) { call.Definition = call.Definition[:8] }},
		"a step that no gate is for":   {"no gate of the runbook wipe approves look", func(_ string, call *runbook.ActCall) { call.Path = "look" }},
		"less risk":                    {`the command erase is destructive, and the step declares "write"`, func(_ string, call *runbook.ActCall) { call.Risk = runbook.Write }},
		"no risk":                      {"command.run is write", func(_ string, call *runbook.ActCall) { call.Risk = "" }},
		"a risk that is none":          {"", func(_ string, call *runbook.ActCall) { call.Risk = "Destructive" }},
		"something put back":           {"an undo runs as write", func(_ string, call *runbook.ActCall) { call.Undo = true }},
		"something put back, for less": {"the command erase is destructive", func(_ string, call *runbook.ActCall) { call.Undo, call.Risk, call.Measured = true, runbook.Write, true }},
		"no end":                       {unproven, func(_ string, call *runbook.ActCall) { call.Until = time.Time{} }},
		"another project":              {"", func(_ string, call *runbook.ActCall) { call.Project = "" }},
	} {
		t.Run(name, func(t *testing.T) { r.refused(t, wipeRun, c.why, c.change) })
	}
}

// oldWords are what a person has signed for another run, which has used it up.
func (o *stranger) oldWords(t *testing.T) {
	old, word := o.genuine(t)
	old.Words = []identity.Word{word}
	r := o.rogue(t)
	for _, id := range ids {
		for _, run := range []string{old.Run, ""} { // what the call says of the run, and what is so
			r.refused(t, id, "", func(own string, call *runbook.ActCall) {
				*call = old
				if run == "" {
					call.Run = own
				}
			})
		}
	}
}

// changedWords are what a person has signed, made to fit a run of the owner's.
func (o *stranger) changedWords(t *testing.T) {
	old, word := o.genuine(t)
	r := o.rogue(t)
	for name, change := range map[string]func(run string, s *identity.Statement){
		"the run": func(run string, s *identity.Statement) {
			s.RunID, s.Request = run, o.ask(wipeRun, run).ID
		},
		"the run's last digits": func(run string, s *identity.Statement) { s.Request = o.ask(wipeRun, run).ID },
		"who":                   func(run string, s *identity.Statement) { s.Who, s.Request = "ben@bench", o.ask(wipeRun, run).ID },
		"the end": func(run string, s *identity.Statement) {
			s.Until, s.Request = s.Until.Add(time.Minute), o.ask(wipeRun, run).ID
		},
		"no end":        func(run string, s *identity.Statement) { s.Until, s.Request = time.Time{}, o.ask(wipeRun, run).ID },
		"what is done":  func(run string, s *identity.Statement) { s.Do, s.Request = "start", o.ask(wipeRun, run).ID },
		"the arguments": func(run string, s *identity.Statement) { s.Arguments, s.Request = nil, o.ask(wipeRun, run).ID },
		"another step's": func(run string, s *identity.Statement) {
			s.Arguments = maps.Clone(s.Arguments)
			s.Arguments["look"], s.Request = "nothing", o.ask(wipeRun, run).ID
		},
		"the words": func(run string, s *identity.Statement) { s.Reason, s.Nonce, s.Request = "", "", o.ask(wipeRun, run).ID },
	} {
		t.Run(name, func(t *testing.T) {
			r.refused(t, wipeRun, "approved by 0 persons", func(run string, call *runbook.ActCall) {
				changed := word
				change(run, &changed.Statement)
				call.PlanSHA256, call.Words = old.PlanSHA256, []identity.Word{changed}
			})
		})
	}
}

// later is a word of a person whose clock is wrong: the run refuses it, and whoever kept it must not have one that holds
// for longer than the gate gives.
func (o *stranger) later(t *testing.T) {
	o.rogue(t).refused(t, wipeRun, "approved by 0 persons", func(run string, call *runbook.ActCall) {
		r := o.ask(wipeRun, run)
		s := r.Statement(approval(r))
		s.At, s.Until, s.Nonce = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour), "n"
		call.Words = []identity.Word{{Namespace: identity.AnswerNamespace, Statement: s, Evidence: *o.evidence(t, o.key, identity.AnswerNamespace, s), Now: s.At}}
	})
}

// onceOnly is an approval that a run of the owner's has got from somebody who may give it: it is for one attempt, and for
// what was shown.
func (o *stranger) onceOnly(t *testing.T) {
	r := o.rogue(t)
	run := r.begin(t, wipeRun)
	_, word := o.said(t, o.key, o.ask(wipeRun, run.GetRunID()))
	call := o.call(run.GetRunID())
	call.Words = []identity.Word{word}
	twice, undo, less, longer, other := call, call, call, call, call
	twice.Words = []identity.Word{word, word}
	twice.Attempt = 2
	undo.Undo = true
	less.Run = ""
	longer.Run = "another"
	other.With = map[string]any{"command": "nothing"}
	o.allowed++
	said := r.do(t, run, act(undo), act(twice), act(other), act(less), act(longer), act(call), act(call), act(less), act(longer), act(undo))
	require.Equal(t, o.allowed, o.times(), said)
	require.Equal(t, []int{5}, done(said), "it is for the call that was shown, and for one: %q", said)
}

// done are the places of what was done.
func done(said []string) (places []int) {
	for i, s := range said {
		if s == "" {
			places = append(places, i)
		}
	}
	return places
}

// ownEntries are entries that make a definition, a key or a word known, and those about another run.
func (o *stranger) ownEntries(t *testing.T) {
	r := o.rogue(t)
	before := o.claims(t)
	var demands []demand
	keep := func(name, id, kind string) {
		demands = append(demands, demand{Queue: workflows.TaskQueue, Activity: name, Keep: &activities.KeepRequest{
			WorkflowID: id, RunID: uuid.NewString(), At: time.Now(), Records: []ledger.Record{{Event: "by hand", Kind: kind, Actor: "bench@bench", Data: map[string]string{}}},
		}})
	}
	for _, kind := range []string{runbook.InstalledKind, ledger.HostKeyKind, identity.UsedKind} {
		keep(activities.KeepLater, "owner", kind)
	}
	keep(activities.KeepLater, wipeRun, "request.approved")
	keep(activities.Evaluate, "owner", "request.approved")
	keep("request.approved", "owner", "request.approved")
	demands = append(demands, demand{Queue: workflows.TaskQueue, Activity: activities.UseStatementLater, Use: &activities.UsedStatement{
		WorkflowID: wipeRun, RunID: uuid.NewString(), At: time.Now(), By: "bench@bench", Data: activities.UsedStatementData{Statement: "evenkeel statement 1\n"},
	}})
	said := r.do(t, r.begin(t, "owner"), demands...)
	require.Empty(t, done(said), "%q", said)
	require.Equal(t, before, o.claims(t))
}

// otherWorker is one that works on runbooks beside the real one, and does the destructive step at once.
func (o *stranger) otherWorker(t *testing.T) {
	var took atomic.Int32
	w := worker.New(o.own, workflows.TaskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ workflows.RunbookRequest) ([]string, error) {
		took.Add(1)
		return []string{once(ctx, act(o.call(workflow.GetInfo(ctx).WorkflowExecution.RunID)))}, nil
	}, workflow.RegisterOptions{Name: "RunRunbook"})
	require.NoError(t, w.Start())
	defer w.Stop()
	for range 100 { // the server gives a run to either
		o.end(t)
		run := o.runSite.begin(t)
		o.nothing(t, run)
		var said []string
		if took.Load() > 0 && run.Get(t.Context(), &said) == nil && len(said) == 1 {
			require.Contains(t, said[0], "approved by 0 persons that can be proven")
			return
		}
	}
	t.Fatal("no run came to the other worker")
}
