package cli

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/worker/connect"
)

// asker is a server on which a question ends in one way.
type asker struct {
	client.Client
	question
	polled time.Time // when the worker polled last
}

func (a asker) ExecuteActivity(context.Context, client.StartActivityOptions, any, ...any) (client.ActivityHandle, error) {
	return a.question, nil
}

// WorkflowService is asked to forget a question.
func (a asker) WorkflowService() workflowservice.WorkflowServiceClient {
	return forgetful{polled: a.polled}
}

type forgetful struct {
	workflowservice.WorkflowServiceClient
	polled time.Time
}

func (f forgetful) DescribeTaskQueue(context.Context, *workflowservice.DescribeTaskQueueRequest, ...grpc.CallOption) (*workflowservice.DescribeTaskQueueResponse, error) {
	return &workflowservice.DescribeTaskQueueResponse{Pollers: []*taskqueue.PollerInfo{{Identity: "worker@gpu-1", LastAccessTime: timestamppb.New(f.polled)}}}, nil
}

func (forgetful) DeleteActivityExecution(context.Context, *workflowservice.DeleteActivityExecutionRequest, ...grpc.CallOption) (*workflowservice.DeleteActivityExecutionResponse, error) {
	return nil, nil
}

func (question) GetID() string    { return "ask/1" }
func (question) GetRunID() string { return "" }

type question struct {
	client.ActivityHandle
	err  error
	seen *client.ActivityExecutionDescription
}

func (q question) Get(context.Context, any) error { return q.err }

func (q question) Describe(context.Context, client.DescribeActivityOptions) (*client.ActivityExecutionDescription, error) {
	if q.seen == nil {
		return nil, errors.New("forgotten")
	}
	return q.seen, nil
}

func TestQuestions(t *testing.T) {
	last := temporal.NewApplicationError("engine info: Cannot connect to the Docker daemon at unix:///x", activities.Unavailable)
	tried := func(n int32) *client.ActivityExecutionDescription {
		return &client.ActivityExecutionDescription{Attempt: n, LastStartedTime: (*timestamppb.Timestamp)(nil).AsTime()} // as the SDK does
	}
	begun := tried(1)
	begun.LastStartedTime = opened
	dead := tried(1)
	dead.LastStartedTime = opened.Add(time.Minute)
	const hangs = "; it may hang, or what it asks, such as the Docker engine; see its log"
	for name, c := range map[string]struct {
		question
		code int
		want string
	}{
		"it died with the question":    {question{err: temporal.NewTimeoutError(enums.TIMEOUT_TYPE_START_TO_CLOSE, nil), seen: dead}, exitMissing, "host gpu-1: the worker took the question and was not heard of since; start `evenkeel` or `worker` on that host"},
		"nobody is there":              {question{err: temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_START, nil), seen: tried(1)}, exitMissing, "host gpu-1: no worker took the question within 10s; start `evenkeel` or `worker` on that host"},
		"nobody knows":                 {question{err: temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_START, nil)}, exitMissing, "host gpu-1: no worker took the question within 10s; start `evenkeel` or `worker` on that host"},
		"the first attempt hangs":      {question{err: temporal.NewTimeoutError(enums.TIMEOUT_TYPE_START_TO_CLOSE, nil)}, exitMissing, "host gpu-1: the worker took the question and gave no answer within 1m0s" + hangs},
		"the worker does not beat":     {question{err: temporal.NewTimeoutError(enums.TIMEOUT_TYPE_HEARTBEAT, nil)}, exitMissing, "host gpu-1: the worker took the question and gave no answer within 1m0s" + hangs},
		"it hangs, and takes no other": {question{err: temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_START, nil), seen: tried(2)}, exitMissing, "host gpu-1: the worker took the question and gave no answer within 1m0s" + hangs},
		"it hangs in the first":        {question{err: temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_START, nil), seen: begun}, exitMissing, "host gpu-1: the worker took the question and gave no answer within 1m0s" + hangs},
		"it failed before":             {question{err: temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, last)}, exitMissing, "host gpu-1: the worker took the question and gave no answer within 1m0s; it said last: engine info: Cannot connect to the Docker daemon at unix:///x" + hangs},
		"only the worker lacks it":     {question{err: last}, exitMissing, "host gpu-1: engine info: Cannot connect to the Docker daemon at unix:///x; run starter doctor on that host, as the worker's user"},
		"a broken Compose file":        {question{err: temporal.NewApplicationError("/srv/shop/compose.yaml:4:4: did not find expected key", activities.InvalidInput)}, exitUsage, "host gpu-1: /srv/shop/compose.yaml:4:4: did not find expected key"},
	} {
		t.Run(name, func(t *testing.T) {
			var docker *activities.Docker
			code, out, errs := says(t, "text", func(*starter) error {
				return ask(t.Context(), &connect.Connection{Client: asker{question: c.question, polled: opened.Add(2 * time.Second)}}, "gpu-1", "list the services", nil, docker.ListServices)
			})
			require.Equal(t, c.code, code)
			require.Empty(t, out)
			require.Equal(t, "starter: "+c.want+"\n", errs)
		})
	}
}
