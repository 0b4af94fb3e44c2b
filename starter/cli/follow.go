package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// followScale shows all runs until each has ended, and how they ended.
func (s *starter) followScale(ctx context.Context, c *connect.Connection, plan scaling.Plan, runs []client.WorkflowRun) error {
	results := make([]workflows.ServiceResult, len(runs))
	faults := make([]error, len(runs))
	var wait sync.WaitGroup
	progress := s.newProgress()
	for i, run := range runs {
		wait.Go(func() {
			label := plan.Changes[i].Service
			if faults[i] = progress.follow(ctx, c, run, label); faults[i] == nil {
				results[i], faults[i] = scaleResult(ctx, run)
			}
		})
	}
	wait.Wait()
	if err := errors.Join(faults...); err != nil {
		if ctx.Err() != nil {
			return context.Canceled
		}
		return failed("follow", firstLine(err), "the run goes on; see starter status")
	}
	return s.printResults(plan, results)
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
	case err != nil && ctx.Err() == nil:
		// Terminated from outside: nothing was put back, and nobody can say what was done.
		result.Outcome, result.Reason = workflows.RollbackIncomplete, err.Error()
		return result, nil
	}
	return result, err
}

// progress prints the steps of one or more runs as their histories grow. A history outlives the
// worker, so a run is followed through a crash of it.
type progress struct {
	out io.Writer
	// live says that out is a terminal, where the line of a step that is at work is written over by
	// what comes next.
	live bool
	mu   sync.Mutex
	open bool
}

// newProgress writes to standard error in JSON mode, so that standard output stays one document.
func (s *starter) newProgress() *progress {
	out := s.Out
	if s.output == "json" {
		out = s.Err
	}
	return &progress{out: out, live: terminal(out)}
}

func (p *progress) follow(ctx context.Context, c client.Client, run client.WorkflowRun, label string) error {
	type step struct {
		summary string
		began   time.Time
	}
	steps := map[int64]step{}
	end := func(scheduled int64, at time.Time, how string) {
		if st, ok := steps[scheduled]; ok {
			p.line(label, at, fmt.Sprintf("%s: %s after %.1f s", st.summary, how, at.Sub(st.began).Seconds()), false)
			delete(steps, scheduled)
		}
	}
	history := c.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return err
		}
		at := event.GetEventTime().AsTime()
		switch event.GetEventType() {
		case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			st := step{summary: summary(event), began: at}
			steps[event.GetEventId()] = st
			p.line(label, at, st.summary, true)
		case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
			end(event.GetActivityTaskCompletedEventAttributes().GetScheduledEventId(), at, "done")
		case enums.EVENT_TYPE_ACTIVITY_TASK_FAILED:
			attributes := event.GetActivityTaskFailedEventAttributes()
			end(attributes.GetScheduledEventId(), at, "FAILED ("+attributes.GetFailure().GetMessage()+")")
		case enums.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
			end(event.GetActivityTaskTimedOutEventAttributes().GetScheduledEventId(), at, "TIMED OUT")
		case enums.EVENT_TYPE_ACTIVITY_TASK_CANCELED:
			end(event.GetActivityTaskCanceledEventAttributes().GetScheduledEventId(), at, "cancelled")
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
			p.line(label, at, "cancel requested", false)
		default: // the rest is Temporal's own bookkeeping
		}
	}
	return ctx.Err()
}

// summary is what the workflow says of an activity.
func summary(event *historypb.HistoryEvent) string {
	var text string
	payload := event.GetUserMetadata().GetSummary()
	if err := converter.GetDefaultDataConverter().FromPayload(orEmpty(payload), &text); err != nil || text == "" {
		return event.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName()
	}
	return text
}

func orEmpty(p *commonpb.Payload) *commonpb.Payload {
	if p == nil {
		return &commonpb.Payload{}
	}
	return p
}

// line writes what happened when; atWork is for a step that has only begun.
func (p *progress) line(label string, at time.Time, text string, atWork bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	fmt.Fprintf(p.out, "%s  %-12s %s", at.Local().Format(time.TimeOnly), label, text)
	if p.open = atWork && p.live; p.open {
		fmt.Fprint(p.out, " …")
		return
	}
	fmt.Fprintln(p.out)
}
