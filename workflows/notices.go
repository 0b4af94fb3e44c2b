package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/request"
)

// notices are what a run tells people. Nothing waits for them.
type notices struct {
	// changed is called when untold has changed.
	changed func()
	sent    int
	// untold says whom the run could not tell what.
	untold []string
}

// send tells people something about the subject.
func (n *notices) send(ctx workflow.Context, subject string, what request.Notification) {
	info := workflow.GetInfo(ctx)
	n.sent++
	notice := activities.Notice{
		WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID, Number: n.sent, At: workflow.Now(ctx), Subject: subject, Notification: what,
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		var a *activities.Messages
		if err := workflow.ExecuteActivity(sending(ctx, "tell "+what.To()), a.Notify, notice).Get(ctx, nil); err != nil {
			n.untold = append(n.untold, fmt.Sprintf("%s could not be told of %s: %s", what.To(), what.Step, Reason(err)))
			n.changed()
		}
	})
}
