package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// ScaleRequest asks for a number of replicas of one service of one host's Compose project.
type ScaleRequest struct {
	Host     string `json:"host"`
	Project  string `json:"project"`
	Service  string `json:"service"`
	Replicas int    `json:"replicas"`
	// BelowMin allows fewer than the policy's minimum; only a person may set it.
	BelowMin bool `json:"below_min,omitempty"`
	// By is who asked, such as "anna@gpu-1"; Why is the reason in a sentence.
	By  string `json:"by"`
	Why string `json:"why,omitempty"`
}

// The outcomes of a scale run.
const (
	Running            = "running"
	Scaled             = "scaled"
	Unchanged          = "unchanged"
	Refused            = "refused"             // preflight said no; nothing was touched
	Failed             = "failed"              // failed or cancelled before anything was touched
	RolledBack         = "rolled_back"         // failed or cancelled; as it was before
	RollbackIncomplete = "rollback_incomplete" // failed, and something could not be put back
)

// ScaleResult is what a scale run did. A run that fails or is cancelled carries it in the details
// of its error.
type ScaleResult struct {
	Host     string            `json:"host"`
	Service  string            `json:"service"`
	From     int               `json:"from"`
	To       int               `json:"to"`
	Outcome  string            `json:"outcome"`
	Reason   string            `json:"reason,omitempty"`
	By       string            `json:"by,omitempty"`
	Why      string            `json:"why,omitempty"`
	Phases   []Phase           `json:"phases"`
	Undone   []string          `json:"undone,omitempty"`
	Refusals []scaling.Refusal `json:"refusals,omitempty"`
	Warnings []string          `json:"warnings,omitempty"`
}

// Phase is one step of a run. Ended is zero while it is at work.
type Phase struct {
	Name    string    `json:"name"`
	Detail  string    `json:"detail,omitempty"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
}

// ScaleService takes a service to a number of replicas without losing a request: up by start,
// warm-up, healthy, route, verify; down by unroute, drain, stop, verify, remove. A failure or a
// cancellation puts things back. Its id is ScaleID, so that a service has one at a time.
func ScaleService(ctx workflow.Context, req ScaleRequest) (ScaleResult, error) {
	run := &scaleRun{req: req, result: ScaleResult{
		Host: req.Host, Service: req.Service, To: req.Replicas, Outcome: Running, By: req.By, Why: req.Why,
	}}
	attributes, err := knownAttributes(ctx)
	if err != nil {
		return run.result, err
	}
	if err := attributes.set(ctx, value{HostAttribute, req.Host}, value{ServiceAttribute, req.Service}, value{StateAttribute, Running}); err != nil {
		return run.result, err
	}
	err = run.finish(ctx, run.scale(ctx))
	workflow.SetCurrentDetails(ctx, scaleDetails(run.result))
	if setErr := attributes.set(ctx, value{StateAttribute, run.result.Outcome}); setErr != nil {
		workflow.GetLogger(ctx).Warn("search attribute not set", "error", setErr)
	}
	return run.result, err
}

// scaleRun is one run: the snapshot it follows, what it has done, and how to undo that.
type scaleRun struct {
	req    ScaleRequest
	change scaling.Change
	result ScaleResult
	saga   saga
}

func (r *scaleRun) scale(ctx workflow.Context) (err error) {
	if err := r.preflight(ctx); err != nil {
		return err
	}
	switch {
	case len(r.change.Add) > 0:
		err = r.up(ctx)
	case len(r.change.Remove) > 0:
		err = r.down(ctx)
	default:
		err = r.reroute(ctx)
	}
	if err != nil {
		return err
	}
	return r.remove(ctx)
}

// preflight makes the plan again: what held when a person saw it may have changed since.
func (r *scaleRun) preflight(ctx workflow.Context) error {
	return r.phase(ctx, "preflight", "", func() error {
		var docker *activities.Docker
		var plan scaling.Plan
		err := workflow.ExecuteActivity(look(ctx, r.req.Host, "preflight of "+r.req.Service), docker.PlanScale, activities.PlanRequest{
			Project:  r.req.Project,
			Targets:  []scaling.Target{{Service: r.req.Service, Replicas: r.req.Replicas}},
			BelowMin: r.req.BelowMin,
		}).Get(ctx, &plan)
		if err != nil {
			return err
		}
		r.change = plan.Changes[0]
		r.result.From, r.result.Warnings, r.result.Refusals = r.change.From, r.change.Warnings, r.change.Refusals
		if !plan.Refused() {
			return nil
		}
		var reasons []string
		for _, refusal := range r.change.Refusals {
			reasons = append(reasons, refusal.Message)
		}
		return temporal.NewNonRetryableApplicationError(strings.Join(reasons, "; "), activities.PreconditionFailed, nil)
	})
}

// phase runs one step and keeps its times. Step names are the words of the domain.
func (r *scaleRun) phase(ctx workflow.Context, name, detail string, do func() error) error {
	r.result.Phases = append(r.result.Phases, Phase{Name: name, Detail: detail, Started: workflow.Now(ctx)})
	workflow.SetCurrentDetails(ctx, scaleDetails(r.result))
	err := do()
	phase := &r.result.Phases[len(r.result.Phases)-1]
	phase.Ended = workflow.Now(ctx)
	if err != nil {
		phase.Detail = strings.TrimSpace(phase.Detail + " failed: " + reason(err))
	}
	workflow.SetCurrentDetails(ctx, scaleDetails(r.result))
	return err
}

// finish turns the end of the steps into the outcome of the run, after putting back what a failed
// or cancelled run has changed.
func (r *scaleRun) finish(ctx workflow.Context, err error) error {
	switch {
	case err == nil && r.change.Unchanged():
		r.result.Outcome = Unchanged
		return nil
	case err == nil:
		r.result.Outcome = Scaled
		return nil
	case len(r.result.Refusals) > 0:
		r.result.Outcome, r.result.Reason = Refused, reason(err)
		return temporal.NewApplicationErrorWithOptions(reason(err), activities.PreconditionFailed,
			temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{r.result}})
	}
	r.result.Outcome, r.result.Reason = RolledBack, reason(err)
	if len(r.saga.steps) == 0 {
		r.result.Outcome = Failed
	}
	undone, undoErr := r.saga.unwind(ctx, func(ctx workflow.Context, what string) {
		r.result.Phases = append(r.result.Phases, Phase{Name: "undo", Detail: what, Started: workflow.Now(ctx)})
		workflow.SetCurrentDetails(ctx, scaleDetails(r.result))
	})
	r.closeUndo(workflow.Now(ctx))
	r.result.Undone = undone
	if undoErr != nil {
		r.result.Outcome = RollbackIncomplete
		r.result.Reason += "; could not put back: " + undoErr.Error()
	} else if temporal.IsCanceledError(err) {
		return temporal.NewCanceledError(r.result)
	}
	return temporal.NewApplicationErrorWithOptions(fmt.Sprintf("%s → %d: %s", r.req.Service, r.req.Replicas, r.result.Reason), r.result.Outcome,
		temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{r.result}})
}

// closeUndo ends each undo phase where the next begins.
func (r *scaleRun) closeUndo(now time.Time) {
	for i := len(r.result.Phases) - 1; i >= 0 && r.result.Phases[i].Name == "undo"; i-- {
		r.result.Phases[i].Ended = now
		now = r.result.Phases[i].Started
	}
}
