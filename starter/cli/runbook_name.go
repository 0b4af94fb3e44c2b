package cli

import (
	"context"
	"slices"
	"strings"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// runPrefix begins the workflow ids of runs of runbooks: runbook/HOST/PROJECT/NAME/KEY.
const runPrefix = "runbook/"

// runName is a run as people name it.
func runName(id string) string { return strings.TrimPrefix(id, runPrefix) }

// nameAndKey are the runbook and the key of a workflow id.
func nameAndKey(id string) (name, key string) {
	parts := strings.SplitN(id, "/", 5)
	if len(parts) > 3 {
		name = parts[3]
	}
	if len(parts) > 4 {
		key = parts[4]
	}
	return name, key
}

// runForms are the names that a run may be called by, the shortest first: NAME/KEY, PROJECT/NAME/KEY and
// HOST/PROJECT/NAME/KEY. A key alone names nothing.
func runForms(id string) []string {
	parts := strings.SplitN(runName(id), "/", 3)
	if len(parts) < 3 {
		return []string{runName(id)}
	}
	return []string{parts[2], parts[1] + "/" + parts[2], runName(id)}
}

// where is a host, and the project there that something is about.
func where(host, project string) string {
	if project == "" || project == runbook.NoProject {
		return host
	}
	return host + "/" + project
}

// findRun returns the workflow id of the run that a person names: by its id, or by the end of it, such as
// NAME/KEY or PROJECT/NAME/KEY. One at work goes before one that has ended. A name that fits several is
// refused; where none fits, the error names one that may have been meant.
func findRun(ctx context.Context, c *connect.Connection, name string) (string, error) {
	name = strings.TrimSuffix(strings.TrimSpace(name), "/")
	if strings.HasPrefix(name, runPrefix) {
		return name, nil
	}
	for _, query := range []string{runbooksAtWork, "WorkflowType = '" + runbookType + "' AND ExecutionStatus != 'Running'"} {
		found, err := runIDs(ctx, c, query)
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err != nil {
			return "", missing("Temporal", firstLine(err), "see starter doctor")
		}
		var ids []string
		for _, id := range found {
			if slices.Contains(runForms(id), name) && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		switch len(ids) {
		case 0:
		case 1:
			return ids[0], nil
		default:
			slices.Sort(ids)
			return "", usage(name, "it may be any of "+strings.Join(ids, ", "), "write the whole id")
		}
	}
	return "", noRunNamed(ctx, c, name)
}

// listPage is how many runs one page of a list has; the server gives no more.
const listPage = 1000

// runIDs are the workflow ids of all of evenkeel's runs that the query matches: of a part of them a name that fits
// several could look as if it fitted one.
func runIDs(ctx context.Context, c *connect.Connection, query string) ([]string, error) {
	var ids []string
	var token []byte
	for {
		page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			PageSize: listPage, NextPageToken: token, Query: "TaskQueue = '" + workflows.TaskQueue + "' AND " + query,
		})
		if err != nil {
			return nil, err
		}
		for _, info := range page.GetExecutions() {
			ids = append(ids, info.GetExecution().GetWorkflowId())
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			return ids, nil
		}
	}
}
