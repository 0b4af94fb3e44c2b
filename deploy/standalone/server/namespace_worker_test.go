package server

import (
	"context"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// ids are those that a workflow may have: those of the runbook's runs, and any other.
var ids = []string{wipeRun, wipeRun + "/twin", "runbook/bench/other/wipe", "owner"}

func (o *stranger) ownWorkflow(t *testing.T) {
	r := o.rogue(t)
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
		"a step that no gate is for":   {`the step look uses "", and not "command.run"`, func(_ string, call *runbook.ActCall) { call.Path = "look" }},
		"less risk":                    {"the step wipe is destructive, and not write", func(_ string, call *runbook.ActCall) { call.Risk = runbook.Write }},
		"no risk":                      {"command.run is write", func(_ string, call *runbook.ActCall) { call.Risk = "" }},
		"a risk that is none":          {"", func(_ string, call *runbook.ActCall) { call.Risk = "Destructive" }},
		"something put back":           {"an undo runs as write", func(_ string, call *runbook.ActCall) { call.Undo = true }},
		"something put back, for less": {"nothing takes the step wipe back", func(_ string, call *runbook.ActCall) { call.Undo, call.Risk, call.Measured = true, runbook.Write, true }},
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
		call.Words = []identity.Word{{Namespace: identity.AnswerNamespace, Statement: s, Evidence: *o.evidence(t, o.key, identity.AnswerNamespace, s)}}
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
	for _, run := range []string{"owner", wipeRun} {
		start := posed(run)
		demands = append(demands, demand{Queue: workflows.HostQueue("bench"), Activity: activities.UseStart, Use: &start})
	}
	said := r.do(t, r.begin(t, "owner"), demands...)
	require.Empty(t, done(said), "%q", said)
	require.Equal(t, before, o.claims(t))
}

// beside lets a worker work beside a real one up to the end of the test, and a little longer: the server may still give
// something to a poll that has just ended, and that would be missing behind the test.
func beside(t *testing.T, w worker.Worker) {
	t.Helper()
	require.NoError(t, w.Start())
	t.Cleanup(func() {
		w.Stop()
		time.Sleep(500 * time.Millisecond)
	})
}

// otherHost is one that answers in the host's place: everybody may do everything. The run believes it, and so the gate
// opens; where the host itself is to act, it does not.
func (o *stranger) otherHost(t *testing.T) {
	answered, over := make(chan struct{}), make(chan struct{})
	defer close(over)
	w := worker.New(o.own, workflows.HostQueue("bench"), worker.Options{DisableWorkflowWorker: true, MaxConcurrentActivityExecutionSize: 1})
	w.RegisterActivityWithOptions(func(ctx context.Context, _ activities.Person) (activities.Standing, error) {
		info := activity.GetInfo(ctx)
		standing := activities.Standing{Standing: o.standing(identity.Word{}), RunID: info.WorkflowExecution.RunID}
		err := o.own.CompleteActivity(ctx, info.TaskToken, standing, nil)
		close(answered)
		<-over // it takes nothing more, so that the step comes to the real host
		return standing, err
	}, activity.RegisterOptions{Name: activities.WhoIs})
	run, gate := o.begun(t)
	beside(t, w)
	for range 1000 { // the server gives a question to either, and the real host denies it
		a := approval(gate)
		a.By = "mallory@bench"
		reply, err := o.update(t, workflows.AnswerRequest, a)
		require.NoError(t, err)
		if reply.Accepted {
			<-answered
			require.ErrorContains(t, o.nothing(t, run), unproven)
			return
		}
	}
	t.Fatal("no question came to the other worker")
}

// otherWorker is one that works on runbooks beside the real one, and does the destructive step at once.
func (o *stranger) otherWorker(t *testing.T) {
	var took atomic.Int32
	w := worker.New(o.own, workflows.TaskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ workflows.RunbookRequest) ([]string, error) {
		took.Add(1)
		return []string{once(ctx, act(o.call(workflow.GetInfo(ctx).WorkflowExecution.RunID)))}, nil
	}, workflow.RegisterOptions{Name: "RunRunbook"})
	beside(t, w)
	for range 100 { // the server gives a run to either
		o.end(t)
		run := o.begin(t)
		o.nothing(t, run)
		var said []string
		if took.Load() > 0 && run.Get(t.Context(), &said) == nil && len(said) == 1 {
			require.Contains(t, said[0], unproven)
			return
		}
	}
	t.Fatal("no run came to the other worker")
}
