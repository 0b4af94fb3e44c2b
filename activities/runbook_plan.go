package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/internal/runbook"
)

// RunbookPlan is a plan and what a start needs to know beside it.
type RunbookPlan struct {
	runbook.Plan
	// Policy is what a second start with the same key does: reject or join.
	Policy string `json:"policy"`
	// Installed says whether the runbook can be run, and not only planned.
	Installed bool `json:"installed"`
	// Suppressed says why cooldown or breaker would end a run that does not override them.
	Suppressed string `json:"suppressed,omitempty"`
	// Unasked says why the ledger could not be asked for it.
	Unasked string `json:"unasked,omitempty"`
}

// PlanRunbook shows what a run would do now: it reads for real, renders what it would write, and changes
// nothing. It runs on the host's queue.
func (r *Runbooks) PlanRunbook(ctx context.Context, call RunbookCall) (RunbookPlan, error) {
	defer Heartbeat(ctx)()
	plan, err := r.plan(ctx, call)
	return plan, Classify(ctx, err)
}

func (r *Runbooks) plan(ctx context.Context, call RunbookCall) (RunbookPlan, error) {
	loaded, err := r.load(call)
	if err != nil {
		return RunbookPlan{}, err
	}
	d := loaded.Definition
	refusals, err := r.Operations.Refusals(ctx, loaded.Project, runbook.Settle(d, call.Host, call.By, loaded.Inputs))
	if err != nil {
		return RunbookPlan{}, err
	}
	program := loaded.Program()
	run := runbook.Run{ID: "plan", Name: d.Name, Key: loaded.Key, Host: call.Host, Project: loaded.Project, Initiator: call.By, Dry: true}
	state, _ := runbook.Drive(program, runbook.New(run, loaded.Inputs), time.Now(), &planning{ctx: ctx, operations: r.Operations})
	if err := ctx.Err(); err != nil {
		return RunbookPlan{}, err
	}
	plan := RunbookPlan{Plan: runbook.PlanOf(program, state), Policy: d.Concurrency.Policy, Installed: call.Text == ""}
	plan.Refusals = append(refusals, plan.Refusals...)
	plan.Suppressed, err = r.suppressed(ctx, d.Triggers, run.Subject(loaded.Dedup))
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok { // a run would wait for the ledger
		plan.Unasked = app.Message()
	}
	return plan, ctx.Err()
}

// suppressed asks the ledger what a run would ask it first.
func (r *Runbooks) suppressed(ctx context.Context, t runbook.Triggers, subject string) (string, error) {
	remembered := t.Remembered()
	if remembered == 0 {
		return "", nil
	}
	now := time.Now()
	past, err := r.PastActs(ctx, PastRequest{Subject: subject, Since: now.Add(-remembered)})
	if err != nil {
		return "", err
	}
	return runbook.Suppress(t, past, now).Reason, nil
}

// planning are the effects of a dry run: real reads, and nothing else.
type planning struct {
	ctx        context.Context
	operations Operations
}

// Read reads probes.
func (p *planning) Read(calls []runbook.ReadCall) (map[string]runbook.Reading, time.Duration) {
	begin := time.Now()
	readings, err := p.operations.ReadProbes(p.ctx, calls)
	if err != nil {
		readings = map[string]runbook.Reading{}
		for _, c := range calls {
			readings[c.Key] = runbook.Reading{At: begin, Fault: err.Error()}
		}
	}
	return readings, time.Since(begin)
}

// Evaluate evaluates.
func (p *planning) Evaluate(items []runbook.Item, now time.Time) map[string]runbook.ItemResult {
	return runbook.Evaluate(items, now)
}

// Act is never asked for in a dry run.
func (p *planning) Act(call runbook.ActCall) (runbook.ActResult, time.Duration) {
	return runbook.ActResult{Outcome: runbook.Failed, Message: call.Path + ": a plan changes nothing"}, 0
}

// Watch looks once: a plan does not wait.
func (p *planning) Watch(call runbook.WatchCall) (runbook.WatchResult, time.Duration) {
	begin := time.Now()
	call.Times, call.Until = 1, false
	result, err := p.operations.Watch(p.ctx, call)
	if err != nil {
		result = runbook.WatchResult{Fault: err.Error()}
	}
	return result, time.Since(begin)
}

// Seen needs nothing.
func (p *planning) Seen(runbook.Command, time.Time) {}

// Person does nothing: a plan asks nobody.
func (p *planning) Person(runbook.State, time.Time, time.Time) (*runbook.Event, time.Duration) {
	return nil, 0
}
