package connect

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
)

// hanging is a server that takes a deletion and does not answer.
type hanging struct {
	workflowservice.WorkflowServiceClient
	asked *workflowservice.DeleteActivityExecutionRequest
}

type to struct {
	client.Client
	service workflowservice.WorkflowServiceClient
}

func (t to) WorkflowService() workflowservice.WorkflowServiceClient { return t.service }

func (h *hanging) DeleteActivityExecution(ctx context.Context, r *workflowservice.DeleteActivityExecutionRequest, _ ...grpc.CallOption) (*workflowservice.DeleteActivityExecutionResponse, error) {
	h.asked = r
	<-ctx.Done()
	return nil, ctx.Err()
}

type question struct{ client.ActivityHandle }

func (question) GetID() string    { return "ask/1" }
func (question) GetRunID() string { return "first" }

// A server that hangs keeps nobody waiting; and whoever was interrupted still takes the question back.
func TestForgettingIsBounded(t *testing.T) {
	h := &hanging{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	(&Connection{Client: to{service: h}, Namespace: "ops"}).Forget(ctx, question{})
	require.InDelta(t, forgetWait.Seconds(), time.Since(began).Seconds(), 1.9)
	require.Equal(t, []string{"ops", "ask/1", "first"}, []string{h.asked.GetNamespace(), h.asked.GetActivityId(), h.asked.GetRunId()})
}
