package cli

import (
	"context"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

const (
	runningShown = 100
	closedShown  = 10
	// describers bounds how many runs are asked about at once.
	describers = 8
)

// run is one run of an evenkeel workflow.
type run struct {
	ID      string     `json:"workflow_id"`
	RunID   string     `json:"run_id"`
	Type    string     `json:"type"`
	Summary string     `json:"summary,omitempty"`
	Started time.Time  `json:"started"`
	Closed  *time.Time `json:"closed,omitempty"`
	// Status is Temporal's word, such as timed_out; State is the run's own, such as rolled_back,
	// where the namespace has the search attribute for it.
	Status string `json:"status"`
	State  string `json:"state,omitempty"`
	// WaitsFor is whose answer the run of a runbook waits for.
	WaitsFor string `json:"waits_for,omitempty"`
	// Retrying is what is retried in it and in its children.
	Retrying []retry `json:"retrying,omitempty"`
}

// outcome is how an ended run ended. One that was terminated could not change its own state any more.
func (r run) outcome() string {
	if r.State != "" && r.State != workflows.Running {
		return strings.ReplaceAll(r.State, "_", " ")
	}
	return strings.ReplaceAll(r.Status, "_", " ")
}

// atWork is what a run does.
func (r run) atWork() string {
	if r.WaitsFor != "" {
		return "waits for " + r.WaitsFor
	}
	return r.State
}

// runs lists at most limit of evenkeel's runs that the query matches, in the order of the server,
// which is the newest first, and says whether there are more.
func runs(ctx context.Context, c *connect.Connection, query string, limit int) (found []run, more bool, err error) {
	answer, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: int32(limit),
		Query:    "TaskQueue = '" + workflows.TaskQueue + "' AND " + query,
	})
	if err != nil {
		return nil, false, err
	}
	found = make([]run, len(answer.GetExecutions()))
	var group errgroup.Group
	group.SetLimit(describers)
	for i, info := range answer.GetExecutions() {
		group.Go(func() error {
			found[i] = runOf(info)
			// A list has no summaries. One that cannot be had, as of a run that was deleted since,
			// is no reason to show nothing.
			if described, err := c.DescribeWorkflow(ctx, found[i].ID, found[i].RunID); err == nil {
				found[i].Summary, _ = described.GetStaticSummary()
			}
			return nil
		})
	}
	_ = group.Wait()
	return found, len(answer.GetNextPageToken()) > 0, ctx.Err()
}

func runOf(info *workflowpb.WorkflowExecutionInfo) run {
	r := run{
		ID:      info.GetExecution().GetWorkflowId(),
		RunID:   info.GetExecution().GetRunId(),
		Type:    info.GetType().GetName(),
		Started: info.GetStartTime().AsTime(),
		Status:  strings.ToLower(strings.TrimPrefix(enums.WorkflowExecutionStatus_name[int32(info.GetStatus())], "WORKFLOW_EXECUTION_STATUS_")),
	}
	if info.GetCloseTime() != nil {
		closed := info.GetCloseTime().AsTime()
		r.Closed = &closed
	}
	if state := info.GetSearchAttributes().GetIndexedFields()[workflows.StateAttribute.GetName()]; state != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(state, &r.State)
	}
	return r
}
