package cli

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

const (
	// queryWait is how long a run may take to answer; a worker that lives takes a moment.
	queryWait = 5 * time.Second
	// followEvery is the least time between two questions to a run that is followed.
	followEvery = 250 * time.Millisecond
	// askAgain is how soon a run that did not answer is asked again.
	askAgain = 2 * time.Second
)

// followRunbook shows a run until it has ended, and how it ended. Its history says when something has
// happened, whether a worker lives or not; only then is the run asked what that was, for a history does
// not say which step has ended and what a person is asked. A run that waits for days is not asked at all. What
// is retried only the server knows, so it is asked all the time.
func (s *starter) followRunbook(ctx context.Context, c client.Client, run client.WorkflowRun) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := s.newRunbookProgress(runName(run.GetID()))
	changed, ended := watchHistory(ctx, c, run)
	retried := watchRetries(ctx, c, run)
	var again <-chan time.Time
	var news time.Time // when the history last grew
	for {
		select {
		case err := <-ended:
			if err == nil {
				var result workflows.RunbookResult
				if result, err = runbookResult(ctx, run); err == nil {
					p.steps(result.Steps)
					return s.printRunbookResult(result)
				}
			}
			if ctx.Err() != nil {
				return &failure{code: exitDetached, class: activities.Unknown, what: "interrupted; the run goes on", hint: "see " + statusCommand(run.GetID())}
			}
			return missing(runName(run.GetID()), "no more can be read of it: "+firstLine(err), "the run goes on; see "+statusCommand(run.GetID()))
		case seen := <-retried:
			if p.answered(seen); !seen.failed && seen.at.After(news) { // else a step that was told since may have ended what was seen
				p.retries(seen.all, seen.at)
			}
			continue
		case <-changed:
			news = time.Now()
		case <-again:
		}
		again = nil
		status, err := runbookStatus(ctx, c, run.GetID(), run.GetRunID())
		if err == nil {
			p.show(status, time.Now())
		} else if ctx.Err() == nil {
			p.silence(time.Now())
			again = time.After(askAgain)
		}
		select {
		case <-time.After(followEvery):
		case <-ctx.Done():
		}
	}
}

// watchHistory tells of new events, several at once as one, and of the end of the run.
func watchHistory(ctx context.Context, c client.Client, run client.WorkflowRun) (changed <-chan struct{}, ended <-chan error) {
	news, end := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		history := c.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for history.HasNext() {
			if _, err := history.Next(); err != nil {
				end <- err
				return
			}
			select {
			case news <- struct{}{}:
			default:
			}
		}
		end <- ctx.Err()
	}()
	return news, end
}

// retriesSeen is what was retried at a time, or that the server did not say.
type retriesSeen struct {
	all    []retry
	at     time.Time
	failed bool
}

// watchRetries hands on what is retried in a run and its children.
func watchRetries(ctx context.Context, c client.Client, run client.WorkflowRun) <-chan retriesSeen {
	retried := make(chan retriesSeen)
	tell := func(seen retriesSeen) {
		select {
		case retried <- seen:
		case <-ctx.Done():
		}
	}
	go newRetryLooker(c).watch(ctx, run, func(all []retry, at time.Time) { tell(retriesSeen{all: all, at: at}) },
		func(at time.Time) { tell(retriesSeen{at: at, failed: true}) })
	return retried
}

// runbookStatus asks a run how far it is; a worker must live.
func runbookStatus(ctx context.Context, c client.Client, id, runID string) (workflows.RunbookStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, queryWait)
	defer cancel()
	var status workflows.RunbookStatus
	answer, err := c.QueryWorkflow(ctx, id, runID, workflows.StatusRunbook)
	if err == nil {
		err = answer.Get(&status)
	}
	return status, err
}

// runbookResult reads the result of a run that has ended, well or not.
func runbookResult(ctx context.Context, run client.WorkflowRun) (workflows.RunbookResult, error) {
	var result workflows.RunbookResult
	err := run.Get(ctx, &result)
	if found, fault := detailsOf(err, &result); found {
		return result, fault
	}
	if _, ended := errors.AsType[*temporal.WorkflowExecutionError](err); !ended {
		return result, err // that it cannot be read says nothing of the run
	}
	// Terminated from outside: nothing was put back, and nobody can say what was done.
	result.Runbook, result.Key = nameAndKey(run.GetID())
	result.Outcome, result.Reason = runbook.RollbackIncomplete, workflows.Reason(err)
	return result, nil
}
