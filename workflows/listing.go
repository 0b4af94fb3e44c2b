package workflows

import (
	"context"
	"slices"
	"strings"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"github.com/evenkeel/evenkeel/internal/request"
)

// Lister lists runs: Temporal's client.
type Lister interface {
	ListWorkflow(ctx context.Context, request *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error)
}

// ListedRequest is what the memo of a run says of a request.
type ListedRequest struct {
	request.Summary
	WorkflowID string `json:"workflow_id"`
	RunID      string `json:"run_id"`
	Host       string `json:"host,omitempty"`
	Project    string `json:"project,omitempty"`
	// More is how many further requests the same run has open that its memo has no room for.
	More int `json:"more,omitempty"`
}

// listPage is how many runs one page of a list has; the server gives no more.
const listPage = 1000

// ListRequests reads what all runs of runbooks at work ask, by deadline. No worker needs to run.
func ListRequests(ctx context.Context, from Lister) ([]ListedRequest, error) {
	open := []ListedRequest{}
	var token []byte
	for {
		page, err := from.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			PageSize: listPage, NextPageToken: token, Query: AtWork("RunRunbook"),
		})
		if err != nil {
			return nil, err
		}
		for _, info := range page.GetExecutions() {
			payload := info.GetMemo().GetFields()[RequestsMemo]
			var s request.Summaries
			if payload == nil || converter.GetDefaultDataConverter().FromPayload(payload, &s) != nil {
				continue
			}
			id := info.GetExecution().GetWorkflowId()
			host, project := whereOf(id)
			for i, r := range s.Requests {
				o := ListedRequest{Summary: r, WorkflowID: id, RunID: info.GetExecution().GetRunId(), Host: host, Project: project}
				if i == len(s.Requests)-1 {
					o.More = s.Open - len(s.Requests)
				}
				open = append(open, o)
			}
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			break
		}
	}
	slices.SortStableFunc(open, func(a, b ListedRequest) int { return a.Deadline.Compare(b.Deadline) })
	return open, nil
}

// AtWork is the query for the runs at work of workflows with these names.
func AtWork(names ...string) string {
	return "TaskQueue = '" + TaskQueue + "' AND WorkflowType IN ('" + strings.Join(names, "', '") + "') AND ExecutionStatus = 'Running'"
}

// whereOf is the host and the project of a workflow id.
func whereOf(id string) (host, project string) {
	parts := strings.Split(id, "/")
	if len(parts) > 1 {
		host = parts[1]
	}
	if len(parts) > 2 {
		project = parts[2]
	}
	return host, project
}
