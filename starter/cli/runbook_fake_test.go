package cli

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// opened is when everything in these tests began.
var opened = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// house stands for a server with runs that are at work, by id; a status with no runbook is a run that
// does not answer. Any other call than those below panics.
type house struct {
	client.Client
	atWork map[string]workflows.RunbookStatus
	// silent says that no run answers, though its memo can be read.
	silent bool
	// reply and fault are what an Update returns, heard the arguments of the last.
	reply request.Reply
	fault error
	// interrupt, where it is made, is Ctrl-C while a word or a start is on its way.
	interrupt func()
	heard     client.UpdateWorkflowOptions
	// started is the last start, over the run that it made or found.
	started client.StartWorkflowOptions
	request workflows.RunbookRequest
	over    ended
	// closed are the ids of further runs that have ended.
	closed []string
	// answered, where it is made, keeps the history open until a question has been answered.
	answered chan struct{}
	// pending are the descriptions of runs by id, past the events of a finished history.
	pending map[string]*workflowservice.DescribeWorkflowExecutionResponse
	past    map[string][]*historypb.HistoryEvent
}

func (h *house) connection() *connect.Connection { return &connect.Connection{Client: h} }

func (h *house) ListWorkflow(_ context.Context, req *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	answer := &workflowservice.ListWorkflowExecutionsResponse{}
	ids := slices.Collect(maps.Keys(h.atWork))
	if strings.Contains(req.GetQuery(), "ExecutionStatus != 'Running'") {
		if ids = h.closed; h.over.id != "" {
			ids = append(slices.Clone(ids), h.over.id)
		}
	}
	slices.Sort(ids)
	from, _ := strconv.Atoi(string(req.GetNextPageToken()))
	ids = ids[from:]
	if most := int(req.GetPageSize()); len(ids) > most { // as the server does
		ids, answer.NextPageToken = ids[:most], []byte(strconv.Itoa(from+most))
	}
	for _, id := range ids {
		var asks []request.Request
		if r := h.atWork[id].Request; r != nil {
			asks = append(asks, *r)
		}
		memo, err := converter.GetDefaultDataConverter().ToPayload(request.Summarize(asks))
		if err != nil {
			return nil, err
		}
		answer.Executions = append(answer.Executions, &workflowpb.WorkflowExecutionInfo{
			Memo:      &commonpb.Memo{Fields: map[string]*commonpb.Payload{workflows.RequestsMemo: memo}},
			Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "run of " + id}, Type: &commonpb.WorkflowType{Name: "RunRunbook"},
			StartTime: timestamppb.New(opened), Status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING,
		})
	}
	return answer, nil
}

func (h *house) DescribeWorkflow(_ context.Context, id, _ string) (*client.WorkflowExecutionDescription, error) {
	d := &client.WorkflowExecutionDescription{}
	d.WorkflowExecution.ID, d.WorkflowStartTime, d.Status = id, opened, enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	if _, ok := h.atWork[id]; ok {
		return d, nil
	}
	if h.over.id != id {
		return nil, serviceerror.NewNotFound("no such run")
	}
	d.Status, d.WorkflowCloseTime = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, new(opened.Add(time.Minute))
	return d, nil
}

func (h *house) QueryWorkflow(_ context.Context, id, _, query string, _ ...any) (converter.EncodedValue, error) {
	status := h.atWork[id]
	switch {
	case status.Runbook == "" && !slices.Contains(slices.Collect(maps.Keys(h.atWork)), id):
		return nil, noRun
	case status.Runbook == "" || h.silent:
		return nil, serviceerror.NewDeadlineExceeded("nobody is there")
	case query == workflows.OpenRequests:
		var asks []request.Request
		if status.Request != nil {
			asks = append(asks, *status.Request)
			if asks[0].Shown == shownSHA256 { // what a run says
				asks[0].Shown = asks[0].ShownSHA256()
			}
		}
		data, err := converter.GetDefaultDataConverter().ToPayloads(asks)
		return client.NewValue(data), err
	}
	if h.answered != nil {
		h.answered <- struct{}{}
	}
	data, err := converter.GetDefaultDataConverter().ToPayloads(status)
	return client.NewValue(data), err
}

func (h *house) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	h.heard = o
	if h.interrupt != nil {
		h.interrupt()
	}
	if h.fault != nil {
		return nil, h.fault
	}
	return said{reply: h.reply}, nil
}

type said struct {
	client.WorkflowUpdateHandle
	reply request.Reply
}

func (s said) Get(_ context.Context, into any) error {
	*into.(*request.Reply) = s.reply
	return nil
}

// ExecuteWorkflow starts a run that is over at once, unless one of its id is at work.
func (h *house) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	h.started = o
	if h.interrupt != nil {
		h.interrupt()
		return nil, context.Canceled
	}
	if _, ok := h.atWork[o.ID]; ok && o.WorkflowExecutionErrorWhenAlreadyStarted {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("it is at work", "", "former")
	}
	h.request = args[0].(workflows.RunbookRequest)
	h.over.id, h.over.runID = o.ID, "fresh"
	return h.over, nil
}

func (h *house) GetWorkflow(_ context.Context, id, runID string) client.WorkflowRun {
	h.over.id, h.over.runID = id, runID
	return h.over
}

func (h *house) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if d := h.pending[id]; d != nil {
		return d, nil
	}
	return nil, serviceerror.NewNotFound("no such run")
}

func (h *house) GetWorkflowHistory(_ context.Context, id, _ string, follow bool, _ enums.HistoryEventFilterType) client.HistoryEventIterator {
	if !follow {
		return &past{events: h.past[id]}
	}
	return &events{left: 1, until: h.answered}
}

// past is a history that has been written.
type past struct{ events []*historypb.HistoryEvent }

func (p *past) HasNext() bool { return len(p.events) > 0 }

func (p *past) Next() (*historypb.HistoryEvent, error) {
	event := p.events[0]
	p.events = p.events[1:]
	return event, nil
}

type events struct {
	left  int
	until chan struct{}
}

func (e *events) HasNext() bool {
	if e.left == 0 && e.until != nil {
		<-e.until
	}
	return e.left > 0
}

func (e *events) Next() (*historypb.HistoryEvent, error) {
	e.left--
	return &historypb.HistoryEvent{}, nil
}

// ended is a run that is over.
type ended struct {
	client.WorkflowRun
	id, runID string
	result    workflows.RunbookResult
	err       error
}

func (e ended) GetID() string    { return e.id }
func (e ended) GetRunID() string { return e.runID }

func (e ended) Get(_ context.Context, into any) error {
	*into.(*workflows.RunbookResult) = e.result
	return e.err
}

// says runs a command and returns its exit code and what it wrote.
func says(t *testing.T, output string, do func(*starter) error) (code int, out, errs string) {
	t.Helper()
	t.Setenv("TZ", "UTC")
	var stdout, stderr bytes.Buffer
	s := newStarter(Streams{Out: &stdout, Err: &stderr})
	s.output = output
	code = s.report(do(s))
	return code, stdout.String(), stderr.String()
}

// approval is an open gate of a run.
func approval(run, step string) workflows.RunbookStatus {
	name, key := nameAndKey(run)
	return workflows.RunbookStatus{
		RunbookResult: workflows.RunbookResult{Runbook: name, Key: key, Host: "gpu1", Project: "shop", Outcome: workflows.Running, By: "anna@gpu-1"},
		At:            step, Phase: runbook.Asking,
		Run: "run of " + run,
		Request: &request.Request{
			ID: run + ":" + step + ".1@0123abcd", Kind: request.Approval, Step: step, Message: "Restart it?", Groups: []string{"oncall"}, Min: 1,
			Choices: []string{request.Approve, request.Reject}, Opened: opened, Deadline: opened.Add(15 * time.Minute), Risk: runbook.Destructive,
			PlanSHA256: planSHA256, Shown: shownSHA256,
		},
	}
}

const shownSHA256 = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

const planSHA256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// noRun is what a server says of a run that is not at work.
var noRun = serviceerror.NewNotFound("workflow execution already completed")

// failureOf is what the command line says of an error.
func failureOf(t *testing.T, err error) *failure {
	t.Helper()
	f, ok := errors.AsType[*failure](err)
	require.True(t, ok, "%v", err)
	return f
}

func requireFailure(t *testing.T, err error, code int, class string) {
	t.Helper()
	f := failureOf(t, err)
	require.Equal(t, code, f.code)
	require.Equal(t, class, f.class)
}
