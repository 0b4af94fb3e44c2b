package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// runbookType is the workflow type of runs of runbooks, runbooksAtWork the query for those at work.
const (
	runbookType    = "RunRunbook"
	runbooksAtWork = "WorkflowType = '" + runbookType + "' AND ExecutionStatus = 'Running'"
)

func (s *starter) runbookStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status [RUN]", Short: "Show the runs of runbooks and how far they are",
		Long: `Show the runs at work, or everything about one of them: what it does, what it waits for and the command to
type. RUN is NAME/KEY as the list shows it, NAME where the runbook has no key, or the workflow id. When no run of
it is at work, the latest is shown.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.dial(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			if len(args) == 0 {
				return s.runbookRuns(cmd.Context(), c)
			}
			return s.runbookRun(cmd.Context(), c, args[0])
		},
	}
}

// runbookRun is a run and what it says of itself.
type runbookRun struct {
	WorkflowID string    `json:"workflow_id"`
	RunID      string    `json:"run_id"`
	Started    time.Time `json:"started"`
	// Closed is nil while it is at work.
	Closed *time.Time `json:"closed,omitempty"`
	*workflows.RunbookStatus
	// Fault says why the run does not answer; RunbookStatus is then nil.
	Fault string `json:"fault,omitempty"`
	// Retrying is what is retried in it and in its children, such as a scale.
	Retrying []retry `json:"retrying,omitempty"`
}

// listWait bounds how long all runs together may take to answer.
const listWait = 10 * time.Second

// openRunbooks asks all runs that are at work how far they are.
func openRunbooks(ctx context.Context, c *connect.Connection) (found []runbookRun, more bool, err error) {
	all, more, err := runs(ctx, c, runbooksAtWork, runningShown)
	if err != nil {
		if ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		return nil, false, missing("Temporal", firstLine(err), "see starter doctor")
	}
	findRetrying(ctx, c, all)
	return askRunbooks(ctx, c, all), more, ctx.Err()
}

// askRunbooks asks several runs at once. One that does not answer says why.
func askRunbooks(ctx context.Context, c client.Client, all []run) []runbookRun {
	ctx, cancel := context.WithTimeout(ctx, listWait)
	defer cancel()
	found := make([]runbookRun, len(all))
	var group errgroup.Group
	group.SetLimit(describers)
	for i, r := range all {
		group.Go(func() error {
			found[i] = runbookRun{WorkflowID: r.ID, RunID: r.RunID, Started: r.Started, Retrying: r.Retrying}
			status, err := runbookStatus(ctx, c, r.ID, r.RunID)
			if err != nil {
				found[i].Fault = noAnswer(err)
				return nil
			}
			found[i].RunbookStatus = &status
			return nil
		})
	}
	_ = group.Wait()
	return found
}

// findWaiting fills in what runs of runbooks wait for. One that does not answer waits for a worker, of which
// the queues tell.
func findWaiting(ctx context.Context, c client.Client, all []run) {
	var runbooks []run
	for _, r := range all {
		if r.Type == runbookType {
			runbooks = append(runbooks, r)
		}
	}
	asked := askRunbooks(ctx, c, runbooks)
	for i := range all {
		at := slices.IndexFunc(asked, func(a runbookRun) bool { return a.RunID == all[i].RunID })
		if at >= 0 && asked[at].RunbookStatus != nil && asked[at].Request != nil {
			all[i].WaitsFor = waitsFor(*asked[at].Request)
		}
	}
}

// noAnswer says why a run does not answer.
func noAnswer(err error) string {
	var late *serviceerror.DeadlineExceeded
	var idle *serviceerror.FailedPrecondition // nobody has asked the queue for work for a while
	if errors.As(err, &late) || errors.As(err, &idle) || errors.Is(err, context.DeadlineExceeded) {
		return "no worker answers"
	}
	return firstLine(err)
}

func (s *starter) runbookRuns(ctx context.Context, c *connect.Connection) error {
	found, more, err := openRunbooks(ctx, c)
	if err != nil {
		return err
	}
	if s.output == "json" {
		return s.printJSON(map[string]any{"running": found, "more_running": more})
	}
	if len(found) == 0 {
		fmt.Fprintln(s.Out, "no runbook is running")
		return nil
	}
	rows := [][]string{{"RUN", "AT", "PHASE", "WAITS FOR", "SINCE"}}
	for _, r := range found {
		rows = append(rows, r.row())
	}
	s.table(rows)
	printRetrying(s, found, func(r runbookRun) (id, name string, retrying []retry) {
		return r.WorkflowID, runName(r.WorkflowID), r.Retrying
	})
	if more {
		fmt.Fprintf(s.Out, "and more: the newest %d are shown\n", len(found))
	}
	return nil
}

// row shows a run and since when it is at what it is at.
func (r runbookRun) row() []string {
	if r.RunbookStatus == nil {
		return []string{runName(r.WorkflowID), "", "unknown", r.Fault, local(r.Started)}
	}
	waits, since := "", r.Started
	for _, step := range r.Steps {
		if step.Path == r.At && !step.Started.IsZero() {
			since = step.Started
		}
	}
	if r.Request != nil {
		waits, since = waitsFor(*r.Request), r.Request.Opened
	}
	return []string{runName(r.WorkflowID), r.At, string(r.Phase), waits, local(since)}
}

// runbookRun shows all about one run. One that has ended needs no worker for it.
func (s *starter) runbookRun(ctx context.Context, c *connect.Connection, name string) error {
	id, err := findRun(ctx, c, name)
	if err != nil {
		return err
	}
	described, err := c.DescribeWorkflow(ctx, id, "")
	var absent *serviceerror.NotFound
	switch {
	case errors.As(err, &absent):
		return noRunNamed(ctx, c, id)
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return missing("Temporal", firstLine(err), "see starter doctor")
	}
	r := runbookRun{WorkflowID: id, RunID: described.WorkflowExecution.RunID, Started: described.WorkflowStartTime, Closed: described.WorkflowCloseTime}
	if described.Status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		status, err := runbookStatus(ctx, c, id, r.RunID)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return missing(runName(id), noAnswer(err), "start `evenkeel` or `worker`")
		}
		r.RunbookStatus = &status
		r.Retrying, _, _ = newRetryLooker(c).look(ctx, id, r.RunID, time.Now())
	} else {
		result, err := runbookResult(ctx, c.GetWorkflow(ctx, id, r.RunID))
		if err != nil {
			return missing("Temporal", firstLine(err), "see starter doctor")
		}
		r.RunbookStatus = &workflows.RunbookStatus{RunbookResult: result, Phase: runbook.Over}
	}
	if s.output == "json" {
		return s.printJSON(r)
	}
	s.printRunbookRun(r)
	return nil
}

// nearRun is the hint to a run that is not there: those of the runbook at work where its key was left out. It guesses
// none: whoever repeats an order must not be led to give it to another run.
func nearRun(ctx context.Context, c *connect.Connection, id string) string {
	all, err := runIDs(ctx, c, runbooksAtWork)
	if err != nil {
		return "see starter runbook status"
	}
	var names []string
	for _, of := range all {
		if strings.Contains(of+"/", "/"+runName(id)+"/") {
			names = append(names, runName(of))
		}
	}
	switch {
	case len(names) == 0:
		return "see starter runbook status"
	case len(names) > closedShown:
		names = append(names[:closedShown], "…")
	}
	return "at work with more in its name: " + strings.Join(names, ", ")
}

// noRunNamed says that no run has that name.
func noRunNamed(ctx context.Context, c *connect.Connection, name string) error {
	return no("", "no run has the name "+condition.Quoted(runName(name)), nearRun(ctx, c, name))
}
