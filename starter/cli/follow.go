package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// followScale shows all runs until each has ended, and how they ended.
func (s *starter) followScale(ctx context.Context, c *connect.Connection, plans []scaling.Plan, runs []client.WorkflowRun) error {
	results, labels := wanted(plans)
	faults := make([]error, len(runs))
	var wait sync.WaitGroup
	progress := s.newProgress()
	for i, run := range runs {
		wait.Go(func() {
			if faults[i] = progress.follow(ctx, c, run, labels[i]); faults[i] == nil {
				results[i], faults[i] = scaleResult(ctx, run, results[i])
			}
		})
	}
	wait.Wait()
	if errors.Join(faults...) != nil && ctx.Err() != nil {
		return context.Canceled
	}
	var known []workflows.ServiceResult
	var lost []error
	for i, fault := range faults {
		if fault == nil {
			known = append(known, results[i])
			continue
		}
		lost = append(lost, missing(labels[i], fmt.Sprintf("no more can be read of %s (run %s): %s", runs[i].GetID(), runs[i].GetRunID(), firstLine(fault)),
			"once evenkeel runs, it goes on; see starter status"))
	}
	err := s.printResults(plans, known)
	if len(lost) > 0 {
		return errors.Join(lost...)
	}
	return err
}

// wanted is what is known of the run of each change before it has ended, and its name; the project is said where
// there are several.
func wanted(plans []scaling.Plan) (runs []workflows.ServiceResult, labels []string) {
	for _, plan := range plans {
		for _, change := range plan.Changes {
			label := change.Service
			if len(plans) > 1 {
				label = plan.Project + "/" + label
			}
			labels = append(labels, label)
			runs = append(runs, workflows.ServiceResult{Host: plan.Host, Project: plan.Project, Service: change.Service, From: &change.From, To: change.To})
		}
	}
	return runs, labels
}

// detailsOf reads the result of a run that did not end well: it is in the details of its error, where the run could
// still say it.
func detailsOf(err error, result any) (found bool, fault error) {
	if app, failed := errors.AsType[*temporal.ApplicationError](err); failed && app.HasDetails() {
		return true, app.Details(result)
	}
	if canceled, stopped := errors.AsType[*temporal.CanceledError](err); stopped && canceled.HasDetails() {
		return true, canceled.Details(result)
	}
	return false, nil
}

// scaleResult reads the result of a run that has ended, well or not. Result is what is known of it where it left none.
func scaleResult(ctx context.Context, run client.WorkflowRun, result workflows.ServiceResult) (workflows.ServiceResult, error) {
	err := run.Get(ctx, &result)
	if found, fault := detailsOf(err, &result); found {
		return result, fault
	}
	canceled, _ := errors.AsType[*temporal.CanceledError](err)
	if _, ended := errors.AsType[*temporal.WorkflowExecutionError](err); !ended {
		return result, err // that its end cannot be read says nothing of the run
	}
	result.Reason = workflows.Reason(err)
	var terminated *temporal.TerminatedError
	var timeout *temporal.TimeoutError
	switch {
	case canceled != nil:
		result.Outcome = workflows.Failed // before its first step
	case errors.As(err, &terminated), errors.As(err, &timeout):
		// From outside: nothing was put back, and nobody can say what was done.
		result.Outcome = workflows.RollbackIncomplete
	default:
		result.Outcome = workflows.Failed
		result.Reason += "; what it had done stands in its history"
	}
	return result, nil
}
