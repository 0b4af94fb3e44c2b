// Package operations does what runbooks use on one host. What an operation takes and gives is declared in
// internal/runbook; its entry in the table says beside that how it is done, and what keeps this worker from it.
package operations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Options are what the operations of one host need.
type Options struct {
	Projects activities.Projects
	Replicas *activities.Replicas
	Dialer   activities.Dialer
	GPUs     activities.GPUs
	// Metrics is nil where no Prometheus is configured.
	Metrics activities.Metrics
	// Commands are the programs that Runner may run, by name.
	Commands map[string]config.Command
	Runner   activities.Runner
	// Groups are the groups that a definition may name.
	Groups map[string][]string
	// Ledger is told of a destructive operation before it is done.
	Ledger activities.Ledger
	// People says what definitions declare, and whether persons allow a destructive operation.
	People Entitlement
	// Now is the time of this worker; nil is time.Now.
	Now func() time.Time
}

// Entitlement says whether a call is a step of an installed definition, and whether persons allow a destructive one;
// *activities.People does.
type Entitlement interface {
	Declared(ctx context.Context, run string, call runbook.ActCall, now time.Time) error
	Entitled(ctx context.Context, run, runID string, call runbook.ActCall, now time.Time) error
}

// Operations does operations. Its activities run on the host's task queue.
type Operations struct {
	projects activities.Projects
	replicas *activities.Replicas
	gpus     activities.GPUs
	groups   map[string][]string
	ledger   activities.Ledger
	people   Entitlement
	now      func() time.Time
	table    map[string]entry
	commands map[string]config.Command
}

// New returns the operations of a host. The error says that they are not those that internal/runbook declares.
func New(o Options) (*Operations, error) {
	table, err := tableOf(o)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Operations{projects: o.Projects, replicas: o.Replicas, gpus: o.GPUs, groups: o.Groups, ledger: o.Ledger, people: o.People, now: o.Now, table: table, commands: o.Commands}, nil
}

// task is one use of an operation.
type task struct {
	// project is nil for a runbook about the host.
	project *activities.Project
	// with has the types of the operation's parameters.
	with condition.Values
	risk runbook.Risk
	// idempotent is what the step says, once that the task has one attempt all the same.
	idempotent, once bool
	// argv is the command line that was shown; undo says that none was.
	argv []string
	undo bool
}

func (t task) text(name string) string { s, _ := t.with[name].(string); return s }

// ofProject returns the project of a task that needs one.
func (t task) ofProject() (*activities.Project, error) {
	if t.project == nil {
		return nil, activities.Fail(activities.InvalidInput, errors.New(noProject))
	}
	return t.project, nil
}

const noProject = "the runbook is about the host and has no services; write scope: project"

// Act does one operation within the call's time. Where the call may be repeated an error is of the class that
// says whether to try again. Where it has one attempt, Unknown is one of which nobody knows whether it happened, and
// with every other class it certainly did not, or as far as the text says. A destructive one is told to the ledger
// first, and one that was approved is not begun when its approval has ended.
func (o *Operations) Act(ctx context.Context, call runbook.ActCall) (runbook.ActResult, error) {
	defer activities.Heartbeat(ctx)()
	outputs, err := o.act(ctx, call)
	if err != nil {
		return runbook.ActResult{}, activities.Classify(ctx, err)
	}
	return runbook.ActResult{Outcome: runbook.OK, Outputs: outputs}, nil
}

func (o *Operations) act(ctx context.Context, call runbook.ActCall) (condition.Values, error) {
	e, with, err := o.arguments(call.Uses, call.With)
	if err != nil {
		return nil, err
	}
	switch {
	case call.Risk.Below(e.Risk):
		return nil, activities.Fail(activities.InvalidInput, fmt.Errorf("%s is %s, and the step declares %q", call.Uses, e.Risk, call.Risk))
	case call.Undo && call.Risk == runbook.Destructive: // of a command that puts things back nobody was shown the line
		return nil, activities.Fail(activities.InvalidInput, fmt.Errorf("an undo runs as write, and the call of %s declares %q", call.Uses, call.Risk))
	case call.Idempotent && !e.Idempotent && !e.Open:
		return nil, activities.Fail(activities.InvalidInput, fmt.Errorf("%s is not idempotent, and the step says so", call.Uses))
	case e.do == nil:
		return nil, activities.Fail(activities.InvalidInput, fmt.Errorf("%s is no activity; the run does it by a workflow of its own", call.Uses))
	case call.Once() && activities.Attempt(ctx) > 1:
		return nil, activities.Fail(activities.Unknown, errors.New("an earlier attempt may have done it"))
	}
	project, err := o.project(call.Project)
	if err != nil {
		return nil, err
	}
	t := task{project: project, with: with, risk: call.Risk, idempotent: call.Idempotent, once: call.Once(), argv: call.Argv, undo: call.Undo}
	limit := runbook.Duration(call.TimeoutSeconds)
	ctx, cancel := context.WithDeadline(ctx, deadline(ctx, limit))
	defer cancel()
	if err := o.mayBegin(ctx, call); err != nil {
		return nil, err
	}
	values, err := e.do(ctx, t)
	if err == nil {
		values, err = e.outputs(values)
	}
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("no end within %s: %w", limit, err)
	}
	if t.once {
		err = settle(err, e.Risk == runbook.Read)
	}
	return values, err
}

// project is nil for no name.
func (o *Operations) project(name string) (*activities.Project, error) {
	if name == "" {
		return nil, nil
	}
	return o.projects.Of(name)
}

// deadline is when an operation that may take limit is to be over. It keeps a little of the activity's own time: an
// operation that Temporal ends can no longer say how far it came.
func deadline(ctx context.Context, limit time.Duration) time.Time {
	limit = max(limit, time.Second)
	end := time.Now().Add(limit)
	if own, ok := ctx.Deadline(); ok {
		if own = own.Add(-min(limit/10, time.Second)); own.Before(end) {
			return own
		}
	}
	return end
}
