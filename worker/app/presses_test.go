package app

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/press"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/worker/ingress"
	"github.com/evenkeel/evenkeel/workflows"
)

// oneRun is a Temporal with one run, which asks what is open.
type oneRun struct {
	client.Client
	open   []request.Request
	memo   request.Summaries
	status enums.WorkflowExecutionStatus
	// noDescribe, noSignal and noQuery are how those calls fail; nil is not.
	noDescribe, noSignal, noQuery error
	// sent are the signals, asked is how often the run was asked.
	sent  []*workflowservice.SignalWorkflowExecutionRequest
	asked int
}

func (o *oneRun) WorkflowService() workflowservice.WorkflowServiceClient { return service{run: o} }

// service is what only the service itself does.
type service struct {
	workflowservice.WorkflowServiceClient
	run *oneRun
}

func (o *oneRun) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	memo, err := converter.GetDefaultDataConverter().ToPayload(o.memo)
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: "runbook/gpu-1/shop/x", RunId: "019a-0123abcd"}, Status: o.status,
		Memo: &commonpb.Memo{Fields: map[string]*commonpb.Payload{workflows.RequestsMemo: memo}},
	}}, errors.Join(err, o.noDescribe)
}

func (s service) SignalWorkflowExecution(_ context.Context, in *workflowservice.SignalWorkflowExecutionRequest, _ ...grpc.CallOption) (*workflowservice.SignalWorkflowExecutionResponse, error) {
	if s.run.noSignal != nil {
		return nil, s.run.noSignal
	}
	s.run.sent = append(s.run.sent, in)
	return &workflowservice.SignalWorkflowExecutionResponse{}, nil
}

// answered is what a query is answered.
type answered struct{ open []request.Request }

func (answered) HasValue() bool { return true }

func (a answered) Get(to any) error { *to.(*[]request.Request) = a.open; return nil }

func (o *oneRun) QueryWorkflowWithOptions(ctx context.Context, _ *client.QueryWorkflowWithOptionsRequest) (*client.QueryWorkflowWithOptionsResponse, error) {
	if o.asked++; o.noQuery != nil {
		return nil, o.noQuery
	}
	if _, bounded := ctx.Deadline(); !bounded {
		return nil, errors.New("no deadline")
	}
	return &client.QueryWorkflowWithOptionsResponse{QueryResult: answered{o.open}}, nil
}

// pressSite is a worker that takes presses about one run.
type pressSite struct {
	presses
	*oneRun
	trust identity.Trust
}

func newPressSite(t *testing.T, change func(*request.Request)) *pressSite {
	t.Helper()
	key, err := identity.OpenHostKey(filepath.Join(t.TempDir(), "host.key"))
	require.NoError(t, err)
	signer, err := identity.HostSigner("gpu-2", key.Public())
	require.NoError(t, err)
	r := request.Request{
		ID: "runbook/gpu-1/shop/x:ok.1@0123abcd", Host: "gpu-1", RunID: "019a-0123abcd", Kind: request.Approval, Step: "ok", Message: "May it?",
		Groups: []string{"sre"}, Choices: request.Approval.Choices(), Risk: request.Write, LimitSeconds: 3600,
	}
	change(&r)
	r, _ = request.Open(r, pressedAt.Add(-time.Minute))
	o := &oneRun{open: []request.Request{r}, memo: request.Summarize([]request.Request{r}), status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING}
	return &pressSite{
		presses{temporal: o, namespace: "ops", proven: &proof{cluster: "here", key: key}, host: "gpu-2"},
		o,
		identity.Trust{Hosts: identity.Signers{signer}, SlackIngress: []string{"gpu-2"}, SlackTeam: "T1"},
	}
}

var pressedAt = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// press is a yes to what is open.
func (s *pressSite) press() press.Press {
	r := s.open[0]
	return press.Press{
		ID: strings.Repeat("a", 32), Team: "T1", User: "U0BEN", Channel: "C0OPS", Message: "1.2", Request: r.ID, Shown: r.Shown, Decision: request.Approve,
		At: pressedAt.Add(5 * time.Millisecond),
	}
}

// recorded is the one press in the history, whose evidence holds for what the run asks.
func (s *pressSite) recorded(t *testing.T) workflows.Pressed {
	t.Helper()
	require.Len(t, s.sent, 1)
	var p workflows.Pressed
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(s.sent[0].GetInput(), &p))
	statement := s.open[0].Says(p.Press)
	statement.Cluster = "here"
	proof, err := s.trust.ProveFor("slack:T1/U0BEN", identity.AnswerNamespace, statement, p.Evidence, pressedAt)
	require.NoError(t, err)
	require.Equal(t, "gpu-2", proof.By)
	require.Equal(t, p.ID, s.sent[0].GetRequestId(), "by which the server takes it once")
	require.Equal(t, []string{"ops", "pressed", "019a-0123abcd"}, []string{s.sent[0].GetNamespace(), s.sent[0].GetSignalName(), s.sent[0].GetWorkflowExecution().GetRunId()})
	return p
}

// A button needs no worker of the run, and is signed by what it showed.
func TestPress(t *testing.T) {
	s := newPressSite(t, func(*request.Request) {})
	s.noQuery = errors.New("no worker")
	require.NoError(t, s.Press(t.Context(), s.press()))
	p := s.recorded(t)
	require.Equal(t, pressedAt, p.At, "to the second, as it is signed")
	require.Zero(t, s.asked)
}

// All that a yes to what is destructive allows is signed, as the run asks it.
func TestPressOfTheDestructive(t *testing.T) {
	s := newPressSite(t, func(r *request.Request) {
		r.Risk, r.Allows = request.Destructive, []request.Effect{{Step: "wipe", Attempt: 1, Uses: "command.run"}}
	})
	shown, err := s.Statement(s.open[0], s.press())
	require.NoError(t, err)
	require.Contains(t, shown, "cluster: here\ndo: approve\nwho: slack:T1/U0BEN\n")
	require.Contains(t, shown, "\narg wipe: command.run (attempt 1)\n")
	require.ErrorIs(t, s.Press(t.Context(), s.press()), errNotSeen, "a button has not shown what is signed")
	require.Empty(t, s.sent)
	read := s.press()
	read.Seen = press.Digest(shown)
	of := s.open[0]
	for what, other := range map[string]func(*request.Request){
		"another effect": func(r *request.Request) {
			r.Allows = []request.Effect{{Step: "wipe", Attempt: 1, Uses: "command.run", Argv: []string{"/bin/rm"}}}
		},
		"another plan": func(r *request.Request) { r.PlanSHA256 = strings.Repeat("b", 64) },
		"another run":  func(r *request.Request) { r.RunID = "another" },
		"for longer":   func(r *request.Request) { r.LimitSeconds += 3600 },
	} {
		s.open[0] = of // whoever owns the namespace answers for the run
		other(&s.open[0])
		require.Error(t, s.Press(t.Context(), read), what)
		require.Empty(t, s.sent, what)
	}
	s.open[0] = of
	read.Reason = "it is down"
	require.NoError(t, s.Press(t.Context(), read))
	s.recorded(t)
	s.asked = 1

	s.noQuery, s.sent = serviceerror.NewDeadlineExceeded("no worker"), nil
	require.ErrorContains(t, s.Press(t.Context(), s.press()), "the run does not answer now; press again")
	require.Empty(t, s.sent)
	no := s.press()
	no.Decision, no.Reason = request.Reject, "not now"
	require.NoError(t, s.Press(t.Context(), no), "a no is signed by what was shown")
	s.recorded(t)
}

// What was filled in is signed by the names of the fields, and not by those of the form.
func TestPressOfAForm(t *testing.T) {
	s := newPressSite(t, func(r *request.Request) {
		r.Kind, r.Choices = request.Input, request.Input.Choices()
		r.Fields = []input.Field{{Name: "model", Type: condition.String}, {Name: "size", Type: condition.String, Enum: []string{"small", "large"}}}
	})
	p := s.press()
	p.Fields = map[string]string{message.FieldID(0): "qwen", message.FieldID(1): "1"}
	require.NoError(t, s.Press(t.Context(), p))
	require.Equal(t, map[string]string{"model": "qwen", "size": "large"}, s.recorded(t).Fields)
	require.Len(t, p.Fields, 2, "the caller's are left as they are")
	require.Equal(t, "qwen", p.Fields[message.FieldID(0)])
}

func TestPressesNotTaken(t *testing.T) {
	more := request.Summaries{Open: 17}
	for name, c := range map[string]struct {
		site  func(*pressSite)
		press func(*press.Press)
		want  string
		again bool
	}{
		"a run that has ended":      {func(s *pressSite) { s.status = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED }, nil, "this request is closed: its run has ended", false},
		"no run":                    {func(s *pressSite) { s.noDescribe = serviceerror.NewNotFound("none") }, nil, "its run has ended", false},
		"a run that ends just then": {func(s *pressSite) { s.noSignal = serviceerror.NewNotFound("none") }, nil, "its run has ended", false},
		"another run":               {nil, func(p *press.Press) { p.Request = strings.Replace(p.Request, "0123abcd", "00000000", 1) }, "another run has taken the place", false},
		"no server":                 {func(s *pressSite) { s.noDescribe = serviceerror.NewUnavailable("away") }, nil, "it could not be recorded", true},
		"a server that is lost":     {func(s *pressSite) { s.noSignal = serviceerror.NewUnavailable("away") }, nil, "it could not be recorded", true},
		"no form of a press":        {nil, func(p *press.Press) { p.Shown = "ab" }, "an answer needs the SHA-256 of what was shown", false},
		"a no without a reason":     {nil, func(p *press.Press) { p.Decision = request.Reject }, "a no needs a reason", false},
		"nobody":                    {nil, func(p *press.Press) { p.User = "" }, "says who pressed", false},
		"a form of something else":  {nil, func(p *press.Press) { p.Shown, p.Fields = strings.Repeat("0", 64), map[string]string{"field.0": "x"} }, "what was shown is not what is asked now", false},
		"what the memo has no room for, and is closed": {func(s *pressSite) { s.memo = more; s.open = nil }, nil, "nothing waits for an answer to it", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newPressSite(t, func(*request.Request) {})
			p := s.press()
			if c.site != nil {
				c.site(s)
			}
			if c.press != nil {
				c.press(&p)
			}
			err := s.Press(t.Context(), p)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, c.again, errors.Is(err, ingress.ErrNotRecorded))
			require.Empty(t, s.sent)
		})
	}
}
