package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/request"
)

// notices are what a run tells people. The run does not wait until they are told.
type notices struct {
	// changed is called when untold has changed.
	changed func()
	// channels are where people are told beside the ledger: what is told about one request is then a Tell of its own.
	channels activities.Channels
	sent     int
	// untold says whom the run could not tell what. Of what a Tell has taken over, that says it.
	untold []string
	// told are the ids of the Tells that the run has started.
	told map[string]bool
	// sending is how many notices are on their way, where no Tell takes them over.
	sending int
	// next waits to be handed over to its Tell; one at a time is: handing.
	next    []handed
	handing bool
}

// handed is a notice and the id of its Tell.
type handed struct {
	id     string
	notice activities.Notice
}

// send tells people something about the subject; run is the run at work, as a worker said it.
func (n *notices) send(ctx workflow.Context, subject, run string, what request.Notification) {
	info := workflow.GetInfo(ctx)
	n.sent++
	notice := activities.Notice{
		WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID, Number: n.sent, At: workflow.Now(ctx), Subject: subject, Channels: n.channels, Notification: what,
	}
	if n.channels.Any() {
		n.next = append(n.next, handed{tellID(notice, run), notice})
		if !n.handing {
			n.handing = true
			workflow.Go(ctx, n.hand)
		}
		return
	}
	n.sending++
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { n.sending-- }()
		var a *activities.Messages
		if err := workflow.ExecuteActivity(sending(ctx, "tell "+what.To()), a.Notify, notice).Get(ctx, nil); err != nil {
			n.lost(what, err)
		}
	})
}

func (n *notices) lost(what request.Notification, err error) {
	n.untold = append(n.untold, fmt.Sprintf("%s could not be told of %s: %s", what.To(), what.Step, Reason(err)))
	n.changed()
}

// hand gives each notice to its Tell, in order: the first one about a request starts it.
func (n *notices) hand(ctx workflow.Context) {
	for len(n.next) > 0 {
		h := n.next[0]
		n.next = n.next[1:]
		if err := n.handOver(ctx, h); err != nil {
			n.lost(h.notice.Notification, err)
		}
	}
	n.handing = false
}

func (n *notices) handOver(ctx workflow.Context, h handed) error {
	if n.told[h.id] {
		err := workflow.SignalExternalWorkflow(ctx, h.id, "", ToldSignal, h.notice).Get(ctx, nil)
		if _, gone := errors.AsType[*temporal.UnknownExternalWorkflowExecutionError](err); !gone {
			return err
		}
		workflow.GetLogger(ctx).Warn("what tells people is gone and begins anew", "id", h.id, "error", err)
		h.notice.Chat = &activities.ChatThread{Tried: true}
	}
	if n.told == nil {
		n.told = map[string]bool{}
	}
	n.told[h.id] = true
	// Once it is started it goes on without the run.
	return workflow.ExecuteChildWorkflow(asTell(ctx, h), Tell, h.notice).GetChildWorkflowExecution().Get(ctx, nil)
}

// handedOver waits until every notice has its Tell, or is in the ledger, so that the run may end: what is still to be done
// then is not done.
func (n *notices) handedOver(ctx workflow.Context) {
	done := func() bool { return !n.handing && n.sending == 0 }
	if done() {
		return
	}
	o := workflow.AwaitOptions{Timeout: ledgerTotal, TimerOptions: workflow.TimerOptions{Summary: "until people are told what the run has to say"}}
	if done, err := workflow.AwaitWithOptions(ctx, o, done); err != nil || !done {
		workflow.GetLogger(ctx).Warn("somebody is not told", "error", err)
	}
}
