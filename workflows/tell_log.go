package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
)

// tellLog is the end of the log of the service that a request is about, as it was when people were asked. Whoever reads it
// waits for it, and a pager does not.
type tellLog struct {
	lines []string
	read  bool
}

// begin reads the log of what a notice is about. People are asked without it where it cannot be read at once.
func (l *tellLog) begin(ctx workflow.Context, about activities.Notice) {
	if about.Asked == nil || about.Asked.Service() == "" {
		l.read = true
		return
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		var d *activities.Docker
		var end activities.ServiceLog
		service := about.Asked.Service()
		o := asking("log of " + service)
		o.StartToCloseTimeout, o.ScheduleToCloseTimeout = logWait/2, logWait
		queue := hostQueue{host: about.Host}
		if err := queue.run(ctx, o, logWait, d.LastLog, activities.LogRequest{Project: about.Project, Service: service}, &end); err != nil {
			end.Lines = []string{"the log of " + service + " could not be read: " + Reason(err)}
		}
		l.lines, l.read = end.Lines, true
	})
}

// with is a notice with the log.
func (l *tellLog) with(ctx workflow.Context, n activities.Notice) activities.Notice {
	_ = workflow.Await(ctx, func() bool { return l.read }) // a cancellation is for the activity to say
	n.Log = l.lines
	return n
}
