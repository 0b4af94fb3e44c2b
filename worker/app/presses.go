package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/press"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/worker/ingress"
	"github.com/evenkeel/evenkeel/workflows"
)

// presses takes what people press in Slack to the runs that ask, and implements ingress.Presses.
type presses struct {
	temporal  client.Client
	namespace string
	proven    *proof
	// host is the one whose worker takes them, and says who it was.
	host string
}

// askWait bounds a question to a run.
const askWait = 2 * time.Second

// errClosed says to people that nothing waits for their press any more.
var errClosed = errors.New("this request is closed: its run has ended")

// Press records a press in the history of its run, with the word of this host for who it was. No worker of the run is
// needed, unless something was filled in or all that a yes allows has to be signed.
func (s presses) Press(ctx context.Context, p press.Press) error {
	p.At = p.At.UTC().Truncate(time.Second)
	if fault := request.PressFault(p); fault != "" {
		return errors.New(fault)
	}
	run, whole, err := s.about(ctx, p)
	if err != nil {
		return err
	}
	statement := request.Says(p)
	if whole || len(p.Fields) > 0 {
		r, err := s.Asked(ctx, p)
		if err != nil {
			return err
		}
		if r.Whole(p.Decision) {
			if err := s.seen(r, p); err != nil {
				return err
			}
		}
		p.Fields = filled(r, p.Fields)
		statement = r.Says(p)
	}
	text, err := s.text(statement)
	if err != nil {
		return err
	}
	signature, err := s.proven.key.Sign(identity.AnswerNamespace, text)
	if err != nil {
		return err
	}
	return s.signal(ctx, run, workflows.Pressed{Press: p, Evidence: identity.Evidence{Kind: identity.Slack, By: s.host, Signature: signature}})
}

// errNotSeen says to people that they would sign something else than they were shown.
var errNotSeen = errors.New("what would be signed is not what the form has shown; press the button again, and read it")

// seen refuses a yes to what cannot be taken back unless a form has shown all that is signed. The run's own worker says what
// that is, which may be whoever owns the namespace: this host signs what the person has read, and nothing else.
func (s presses) seen(r request.Request, p press.Press) error {
	p.Reason, p.Fields = "", nil
	text, err := s.text(r.Says(p))
	if err != nil {
		return err
	}
	if p.Seen != press.Digest(text) {
		return errNotSeen
	}
	return nil
}

// signal makes it durable. The client's own call has no id of the request, by which the server takes a press once.
func (s presses) signal(ctx context.Context, run *commonpb.WorkflowExecution, p workflows.Pressed) error {
	input, err := converter.GetDefaultDataConverter().ToPayloads(p)
	if err != nil {
		return err
	}
	_, err = s.temporal.WorkflowService().SignalWorkflowExecution(ctx, &workflowservice.SignalWorkflowExecutionRequest{
		Namespace: s.namespace, WorkflowExecution: run, SignalName: workflows.PressedSignal, Input: input, Identity: identity.HostPrincipal(s.host), RequestId: p.ID,
	})
	return notTaken(err)
}

// notTaken is an error of Temporal's for people: nil, errClosed, or one after which the same may be tried again.
func notTaken(err error) error {
	if err == nil {
		return nil
	}
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return errClosed
	}
	return fmt.Errorf("%w: %w", ingress.ErrNotRecorded, err)
}

// about finds the run of a press, which is still at work, and says whether all that the run is allowed by it is to be
// signed. The memo of the run says so, for which no worker is asked; of what it has no room for, the run is.
func (s presses) about(ctx context.Context, p press.Press) (run *commonpb.WorkflowExecution, whole bool, err error) {
	id, short, digits, _ := request.Split(p.Request)
	answer, err := s.temporal.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		return nil, false, notTaken(err)
	}
	info := answer.GetWorkflowExecutionInfo()
	run = info.GetExecution()
	switch {
	case info.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return nil, false, errClosed
	case !strings.HasSuffix(run.GetRunId(), digits):
		return nil, false, errors.New("this request is closed: another run has taken the place of its run")
	}
	var open request.Summaries
	if memo, ok := info.GetMemo().GetFields()[workflows.RequestsMemo]; ok {
		if err := converter.GetDefaultDataConverter().FromPayload(memo, &open); err != nil {
			return nil, false, fmt.Errorf("the memo of the run cannot be read: %w", err)
		}
	}
	at := slices.IndexFunc(open.Requests, func(r request.Summary) bool { return r.ID == short+"@"+digits })
	if at < 0 {
		return run, open.Open > len(open.Requests), nil
	}
	return run, open.Requests[at].Request(id).Whole(p.Decision), nil
}

// Asked returns the open request of a press from its run, as it is asked now.
func (s presses) Asked(ctx context.Context, p press.Press) (request.Request, error) {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	id, _, _, _ := request.Split(p.Request)
	answer, err := s.temporal.QueryWorkflowWithOptions(ctx, &client.QueryWorkflowWithOptionsRequest{
		WorkflowID: id, QueryType: workflows.OpenRequests, QueryRejectCondition: enums.QUERY_REJECT_CONDITION_NOT_OPEN,
	})
	var open []request.Request
	_, gone := errors.AsType[*serviceerror.NotFound](err)
	switch {
	case gone || err == nil && answer.QueryRejected != nil:
		return request.Request{}, errClosed
	case err == nil:
		err = answer.QueryResult.Get(&open)
	}
	if err != nil {
		return request.Request{}, fmt.Errorf("the run does not answer now; press again, or answer with starter gate: %w", err)
	}
	at := slices.IndexFunc(open, func(r request.Request) bool { return r.ID == p.Request })
	switch {
	case at < 0:
		return request.Request{}, errors.New("this request is closed: nothing waits for an answer to it")
	case open[at].Shown != p.Shown, open[at].ShownSHA256() != p.Shown:
		return request.Request{}, errors.New("what was shown is not what is asked now; look at it again")
	}
	return open[at], nil
}

// Statement is the text that the press will sign, where it is what the run asks for that is signed. What was filled in so
// far is in it.
func (s presses) Statement(r request.Request, p press.Press) (string, error) {
	return s.text(r.Says(p))
}

func (s presses) text(statement identity.Statement) (string, error) {
	statement.Cluster = s.proven.cluster
	return statement.Text()
}

// filled are the fields of a form by the names of the request's. Only a yes has any.
func filled(r request.Request, given map[string]string) map[string]string {
	fields := map[string]string{}
	for name, value := range message.Filled(r, given) {
		fields[name] = condition.Spell(value)
	}
	return fields
}
