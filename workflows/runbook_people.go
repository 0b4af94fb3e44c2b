package workflows

import (
	"cmp"
	"slices"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// listen registers what people and programs may say to the run, before anything else happens, and hears
// a cancellation.
func (r *runbookRun) listen(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, StatusRunbook, func() (RunbookStatus, error) { return r.status(), nil }); err != nil {
		return err
	}
	if err := r.requests.listen(ctx); err != nil {
		return err
	}
	workflow.Go(r.ctx, r.hearResolved)
	if err := workflow.SetUpdateHandlerWithOptions(ctx, OperateRunbook, r.operate, workflow.UpdateHandlerOptions{
		Description: strings.Join(runbook.Verbs, ", "), Validator: r.validOrder,
	}); err != nil {
		return err
	}
	workflow.Go(r.ctx, func(apart workflow.Context) {
		ctx.Done().Receive(apart, nil)
		r.inbox.Send(apart, happening{event: runbook.Event{Cancelled: true}})
	})
	return nil
}

// open are the requests that wait for an answer: a runbook asks for one thing at a time.
func (r *runbookRun) open() []request.Request {
	if r.state.Request == nil {
		return nil
	}
	return []request.Request{*r.state.Request}
}

func (r *runbookRun) closed() string {
	if r.state.Phase != runbook.Over {
		return ""
	}
	return string(r.state.Outcome)
}

func (r *runbookRun) hear(ctx workflow.Context, a request.Answer, run string) (request.Reply, error) {
	return r.deliver(ctx, runbook.Event{Answer: &a, Run: run})
}

func (r *runbookRun) validOrder(_ workflow.Context, o RunbookOrder) error {
	switch why := request.WordFault(o.By, o.Reason, o.Said); {
	case why != "":
		return temporal.NewApplicationError(why, activities.InvalidInput)
	case !slices.Contains(runbook.Verbs, o.Verb):
		return temporal.NewApplicationError("an order is one of "+strings.Join(runbook.Verbs, ", "), activities.InvalidInput)
	case runbook.NeedsReason(o.Verb) && strings.TrimSpace(o.Reason) == "":
		return temporal.NewApplicationError("an order to "+o.Verb+" needs a reason", activities.InvalidInput)
	case o.Run == "":
		return temporal.NewApplicationError("an order needs the id of the run that it is for", activities.InvalidInput)
	}
	if over := r.requests.over(); over != "" {
		return temporal.NewApplicationError(over, activities.PreconditionFailed)
	}
	return nil
}

func (r *runbookRun) operate(ctx workflow.Context, o RunbookOrder) (request.Reply, error) {
	who, err := r.requests.whoIs(ctx, activities.Person{
		Name: o.By, Via: o.Via, Word: word(identity.OrderNamespace, o.Statement(workflow.GetInfo(ctx).WorkflowExecution.ID, r.req.Host), o.Said),
	})
	if err != nil {
		return request.Reply{}, err
	}
	apart, cancel := workflow.NewDisconnectedContext(ctx) // a run that is being cancelled still hears
	defer cancel()
	if _, err := workflow.AwaitWithTimeout(apart, askTotal, func() bool { return r.driven || r.late }); err != nil {
		return request.Reply{}, err
	}
	if !r.driven && !r.late {
		return r.beforeBegin(o, who.Standing), nil
	}
	return r.deliver(ctx, runbook.Event{Run: who.RunID, Verb: &runbook.Verb{
		Verb: o.Verb, Run: o.Run, Step: o.Step, By: o.By, Via: o.Via, Standing: who.Standing, Reason: o.Reason, Nonce: o.Nonce,
	}})
}

// beforeBegin is an operator's order about a run that has not begun: it can only be given up.
func (r *runbookRun) beforeBegin(o RunbookOrder, standing request.Standing) request.Reply {
	switch {
	case !standing.Operator:
		return request.Reply{Message: request.NoOperator(o.By)}
	case o.Verb != runbook.Abort:
		return request.Reply{Message: "the run has not begun; it can only be aborted"}
	}
	r.giveUp()
	return request.Reply{Accepted: true, Message: runbook.Abort + ": before its first step"}
}

// deliver puts a person's word into the one row of events and waits for the reply to it.
func (r *runbookRun) deliver(ctx workflow.Context, e runbook.Event) (request.Reply, error) {
	future, settable := workflow.NewFuture(ctx)
	r.inbox.Send(ctx, happening{event: e, reply: &reply{to: settable}})
	var said request.Reply
	err := future.Get(ctx, &said)
	return said, err
}

func (r *runbookRun) status() RunbookStatus {
	waits := r.queue.unpolled()
	if waits == "" {
		waits = r.entries.waits()
	}
	return RunbookStatus{
		RunbookResult: r.result(), Run: workflow.GetInfo(r.ctx).WorkflowExecution.RunID, At: r.at(), Phase: r.state.Phase, Request: r.state.Request, PauseBy: r.state.PauseBy, Waits: waits, Resolved: r.resolved, Untold: r.notices.untold,
	}
}

// at is the path of the step at work.
func (r *runbookRun) at() string {
	if r.state.Node == runbook.Nowhere || r.state.Node >= len(r.program.Nodes) {
		return ""
	}
	return r.program.Nodes[r.state.Node].Path
}

func (r *runbookRun) result() RunbookResult {
	s := r.state
	result := RunbookResult{
		Runbook: s.Run.Name, Key: s.Run.Key, Host: r.req.Host, Project: s.Run.Project, Inputs: s.Inputs[""], Outcome: s.Outcome, Reason: cmp.Or(s.Reason, s.AbortWhy), By: r.req.By, Claimed: r.claimed, Why: r.req.Why,
		Definition: r.program.Definition.SHA256, PlanSHA256: s.Run.PlanSHA256, Undone: s.Undone, NotUndone: s.NotUndone, Unwritten: r.entries.unwritten,
	}
	if result.Outcome == "" {
		result.Outcome = Running
	}
	for _, n := range r.program.Nodes {
		if st, ok := s.Steps[n.Path]; ok {
			result.Steps = append(result.Steps, RunbookStep{Path: n.Path, Kind: n.Step.Kind, Title: n.Step.Title, StepState: st})
		}
	}
	return result
}

// show renders the run for the Web UI.
func (r *runbookRun) show() {
	workflow.SetCurrentDetails(r.ctx, runbookDetails(r.status()))
}

// showWaiting lets people look for the runs that wait for one of them.
func (r *runbookRun) showWaiting() {
	if err := r.requests.publish(r.ctx); err != nil {
		workflow.GetLogger(r.ctx).Warn("memo not set", "error", err)
	}
	waiting := r.state.Request != nil
	if waiting == r.waiting || r.state.Phase == runbook.Over {
		return
	}
	r.waiting = waiting
	state := Running
	if waiting {
		state = Waiting
	}
	r.setAttributes(value{StateAttribute, state})
}

// setAttributes sets search attributes. A run goes on without them.
func (r *runbookRun) setAttributes(values ...value) {
	if err := r.attributes.set(r.ctx, values...); err != nil {
		workflow.GetLogger(r.ctx).Warn("search attribute not set", "error", err)
	}
}
