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
	// silent are the ids of which it says nothing, deaf those of which it takes no cancellation.
	silent, deaf string
}

func (f *scales) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if id == f.silent {
		return nil, errors.New("deadline exceeded")
	}
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
	if id == f.deaf {
		return errors.New("connection reset")
	}
	f.cancelled = append(f.cancelled, id)
	return nil
}

// A server that does not say whether a run is at work is told to cancel it all the same, and one fault keeps no other
// service from being cancelled.
func TestCancelWithoutAnAnswer(t *testing.T) {
	queue, app := workflows.ServiceID("gpu-1", "shop", "queue"), workflows.ServiceID("gpu-1", "bank", "app")
	var out, told bytes.Buffer
	s := newStarter(Streams{Out: &out, Err: &told})
	f := &scales{silent: app, running: queue, deaf: queue}
	err := s.cancelRuns(t.Context(), f, "gpu-1", twoProjects(), []serviceName{{"", "queue"}, {"bank", "app"}})
	requireFailure(t, failures(err)[0], exitMissing, activities.Unavailable)
	require.EqualError(t, err, queue+": whether the cancellation was taken is not known: connection reset; see starter status, and cancel it again")
	require.Equal(t, []string{app}, f.cancelled)
}

func TestCancelScale(t *testing.T) {
	id := workflows.ServiceID("gpu-1", "shop", "queue")
	for output, want := range map[string][2]string{
		"text": {"", "cancelling " + id + "; it puts things back\n"},
		"json": {"{\n  \"cancelling\": [\n    \"" + id + "\"\n  ]\n}\n", ""},
	} {
		var out, told bytes.Buffer
		s := newStarter(Streams{Out: &out, Err: &told})
		s.output = output
		f := &scales{running: id}
		err := s.cancelRuns(t.Context(), f, "gpu-1", twoProjects(), []serviceName{{"", "queue"}, {"bank", "app"}})
		requireFailure(t, failures(err)[0], exitNo, activities.PreconditionFailed)
		require.ErrorContains(t, err, workflows.ServiceID("gpu-1", "bank", "app")+": nothing is running")
		require.Equal(t, []string{id}, f.cancelled)
		require.Equal(t, want, [2]string{out.String(), told.String()})
	}
}
