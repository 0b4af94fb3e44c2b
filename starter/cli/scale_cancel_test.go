package cli

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/workflows"
)

// scales is a server on which one service is being scaled. Any other call than those below panics.
type scales struct {
	client.Client
	running   string
	cancelled []string
}

func (f *scales) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	status := enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
	if id == f.running {
		status = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: status}}, nil
}

func (*scales) DescribeWorkflow(context.Context, string, string) (*client.WorkflowExecutionDescription, error) {
	return nil, errors.New("not asked")
}

func (f *scales) CancelWorkflow(_ context.Context, id, _ string) error {
	f.cancelled = append(f.cancelled, id)
	return nil
}

func TestCancelScale(t *testing.T) {
	id := workflows.ServiceID("gpu-1", "shop", "queue")
	for output, want := range map[string][2]string{
		"text": {"", "cancelling " + id + "; it puts things back\n"},
		"json": {"{\n  \"cancelling\": [\n    \"" + id + "\"\n  ]\n}\n", ""},
	} {
		var out, told bytes.Buffer
		s := &starter{Streams: Streams{Out: &out, Err: &told}, output: output}
		f := &scales{running: id}
		err := s.cancelRuns(t.Context(), f, "gpu-1", twoProjects(), []serviceName{{"", "queue"}, {"bank", "app"}})
		requireFailure(t, failures(err)[0], exitNo, activities.PreconditionFailed)
		require.ErrorContains(t, err, workflows.ServiceID("gpu-1", "bank", "app")+": nothing is running")
		require.Equal(t, []string{id}, f.cancelled)
		require.Equal(t, want, [2]string{out.String(), told.String()})
	}
}
