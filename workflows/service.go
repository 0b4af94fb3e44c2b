package workflows

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Running is what the state of every run says that is at work.
const Running = "running"

// ServiceOutcome is how a change of a service ended; Running while it is at work.
type ServiceOutcome string

// The outcomes of a run that changes a service.
const (
	Scaled             ServiceOutcome = "scaled"
	Restarted          ServiceOutcome = "restarted"
	Unchanged          ServiceOutcome = "unchanged"
	Refused            ServiceOutcome = "refused"             // preflight or the gate said no; nothing was touched
	Failed             ServiceOutcome = "failed"              // failed or cancelled before anything was touched
	RolledBack         ServiceOutcome = "rolled_back"         // failed or cancelled; as it was before
	RollbackIncomplete ServiceOutcome = "rollback_incomplete" // failed, and a person has to see to what could not be put back or removed
)

// ServiceResult is what a change of a service did. A run that fails or is cancelled carries it in the
// details of its error.
type ServiceResult struct {
	Host    string `json:"host"`
	Project string `json:"project"`
	Service string `json:"service"`
	// From is the number of replicas before the change; nil where the run ended before it was known.
	From    *int           `json:"from,omitempty"`
	To      int            `json:"to"`
	Outcome ServiceOutcome `json:"outcome"`
	Reason  string         `json:"reason,omitempty"`
	By      string         `json:"by,omitempty"`
	// Claimed says that nobody vouches for By.
	Claimed bool   `json:"claimed,omitempty"`
	Why     string `json:"why,omitempty"`
	// Waits says what a run at work waits for, beside its step: a worker of its host, or the ledger.
	Waits    string            `json:"waits,omitempty"`
	Phases   []Phase           `json:"phases"`
	Undone   []string          `json:"undone,omitempty"`
	Refusals []scaling.Refusal `json:"refusals,omitempty"`
	Warnings []string          `json:"warnings,omitempty"`
}

// Change names the change in one line, such as "app 1 → 4", or "app → 4" where it is not known from what number.
func (r ServiceResult) Change() string {
	if r.From == nil {
		return fmt.Sprintf("%s → %d", r.Service, r.To)
	}
	return scaling.Change{Service: r.Service, From: *r.From, To: r.To}.String()
}

// Phase is one step of a run. Ended is zero while it is at work.
type Phase struct {
	Name    string    `json:"name"`
	Detail  string    `json:"detail,omitempty"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
}

// serviceRun is one run: the snapshot it follows, what it has done, and how to undo that.
type serviceRun struct {
	host, project, service string

	queue  hostQueue
	ledger ledgerStages
	change scaling.Change
	// asked is the number that was asked for; nil for a restart.
	asked  *int
	result ServiceResult
	saga   saga
	// serving says that new replicas could not be taken out of the router any more: then they stay.
	serving bool
	// leaving says that a stop ended without a word, as its worker died: the replicas may be about to end.
	leaving bool
	// starting says that a start has begun of which it is not known whether its hooks have run.
	starting bool
	// touched says that something was changed, final that there is no way back any more.
	touched, final bool
	// approved goes with the first effect, and is then used up: what has begun is brought to its end. late says that
	// the host refused that effect, as the approval had ended.
	approved activities.Approved
	late     bool
	// starter is who starts it, where no other run does; allowed is what persons said that allows it.
	starter *activities.Starter
	allowed *activities.Allowed
	// amiss is what a failed run leaves for a person to see to, beside what could not be put back.
	amiss []string
}

// errServing keeps what still gets traffic from being taken away.
var errServing = errors.New("the router still sends it requests, so it was left as it is")

func newServiceRun(host, project, service string, result ServiceResult) *serviceRun {
	result.Host, result.Project, result.Service, result.Outcome = host, project, service, Running
	return &serviceRun{host: host, project: project, service: service, result: result, queue: hostQueue{host: host}}
}

// follow does the steps of a run and ends it: with outcome done where they succeed.
func (r *serviceRun) follow(ctx workflow.Context, done ServiceOutcome, steps func() error) (ServiceResult, error) {
	waits := func() {
		r.result.Waits = r.queue.unpolled()
		if r.ledger.away() {
			r.result.Waits = r.ledger.waits() + "; nothing is done before it answers"
			if r.result.Outcome != Running {
				r.result.Waits = r.ledger.waits() + "; what was done stays as it is"
			}
		}
		workflow.SetCurrentDetails(ctx, serviceDetails(r.result))
	}
	r.queue.changed, r.ledger.changed = waits, waits
	attributes, err := knownAttributes(ctx)
	if err != nil {
		return r.result, err
	}
	if err := attributes.set(ctx, value{HostAttribute, r.host}, value{ServiceAttribute, r.service}, value{StateAttribute, Running}); err != nil {
		return r.result, err
	}
	used := r.use(ctx)
	err = r.ask(ctx)
	unknown := err != nil && ctx.Err() == nil
	switch {
	case err == nil && used != nil:
		err = used
	case err == nil:
		err = steps()
	case unknown:
		r.warn("the ledger does not know of this run")
	}
	err = r.finish(ctx, done, err)
	if !unknown { // else it has been waited for long enough
		r.remember(ctx)
	}
	workflow.SetCurrentDetails(ctx, serviceDetails(r.result))
	if setErr := attributes.set(ctx, value{StateAttribute, string(r.result.Outcome)}); setErr != nil {
		workflow.GetLogger(ctx).Warn("search attribute not set", "error", setErr)
	}
	return r.result, err
}

// phase runs one step and keeps its times. Step names are the words of the domain.
func (r *serviceRun) phase(ctx workflow.Context, name, detail string, do func() error) error {
	r.result.Phases = append(r.result.Phases, Phase{Name: name, Detail: detail, Started: workflow.Now(ctx)})
	workflow.SetCurrentDetails(ctx, serviceDetails(r.result))
	err := do()
	phase := &r.result.Phases[len(r.result.Phases)-1]
	phase.Ended = workflow.Now(ctx)
	if err != nil {
		phase.Detail = strings.TrimSpace(phase.Detail + " failed: " + Reason(err))
	}
	workflow.SetCurrentDetails(ctx, serviceDetails(r.result))
	return err
}

// finish turns the end of the steps into the outcome of the run, after putting back what a failed
// or cancelled run has changed.
func (r *serviceRun) finish(ctx workflow.Context, done ServiceOutcome, err error) error {
	switch {
	case err == nil && done == Scaled && r.change.Unchanged():
		r.result.Outcome = Unchanged
		return nil
	case err == nil:
		r.result.Outcome = done
		return nil
	}
	if r.late {
		r.saga.steps, r.amiss, r.touched, r.final = nil, nil, false, false // nothing was done
	}
	if err = r.putBack(ctx, err); len(r.amiss) == 0 && len(r.result.Refusals) > 0 {
		r.result.Outcome = Refused
		return r.failed(activities.PreconditionFailed, r.result.Reason)
	}
	if len(r.amiss) == 0 && temporal.IsCanceledError(err) {
		return temporal.NewCanceledError(r.result)
	}
	return r.failed(string(r.result.Outcome), r.service+": "+r.result.Reason)
}

func (r *serviceRun) failed(class, message string) error {
	return temporal.NewApplicationErrorWithOptions(message, class, temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{r.result}})
}

// use uses up the word of who starts the change. Where it may not start it, that is a refusal.
func (r *serviceRun) use(ctx workflow.Context) error {
	if r.starter == nil {
		return nil
	}
	start, _, err := useStart(ctx, &r.queue, *r.starter)
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok && app.Type() == activities.PermissionDenied {
		r.result.Refusals = []scaling.Refusal{{Code: scaling.NotProven, Message: Reason(err)}}
	}
	if start != nil {
		r.starter, r.result.Claimed, r.allowed = nil, false, &activities.Allowed{Start: start}
	}
	return err
}

// ask tells the ledger that the change was asked for, before anything of it is done: it waits a day for one that is away.
func (r *serviceRun) ask(ctx workflow.Context) error {
	info := workflow.GetInfo(ctx)
	entry := activities.ServiceAsk{
		WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID, At: workflow.Now(ctx), By: r.result.By,
		Data: activities.ServiceAskedData{
			Host: r.host, Project: r.project, Service: r.service, To: r.asked, Why: r.result.Why, Claimed: r.result.Claimed,
		},
	}
	return r.ledger.run(ctx, "ledger: "+activities.ServiceAsked, activities.KeepServiceAsk, activities.KeepServiceAsk, entry, nil)
}

// remember tells the ledger how the run ended, also when it was cancelled. It waits a day for a ledger that is away:
// until then the run is at work, and says so.
func (r *serviceRun) remember(ctx workflow.Context) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	info := workflow.GetInfo(ctx)
	entry := activities.ServiceRun{
		WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID, At: workflow.Now(ctx), By: r.result.By,
		Data: activities.ServiceRunData{
			Host: r.host, Project: r.project, Service: r.service, From: r.result.From, To: r.result.To, Outcome: string(r.result.Outcome),
			Reason: r.result.Reason, Why: r.result.Why, Undone: r.result.Undone, Refusals: r.result.Refusals, Warnings: r.result.Warnings,
		},
	}
	if err := r.ledger.run(ctx, "ledger: "+activities.ServiceFinished, activities.KeepServiceRun, activities.KeepServiceRun, entry, nil); err != nil {
		r.result.Warnings = append(r.result.Warnings, "the ledger does not know how this run ended: "+Reason(err))
	}
}
