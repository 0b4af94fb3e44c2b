package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// runbookRun drives the reducer of internal/runbook with Temporal's effects. What happens changes the state one event
// at a time and at once; what is to be done then is done one command at a time, and may wait for the ledger.
type runbookRun struct {
	req        RunbookRequest
	project    string
	program    runbook.Program
	state      runbook.State
	attributes attributes
	queue      hostQueue
	requests   requests
	// inbox holds what happened; one at a time changes the state.
	inbox workflow.Channel
	// todo are the commands that wait for those before them, doing is the one at work, if one is: busy.
	todo  []*task
	doing *task
	busy  bool
	// ctx is not reached by a cancellation: what a cancelled run still does must be done.
	ctx workflow.Context
	// driven says that the run takes events; until then giveUp ends it.
	driven bool
	giveUp workflow.CancelFunc
	// stop stops what is at work.
	stop   workflow.CancelFunc
	timers []*runbookTimer
	// resolved are the alerts of the run that are resolved.
	resolved []ResolvedAlert
	// entries are what it tells the ledger, notices what it tells people.
	entries entries
	notices notices
	// runID is the run at work, as a worker said it. After a reset the history is replayed under the id of the new run,
	// and must lead to the same decisions: that it is another run is known only from what activities said since. So
	// LoadRunbook, WhoIs and Keep each say which run they worked for.
	runID string
	// suppression is what the ledger said of the operation that is due.
	suppression *runbook.Suppression
	// late says that whoever still speaks is told that the run is over.
	late bool
	// claimed says that nobody vouches for who started it, as far as is known.
	claimed bool
	// waiting is what the search attributes say.
	waiting bool
}

// happening is an event on its way to the state, and who waits for its reply.
type happening struct {
	event runbook.Event
	reply *reply
	timer *runbookTimer
}

// reply is what somebody waits for who spoke. The first answer counts.
type reply struct {
	to       workflow.Settable
	answered bool
}

func (r *reply) answer(said request.Reply) {
	if r != nil && !r.answered {
		r.answered = true
		r.to.SetValue(said)
	}
}

// task is a command, and who waits for its reply.
type task struct {
	runbook.Command
	reply *reply
	// dropped says that it is not to begin any more.
	dropped bool
}

// answer gives whoever waits for it the reply that the task is, if it is one.
func (t *task) answer(suffix string) {
	if t.Reply != nil {
		t.reply.answer(request.Reply{Accepted: t.Reply.Accepted, Message: t.Reply.Message + suffix})
	}
}

type runbookTimer struct {
	name   string
	cancel workflow.CancelFunc
	over   bool
}

func newRunbookRun(ctx workflow.Context, req RunbookRequest) *runbookRun {
	apart, _ := workflow.NewDisconnectedContext(ctx)
	r := &runbookRun{req: req, ctx: apart, inbox: workflow.NewNamedBufferedChannel(ctx, "inbox", inboxSize), stop: func() {}, giveUp: func() {}, queue: hostQueue{host: req.Host}, claimed: true}
	r.queue.changed, r.notices.changed = r.show, r.show
	r.entries.changed, r.entries.gone = r.ledgerChanged, r.ledgerGone
	r.requests = requests{asker: r, queue: &r.queue}
	r.state.Run = runbook.Run{Name: req.Name, Host: req.Host, Initiator: req.By}
	r.state.Node = runbook.Nowhere
	return r
}

// inboxSize is more than can wait at once: work, three timers, a cancellation and the server's ten
// updates in flight.
const inboxSize = 100

// drive takes events one at a time until the run is over and all that it said is done.
func (r *runbookRun) drive() {
	r.driven = true
	workflow.Go(r.ctx, r.work)
	r.happens(happening{event: runbook.Event{Begin: true}})
	for r.state.Phase != runbook.Over {
		var h happening
		r.inbox.Receive(r.ctx, &h)
		r.happens(h)
	}
	r.answerLate()
	// What is left are entries for the ledger, which waits for a day at most.
	if err := workflow.Await(r.ctx, func() bool { return len(r.todo) == 0 && !r.busy }); err != nil {
		workflow.GetLogger(r.ctx).Warn("the run ends with work undone", "error", err)
	}
}

// happens gives one event to the reducer and takes down what it says is to be done.
func (r *runbookRun) happens(h happening) {
	if h.timer != nil {
		if h.timer.over {
			return // it fired while it was being stopped
		}
		h.timer.over = true
	}
	h.event.At = workflow.Now(r.ctx)
	if h.event.Run == "" {
		h.event.Run = r.runID
	}
	r.runID = h.event.Run
	var commands []runbook.Command
	r.state, commands = runbook.Next(r.program, r.state, h.event)
	for _, c := range commands {
		r.take(task{Command: c, reply: h.reply})
	}
	if !slices.ContainsFunc(commands, func(c runbook.Command) bool { return c.Reply != nil }) {
		h.reply.answer(request.Reply{Message: "it came too late"})
	}
	r.showWaiting()
	r.show()
}

// take does at once what waits for nothing, and puts the rest behind what is to be done before it.
func (r *runbookRun) take(t task) {
	switch {
	case t.Timer != nil:
		r.startTimer(*t.Timer)
	case t.StopTimers:
		r.stopTimers("")
	case t.Cancel:
		r.cancel()
	case t.Notify != nil:
		r.notices.send(r.ctx, r.state.Run.Subject(r.state.Run.Key), r.runID, *t.Notify)
	case t.Reply != nil && r.entries.away():
		t.answer(r.later())
	default:
		r.todo = append(r.todo, &t)
	}
}

// work does one command after the other.
func (r *runbookRun) work(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, func() bool { return len(r.todo) > 0 }); err != nil {
			return
		}
		r.busy = true
		for len(r.todo) > 0 {
			r.doing, r.todo = r.todo[0], r.todo[1:]
			r.do(ctx, r.doing)
		}
		r.flush(ctx)
		r.busy = false
	}
}

func (r *runbookRun) do(ctx workflow.Context, t *task) {
	switch {
	case t.Record != nil:
		r.entries.add(*t.Record)
		return
	case t.Evaluate != nil:
		r.evaluate(ctx, t)
		return
	}
	r.flush(ctx)
	switch {
	case t.Act != nil && r.suppression != nil:
		r.inbox.Send(ctx, happening{event: runbook.Event{Seq: t.Seq, Acted: &runbook.ActResult{Outcome: runbook.Failed, NotBegun: true, Suppressed: r.suppression}}})
		r.suppression = nil
	case t.Act != nil:
		if outcome, why := r.mayNot(ctx, t); why != "" {
			r.inbox.Send(ctx, happening{event: runbook.Event{Seq: t.Seq, Acted: &runbook.ActResult{Outcome: outcome, Message: why, NotBegun: outcome == runbook.Failed}}})
			return
		}
		r.begins(func(ctx workflow.Context) runbook.Event {
			result := r.act(ctx, *t.Act)
			return runbook.Event{Seq: t.Seq, Acted: &result}
		})
	case t.Watch != nil && t.dropped:
		r.inbox.Send(ctx, happening{event: runbook.Event{Seq: t.Seq, Watched: &runbook.WatchResult{Fault: stoppedBefore}}})
	case t.Reply != nil:
		t.answer("")
	case t.Read != nil:
		r.begins(func(ctx workflow.Context) runbook.Event { return runbook.Event{Seq: t.Seq, Read: r.read(ctx, t.Read)} })
	case t.Watch != nil:
		r.begins(func(ctx workflow.Context) runbook.Event {
			result := r.watch(ctx, *t.Watch)
			return runbook.Event{Seq: t.Seq, Watched: &result}
		})
	}
}

const stoppedBefore = "it was stopped before it began"

// mayNot is the last look of the run before an operation: why it does not begin, and what that says of it; empty when it
// does. It may have waited for the ledger for hours.
func (r *runbookRun) mayNot(ctx workflow.Context, t *task) (outcome runbook.StepOutcome, why string) {
	switch call := t.Act; {
	case t.dropped:
		return runbook.Failed, stoppedBefore
	case call.Undo:
		return "", ""
	case r.entries.lost:
		return runbook.Failed, "it was not begun: the ledger does not know of it"
	case (call.Once() || !call.Until.IsZero()) && call.Run != r.runID:
		return runbook.Unclear, "the run was reset, and this attempt may have begun before"
	case !call.Until.IsZero() && workflow.Now(ctx).After(call.Until):
		return runbook.Failed, "its approval ended at " + call.Until.UTC().Format("15:04:05 MST") + ", before it could begin"
	}
	return "", ""
}

// begins does work beside the run, which goes on taking events.
func (r *runbookRun) begins(do func(workflow.Context) runbook.Event) {
	ctx, cancel := workflow.WithCancel(r.ctx)
	r.stop = cancel
	workflow.Go(ctx, func(ctx workflow.Context) { r.inbox.Send(ctx, happening{event: do(ctx)}) })
}

// cancel stops the work in flight. What has not begun, because the ledger is away, does not begin.
func (r *runbookRun) cancel() {
	r.stop()
	for _, t := range r.todo {
		t.dropped = true
	}
	if r.busy {
		r.doing.dropped = true
	}
}

func (r *runbookRun) startTimer(t runbook.Timer) {
	r.stopTimers(t.Name)
	ctx, cancel := workflow.WithCancel(r.ctx)
	timer := &runbookTimer{name: t.Name, cancel: cancel}
	r.timers = append(r.timers, timer)
	future := workflow.NewTimerWithOptions(ctx, t.For, workflow.TimerOptions{Summary: t.Name + " of " + r.at()})
	workflow.Go(ctx, func(ctx workflow.Context) {
		if future.Get(ctx, nil) == nil {
			if t.Name == runbook.DeadlineTimer {
				r.requests.inTime(ctx)
			}
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

// broken tells the run that it cannot go on as it should.
func (r *runbookRun) broken(ctx workflow.Context, why string) {
	r.inbox.Send(ctx, happening{event: runbook.Event{Broken: why}})
}
