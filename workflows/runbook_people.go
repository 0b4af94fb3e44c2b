package workflows

import (
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// listen registers what people and programs may say to the run, before anything else happens, and hears
// a cancellation.
func (r *runbookRun) listen(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, StatusRunbook, func() (RunbookStatus, error) { return r.status(), nil }); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, AnswerRunbook, r.answer, workflow.UpdateHandlerOptions{
		Description: "Approve, reject or answer what the run waits for", Validator: r.validAnswer,
	}); err != nil {
		return err
	}
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

// validAnswer refuses what is malformed and what is not open; who may is not its business.
func (r *runbookRun) validAnswer(_ workflow.Context, a RunbookAnswer) error {
	switch {
	case a.Request == "" || a.By.Name == "":
		return temporal.NewApplicationError("an answer needs the id of its request and a person", activities.InvalidInput)
	case r.state.Request == nil || r.state.Request.ID != a.Request:
		return temporal.NewApplicationError(a.Request+" is not open", activities.PreconditionFailed)
	}
	return nil
}

func (r *runbookRun) validOrder(_ workflow.Context, o RunbookOrder) error {
	switch {
	case o.By.Name == "" || !slices.Contains(runbook.Verbs, o.Verb):
		return temporal.NewApplicationError("an order needs a person and one of "+strings.Join(runbook.Verbs, ", "), activities.InvalidInput)
	case r.state.Phase == runbook.Over:
		return temporal.NewApplicationError("the run is over: "+r.state.Outcome, activities.PreconditionFailed)
	}
	return nil
}

func (r *runbookRun) answer(ctx workflow.Context, a RunbookAnswer) (runbook.Reply, error) {
	standing, err := r.whoIs(ctx, a.By)
	if err != nil {
		return runbook.Reply{}, err
	}
	return r.deliver(ctx, runbook.Event{Answer: &runbook.Answer{
		Request: a.Request, By: a.By.Name, Via: a.By.Via, Standing: standing, Approve: a.Approve, Reason: a.Reason, Fields: a.Fields, PlanSHA256: a.PlanSHA256,
	}})
}

func (r *runbookRun) operate(ctx workflow.Context, o RunbookOrder) (runbook.Reply, error) {
	standing, err := r.whoIs(ctx, o.By)
	if err != nil {
		return runbook.Reply{}, err
	}
	return r.deliver(ctx, runbook.Event{Verb: &runbook.Verb{Verb: o.Verb, By: o.By.Name, Via: o.By.Via, Standing: standing, Reason: o.Reason}})
}

// whoIs asks the configuration, as it is now, what the person may do.
func (r *runbookRun) whoIs(ctx workflow.Context, p activities.Person) (runbook.Standing, error) {
	var a *activities.People
	var standing runbook.Standing
	err := workflow.ExecuteLocalActivity(locally(ctx, "groups of "+p.Name), a.WhoIs, p).Get(ctx, &standing)
	return standing, err
}

// deliver puts a person's word into the one row of events and waits for the reply to it.
func (r *runbookRun) deliver(ctx workflow.Context, e runbook.Event) (runbook.Reply, error) {
	future, settable := workflow.NewFuture(ctx)
	r.inbox.Send(ctx, happening{event: e, reply: settable})
	var reply runbook.Reply
	err := future.Get(ctx, &reply)
	return reply, err
}

func (r *runbookRun) status() RunbookStatus {
	return RunbookStatus{RunbookResult: r.result(), At: r.at(), Phase: r.state.Phase, Request: r.state.Request, PauseBy: r.state.PauseBy}
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
		Runbook: s.Run.Name, Key: s.Run.Key, Host: r.req.Host, Project: s.Run.Project, Inputs: s.Inputs[""], Outcome: s.Outcome, Reason: s.Reason, By: r.req.By, Why: r.req.Why,
		Definition: r.program.Definition.SHA256, PlanSHA256: s.Run.PlanSHA256, Undone: s.Undone, NotUndone: s.NotUndone,
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
func (r *runbookRun) showWaiting() error {
	if waiting := r.state.Request != nil; waiting == r.waiting {
		return nil
	}
	r.waiting = !r.waiting
	state := Running
	if r.waiting {
		state = Waiting
	}
	return r.attributes.set(r.ctx, value{StateAttribute, state})
}

// runbookDetails renders a run for the Web UI.
func runbookDetails(s RunbookStatus) string {
	lines := []string{fmt.Sprintf("## %s: %s\n", plain(s.Runbook), plain(s.Outcome))}
	lines = append(lines, strings.TrimSpace(fmt.Sprintf("Started by %s on %s. %s", plain(s.By), plain(s.Host), plain(s.Why)))+"\n")
	if s.Reason != "" {
		lines = append(lines, fmt.Sprintf("**%s**\n", plain(s.Reason)))
	}
	if q := s.Request; q != nil {
		lines = append(lines, fmt.Sprintf("**Waits for %s until %s:** %s\n", plain(strings.Join(append(slices.Clone(q.Groups), q.Choices...), ", ")), q.Deadline.UTC().Format("15:04 MST"), plain(q.Message)),
			"`starter gate list` shows it.\n")
	}
	if len(s.Steps) > 0 {
		lines = append(lines, "| step | kind | attempt | outcome | |", "|---|---|---|---|---|")
	}
	for _, st := range s.Steps {
		outcome := st.Outcome
		if outcome == "" {
			outcome = "at work"
		}
		lines = append(lines, fmt.Sprintf("| %s | %s | %d | %s | %s |", plain(st.Path), st.Kind, st.Attempt, plain(outcome), plain(st.Message)))
	}
	for _, what := range s.Undone {
		lines = append(lines, "- put back: "+plain(what))
	}
	for _, what := range s.NotUndone {
		lines = append(lines, "- could not be put back: "+plain(what))
	}
	return cut(strings.Join(lines, "\n")+"\n", detailsBytes)
}
