package cli

import (
	"context"
	"errors"
	"sync"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// followScale shows all runs until each has ended, and how they ended.
func (s *starter) followScale(ctx context.Context, c *connect.Connection, plans []scaling.Plan, runs []client.WorkflowRun) error {
	results := make([]workflows.ServiceResult, len(runs))
	faults := make([]error, len(runs))
	var wait sync.WaitGroup
	progress := s.newProgress()
	labels := labelsOf(plans)
	for i, run := range runs {
		wait.Go(func() {
			if faults[i] = progress.follow(ctx, c, run, labels[i]); faults[i] == nil {
				results[i], faults[i] = scaleResult(ctx, run)
			}
		})
	}
	wait.Wait()
	if err := errors.Join(faults...); err != nil {
		if ctx.Err() != nil {
			return context.Canceled
		}
		return missing("Temporal", "no more can be read of the run: "+firstLine(err), "once evenkeel runs, the run goes on; see starter status")
	}
	return s.printResults(plans, results)
}

// isEnd says whether an error is how a run ended, and not that its end could not be read.
func isEnd(err error) bool {
	_, ended := errors.AsType[*temporal.WorkflowExecutionError](err)
	return ended
}

// labelsOf names the change of each run; the project is said where there are several.
func labelsOf(plans []scaling.Plan) (labels []string) {
	for _, plan := range plans {
		for _, change := range plan.Changes {
			label := change.Service
			if len(plans) > 1 {
				label = plan.Project + "/" + label
			}
			labels = append(labels, label)
		}
	}
	return labels
}

// scaleResult reads the result of a run that has ended, well or not.
func scaleResult(ctx context.Context, run client.WorkflowRun) (workflows.ServiceResult, error) {
	var result workflows.ServiceResult
	err := run.Get(ctx, &result)
	var app *temporal.ApplicationError
	var canceled *temporal.CanceledError
	switch {
	case errors.As(err, &app) && app.HasDetails():
		return result, app.Details(&result)
	case errors.As(err, &canceled) && canceled.HasDetails():
		return result, canceled.Details(&result)
	case isEnd(err):
		// Terminated from outside: nothing was put back, and nobody can say what was done.
		result.Outcome, result.Reason = workflows.RollbackIncomplete, err.Error()
		return result, nil
	}
	return result, err
}
