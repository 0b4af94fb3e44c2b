package workflows

import (
	"errors"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// putBack takes back what a run that failed or was cancelled has changed, and makes that its outcome. It returns
// err, which is a cancellation also where the worker died that was told of it: that one gives no other answer.
func (r *serviceRun) putBack(ctx workflow.Context, err error) error {
	r.result.Outcome, r.result.Reason = RolledBack, Reason(err)
	if isTimeout(err) && errors.Is(ctx.Err(), workflow.ErrCanceled) {
		r.result.Reason = "cancelled; the worker had died (" + r.result.Reason + ")"
		err = ctx.Err()
	}
	undone, undoErr := r.saga.unwind(ctx, func(ctx workflow.Context, what string) {
		r.result.Phases = append(r.result.Phases, Phase{Name: "undo", Detail: what, Started: workflow.Now(ctx)})
		workflow.SetCurrentDetails(ctx, serviceDetails(r.result))
	})
	r.closeUndo(workflow.Now(ctx))
	r.result.Undone = undone
	switch {
	case r.final: // the change is done, but for what it leaves behind
	case r.touched:
		r.forgetPlan()
		r.lookAfterUndo(ctx)
	case len(undone) == 0:
		r.result.Outcome = Failed
	}
	if undoErr != nil {
		r.amiss = append([]string{"could not put back: " + undoErr.Error()}, r.amiss...)
	}
	if len(r.amiss) > 0 {
		r.result.Outcome = RollbackIncomplete
		r.result.Reason += "; " + strings.Join(r.amiss, "; ")
	}
	return err
}

// lookAfterUndo names what does not run any more of the replicas that ran before the change: somebody may have stopped
// them meanwhile.
func (r *serviceRun) lookAfterUndo(ctx workflow.Context) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	before := slices.DeleteFunc(slices.Concat(r.change.Keep, r.change.Remove), func(replica scaling.Replica) bool { return !replica.Live() })
	if len(before) == 0 {
		return
	}
	missing, err := r.missing(ctx, "see whether all run as before", before)
	if err != nil {
		r.warn("whether all run as before is not known: " + Reason(err))
		return
	}
	for _, what := range missing {
		r.amiss = append(r.amiss, "not as before: "+what)
	}
	if len(missing) == 0 || r.serving || !r.change.Endpoint.Routed() {
		return
	}
	// Somebody else may get the address of one that is gone.
	if _, err := r.route(ctx, "undo: route to those that run", before, undoTotal); err != nil {
		r.amiss = append(r.amiss, "the router still sends requests to what is gone: "+Reason(err))
	}
}

// missing says what became of those replicas that do not run any more.
func (r *serviceRun) missing(ctx workflow.Context, summary string, replicas []scaling.Replica) ([]string, error) {
	var a *activities.Replicas
	var missing []string
	if err := r.do(ctx, summary, slack, changeTotal, a.MissingReplicas, r.of(replicas), &missing); err != nil {
		return nil, err
	}
	for i, what := range missing {
		for _, replica := range replicas {
			missing[i] = strings.ReplaceAll(what, activities.Gone(replica.ID), replica.Name+" is gone")
			if missing[i] != what {
				break
			}
		}
	}
	return missing, nil
}

// forgetPlan takes away what the plan said of the change: it is not true of what is left.
func (r *serviceRun) forgetPlan() {
	said := r.result.Warnings
	r.result.Warnings = nil
	for _, text := range said {
		if !slices.Contains(r.change.Warnings, text) {
			r.result.Warnings = append(r.result.Warnings, text)
		}
	}
}

func isTimeout(err error) bool {
	var timeout *temporal.TimeoutError
	return errors.As(err, &timeout)
}

// closeUndo ends each undo phase where the next begins.
func (r *serviceRun) closeUndo(now time.Time) {
	for i := len(r.result.Phases) - 1; i >= 0 && r.result.Phases[i].Name == "undo"; i-- {
		r.result.Phases[i].Ended = now
		now = r.result.Phases[i].Started
	}
}
