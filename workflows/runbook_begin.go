package workflows

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// begin loads the definition and asks whether the run may begin: cooldown and breaker first, then the
// plan.
func (r *runbookRun) begin(ctx workflow.Context) (bool, error) {
	if r.req.Override && r.req.Why == "" {
		return false, temporal.NewNonRetryableApplicationError("an override needs a reason", activities.InvalidInput, nil)
	}
	var a *activities.Runbooks
	starter := r.req.starter(ctx)
	start, isPerson, err := useStart(ctx, &r.queue, starter)
	if err != nil {
		return false, err
	}
	r.claimed = start == nil
	call := activities.RunbookCall{Name: r.req.Name, Inputs: r.req.Inputs, Host: r.req.Host, Project: r.req.Project, By: r.req.By}
	if r.claimed {
		call.Starter = &starter
	}
	var loaded activities.LoadedRunbook
	if err := r.queue.run(ctx, looking("read runbook "+r.req.Name), lookLimit, a.LoadRunbook, call, &loaded); err != nil {
		return false, err
	}
	d := loaded.Definition
	r.project, r.program, r.runID = loaded.Project, loaded.Program(), loaded.RunID
	r.notices.channels = loaded.Channels
	r.state = runbook.New(runbook.Run{
		ID: workflow.GetInfo(ctx).WorkflowExecution.ID, Name: d.Name, Key: loaded.Key, Dedup: loaded.Dedup, Host: r.req.Host, Project: loaded.Project, Initiator: r.req.By, Override: r.req.Override,
		Started: workflow.GetInfo(ctx).WorkflowStartTime, RunID: loaded.RunID,
		Definition: loaded.Sum, Start: start, Nobody: start != nil && !isPerson,
	}, loaded.Inputs)
	call.Starter = nil // it is about the plan now
	r.setAttributes(value{SeverityAttribute, d.Severity})
	if suppressed, err := r.suppressed(ctx, d); suppressed || err != nil {
		return false, err
	}
	var plan activities.RunbookPlan
	if err := r.queue.run(ctx, looking("plan of "+d.Name), lookLimit, a.PlanRunbook, call, &plan); err != nil {
		return false, err
	}
	r.state.Run.PlanSHA256 = plan.SHA256
	why := strings.Join(plan.Refusals, "; ")
	switch {
	case plan.Definition != d.SHA256:
		why = "the runbook was edited just now; start it again"
	case r.req.PlanSHA256 != "" && r.req.PlanSHA256 != plan.SHA256:
		why = fmt.Sprintf("the plan has changed: it is %s now, not %s", short(plan.SHA256), short(r.req.PlanSHA256))
	}
	if why == "" {
		return true, nil
	}
	r.turnAway(runbook.Refused, why, ledger.Record{Event: "refused", Kind: "runbook.refused"})
	return false, nil
}

// suppressed asks the ledger whether the runbook ran too lately or too often. An open breaker opens an
// incident instead.
func (r *runbookRun) suppressed(ctx workflow.Context, d runbook.Definition) (bool, error) {
	remembered := d.Triggers.Remembered()
	if remembered == 0 {
		return false, nil
	}
	now := workflow.Now(ctx)
	past, err := r.actedSince(ctx, activities.PastRequest{Subject: r.state.Run.Subject(r.state.Run.Dedup), Since: now.Add(-remembered)})
	if err != nil {
		return false, err
	}
	s := runbook.Suppress(d.Triggers, past, now)
	if s.Reason == "" {
		return false, nil
	}
	if r.req.Override {
		r.keepNow(ledger.Record{Event: "override", Kind: "runbook.override", Actor: r.req.By, Data: r.turnedAway(s.Reason + "; overridden: " + r.req.Why)})
		return false, nil
	}
	records := []ledger.Record{{Event: "suppressed", Kind: "runbook.suppressed"}}
	if s.Broken {
		opened := runbook.IncidentID(r.state.Run, "breaker", 0)
		records = append(records, r.brokenIncident(d, opened, s.Reason))
		s.Reason += "; opened the incident " + opened
	}
	r.turnAway(runbook.Suppressed, s.Reason, records...)
	return true, nil
}

// actedSince asks the ledger.
func (r *runbookRun) actedSince(ctx workflow.Context, req activities.PastRequest) (past []time.Time, err error) {
	err = r.entries.run(ctx, "cooldown and breaker of "+req.Subject, activities.ActedSince, activities.ActedSinceLater, req, &past)
	return past, err
}

// brokenIncident opens an incident in place of the run that the breaker stopped.
func (r *runbookRun) brokenIncident(d runbook.Definition, incident, why string) ledger.Record {
	return ledger.Record{
		Event: "incident", Kind: "incident.opened", Subject: r.state.Run.Subject(r.state.Run.Dedup),
		Data: runbook.IncidentOpened{
			Runbook: d.Name, Incident: incident, Title: d.Name + " does not help: " + why, Severity: d.Severity,
		},
	}
}

// turnAway ends a run before it touched anything.
func (r *runbookRun) turnAway(outcome runbook.Outcome, why string, records ...ledger.Record) {
	r.state.Outcome, r.state.Reason, r.state.Phase = outcome, why, runbook.Over
	for _, rec := range records {
		if rec.Data == nil {
			rec.Data = r.turnedAway(why)
		}
		rec.Actor = r.req.By
		r.keepNow(rec)
	}
}

// keepNow keeps a record of a run that is not driven yet.
func (r *runbookRun) keepNow(rec ledger.Record) {
	if rec.Subject == "" {
		rec.Subject = r.state.Run.Subject(r.state.Run.Key)
	}
	r.entries.add(rec)
	r.flush(r.ctx)
}

func (r *runbookRun) turnedAway(why string) runbook.TurnedAway {
	return runbook.TurnedAway{Runbook: r.state.Run.Name, Reason: why, PlanSHA256: r.state.Run.PlanSHA256, Inputs: r.state.Inputs[""]}
}

// notBegun is the end of a run of which nothing could be read, or which was cancelled before its first step.
func (r *runbookRun) notBegun(err error) {
	r.state.Outcome, r.state.Reason, r.state.Phase = runbook.RunFailed, Reason(err), runbook.Over
	if temporal.IsCanceledError(err) {
		r.state.Outcome = runbook.Aborted
	}
	r.keepNow(ledger.Record{Event: "broken", Kind: "runbook.finished", Actor: r.req.By, Data: runbook.Finished{
		Runbook: r.state.Run.Name, Outcome: r.state.Outcome, Reason: r.state.Reason, PlanSHA256: r.state.Run.PlanSHA256,
	}})
}

// end closes what is still open and answers who still asks.
func (r *runbookRun) end() {
	r.stopTimers("")
	r.stop()
	r.state.Phase, r.state.Request = runbook.Over, nil
	r.showWaiting()
	r.show()
	r.setAttributes(value{StateAttribute, string(r.state.Outcome)})
	r.answerLate()
	r.notices.handedOver(r.ctx)
	answered(r.ctx)
	r.requests.pressesHeard(r.ctx) // last: what arrives until the run has ended is heard
}

// answerLate answers whoever speaks to a run that is over.
func (r *runbookRun) answerLate() {
	if r.late {
		return
	}
	r.late = true
	workflow.Go(r.ctx, func(ctx workflow.Context) {
		for {
			var h happening
			r.inbox.Receive(ctx, &h)
			h.reply.answer(request.Reply{Message: r.requests.over()})
		}
	})
}

// failure is the error of a run that did not end well, with its result in the details.
func (r *runbookRun) failure(ctx workflow.Context, err error) error {
	class := string(r.state.Outcome)
	switch r.state.Outcome {
	case runbook.Succeeded, runbook.NotNeeded, runbook.Suppressed:
		return nil
	case runbook.Aborted:
		if ctx.Err() != nil {
			return temporal.NewCanceledError(r.result())
		}
	case runbook.Refused:
		class = activities.PreconditionFailed
	case runbook.Rejected, runbook.RunFailed, runbook.RolledBack, runbook.RollbackIncomplete:
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		class = app.Type()
	}
	return temporal.NewApplicationErrorWithOptions(r.state.Run.Name+": "+r.state.Reason, class,
		temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{r.result()}})
}
