package workflows

import (
	"errors"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// runbookRun drives the reducer of internal/runbook with Temporal's effects.
type runbookRun struct {
	req        RunbookRequest
	project    string
	program    runbook.Program
	state      runbook.State
	attributes attributes
	// inbox holds what happened; one at a time changes the state.
	inbox workflow.Channel
	// ctx is not reached by a cancellation: what a cancelled run still does must be done.
	ctx workflow.Context
	// work stops what is at work.
	work   workflow.CancelFunc
	timers []*runbookTimer
	// kept are records that wait to be kept.
	kept []runbook.Record
	// waiting is what the search attributes say.
	waiting bool
}

// happening is an event on its way to the state, and who waits for its reply.
type happening struct {
	event runbook.Event
	reply workflow.Settable
	timer *runbookTimer
}

type runbookTimer struct {
	name   string
	cancel workflow.CancelFunc
	over   bool
}

func newRunbookRun(ctx workflow.Context, req RunbookRequest) *runbookRun {
	apart, _ := workflow.NewDisconnectedContext(ctx)
	r := &runbookRun{req: req, ctx: apart, inbox: workflow.NewNamedBufferedChannel(ctx, "inbox", inboxSize), work: func() {}}
	r.state.Run = runbook.Run{Name: req.Name, Host: req.Host, Initiator: req.By}
	r.state.Node = runbook.Nowhere
	return r
}

// inboxSize is more than can wait at once: work, three timers, a cancellation and the server's ten
// updates in flight.
const inboxSize = 100

// drive takes events one at a time until the run is over.
func (r *runbookRun) drive() error {
	if err := r.happens(happening{event: runbook.Event{Begin: true}}); err != nil {
		return err
	}
	for r.state.Phase != runbook.Over {
		var h happening
		r.inbox.Receive(r.ctx, &h)
		if err := r.happens(h); err != nil {
			return err
		}
	}
	return nil
}

// happens gives one event to the reducer and does what it says, in order.
func (r *runbookRun) happens(h happening) error {
	if h.timer != nil {
		if h.timer.over {
			return nil // it fired while it was being stopped
		}
		h.timer.over = true
	}
	h.event.At = workflow.Now(r.ctx)
	var commands []runbook.Command
	r.state, commands = runbook.Next(r.program, r.state, h.event)
	defer r.show()
	if err := r.showWaiting(); err != nil {
		return err
	}
	for _, c := range commands {
		if err := r.do(c, h.reply); err != nil {
			return err
		}
	}
	return r.flush()
}

func (r *runbookRun) do(c runbook.Command, reply workflow.Settable) error {
	switch {
	case c.Record != nil:
		r.kept = append(r.kept, *c.Record)
		return nil
	case c.Timer != nil:
		r.startTimer(*c.Timer)
		return nil
	case c.StopTimers:
		r.stopTimers("")
		return nil
	case c.Cancel:
		r.work()
		return nil
	case c.Evaluate != nil:
		return r.evaluate(c)
	}
	if err := r.flush(); err != nil {
		return err
	}
	switch {
	case c.Reply != nil && reply != nil:
		reply.SetValue(*c.Reply)
	case c.Read != nil:
		r.begins(func(ctx workflow.Context) runbook.Event { return runbook.Event{Seq: c.Seq, Read: r.read(ctx, c.Read)} })
	case c.Watch != nil:
		r.begins(func(ctx workflow.Context) runbook.Event {
			result := r.watch(ctx, *c.Watch)
			return runbook.Event{Seq: c.Seq, Watched: &result}
		})
	case c.Act != nil:
		r.begins(func(ctx workflow.Context) runbook.Event {
			result := r.act(ctx, *c.Act)
			return runbook.Event{Seq: c.Seq, Acted: &result}
		})
	}
	return nil
}

// evaluate keeps what waits to be kept and evaluates, in one local activity.
func (r *runbookRun) evaluate(c runbook.Command) error {
	results, err := r.keepAnd(c.Evaluate)
	if err != nil {
		return err
	}
	r.inbox.Send(r.ctx, happening{event: runbook.Event{Seq: c.Seq, Evaluated: results}})
	return nil
}

// begins does work beside the run, which goes on taking events.
func (r *runbookRun) begins(do func(workflow.Context) runbook.Event) {
	ctx, cancel := workflow.WithCancel(r.ctx)
	r.work = cancel
	workflow.Go(ctx, func(ctx workflow.Context) { r.inbox.Send(ctx, happening{event: do(ctx)}) })
}

func (r *runbookRun) startTimer(t runbook.Timer) {
	r.stopTimers(t.Name)
	ctx, cancel := workflow.WithCancel(r.ctx)
	timer := &runbookTimer{name: t.Name, cancel: cancel}
	r.timers = append(r.timers, timer)
	future := workflow.NewTimerWithOptions(ctx, t.For, workflow.TimerOptions{Summary: t.Name + " of " + r.at()})
	workflow.Go(ctx, func(ctx workflow.Context) {
		if future.Get(ctx, nil) == nil {
			r.inbox.Send(ctx, happening{event: runbook.Event{Timer: t.Name}, timer: timer})
		}
	})
}

// stopTimers stops those of a name; all when it is empty.
func (r *runbookRun) stopTimers(name string) {
	r.timers = slices.DeleteFunc(r.timers, func(t *runbookTimer) bool {
		if name != "" && t.name != name {
			return false
		}
		t.over = true
		t.cancel()
		return true
	})
}

// flush keeps the records that wait.
func (r *runbookRun) flush() error {
	if len(r.kept) == 0 {
		return nil
	}
	_, err := r.keepAnd(nil)
	return err
}

// keep keeps records at once.
func (r *runbookRun) keep(records []runbook.Record) error {
	r.kept = append(r.kept, records...)
	return r.flush()
}

func (r *runbookRun) keepAnd(items []runbook.Item) (map[string]runbook.ItemResult, error) {
	info := workflow.GetInfo(r.ctx)
	request := activities.KeepRequest{
		WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID, At: workflow.Now(r.ctx), Records: r.kept, Items: items,
	}
	r.kept = nil
	var a *activities.Runbooks
	var results map[string]runbook.ItemResult
	err := workflow.ExecuteLocalActivity(locally(r.ctx, summaryOf(request)), a.Keep, request).Get(r.ctx, &results)
	return results, err
}

// summaryOf says what a local activity keeps and evaluates.
func summaryOf(req activities.KeepRequest) string {
	if len(req.Records) == 0 {
		return "evaluate " + count(len(req.Items), "expression")
	}
	return "ledger: " + req.Records[len(req.Records)-1].Kind
}

// end closes what is still open and answers who still asks.
func (r *runbookRun) end(outcome string, err error) {
	r.stopTimers("")
	r.work()
	if err != nil {
		r.broken(err)
	} else if outcome != "" {
		r.state.Outcome = outcome
	}
	r.state.Phase, r.state.Request = runbook.Over, nil
	r.show()
	if setErr := r.attributes.set(r.ctx, value{StateAttribute, r.state.Outcome}); setErr != nil {
		workflow.GetLogger(r.ctx).Warn("search attribute not set", "error", setErr)
	}
	workflow.Go(r.ctx, func(ctx workflow.Context) {
		for {
			var h happening
			r.inbox.Receive(ctx, &h)
			if h.reply != nil {
				h.reply.SetValue(runbook.Reply{Message: "the run is over: " + r.state.Outcome})
			}
		}
	})
	if err := workflow.Await(r.ctx, func() bool { return workflow.AllHandlersFinished(r.ctx) }); err != nil {
		workflow.GetLogger(r.ctx).Warn("a person was not answered", "error", err)
	}
}

// broken is the end of a run that could not go on. The ledger is told, unless it is what keeps the run from it.
func (r *runbookRun) broken(err error) {
	r.state.Outcome, r.state.Reason = runbook.RunFailed, reason(err)
	if temporal.IsCanceledError(err) {
		r.state.Outcome = runbook.Aborted
	}
	rec := runbook.Record{Event: "broken", Kind: "runbook.finished", Actor: r.req.By}
	rec.Data.Outcome, rec.Data.Undone, rec.Data.NotUndone = r.state.Outcome, r.state.Undone, r.state.NotUndone
	rec = r.about(rec, r.state.Reason)
	if keepErr := r.keep([]runbook.Record{rec}); keepErr != nil {
		workflow.GetLogger(r.ctx).Error("the ledger does not know how the run ended", "error", keepErr)
	}
}

// failure is the error of a run that did not end well, with its result in the details.
func (r *runbookRun) failure(ctx workflow.Context, err error) error {
	class := r.state.Outcome
	switch r.state.Outcome {
	case runbook.Succeeded, runbook.NotNeeded, runbook.Suppressed:
		return nil
	case runbook.Aborted:
		if ctx.Err() != nil {
			return temporal.NewCanceledError(r.result())
		}
	case runbook.Refused:
		class = activities.PreconditionFailed
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		class = app.Type()
	}
	return temporal.NewApplicationErrorWithOptions(r.state.Run.Name+": "+r.state.Reason, class,
		temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{r.result()}})
}
