package connect

import (
	"context"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// forgetWait bounds how long an answer that is there already is kept back.
const forgetWait = 2 * time.Second

// Forget has the server delete a standalone activity, and end it where nobody waits for it any more. The
// server would keep each question for as long as a run, and it takes almost as much of the database. What
// cannot be deleted goes with time.
func (c *Connection) Forget(ctx context.Context, question client.ActivityHandle) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetWait)
	defer cancel()
	_, _ = c.WorkflowService().DeleteActivityExecution(ctx, &workflowservice.DeleteActivityExecutionRequest{
		Namespace: c.Namespace, ActivityId: question.GetID(), RunId: question.GetRunID(),
	})
}
