package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"
)

// AlertResolved is the Signal with a ResolvedAlert, for a run that an alert may have started.
const AlertResolved = "resolved"

// ResolvedAlert is an alert of a run that is resolved. It is shown, and changes nothing: whether all is well the run finds out
// itself.
type ResolvedAlert struct {
	Alert string    `json:"alert"`
	At    time.Time `json:"at"`
}

// maxResolved is how many a run shows, the last ones.
const maxResolved = 20

// hearResolved takes what the run is told of its alerts.
func (r *runbookRun) hearResolved(ctx workflow.Context) {
	came := workflow.GetSignalChannelWithOptions(ctx, AlertResolved, workflow.SignalChannelOptions{Description: "An alert of the run is resolved"})
	for {
		var a ResolvedAlert
		came.Receive(ctx, &a)
		if slices.ContainsFunc(r.resolved, func(b ResolvedAlert) bool { return a.Alert == b.Alert && a.At.Equal(b.At) }) {
			continue
		}
		r.resolved = append(r.resolved, a)
		r.resolved = r.resolved[max(0, len(r.resolved)-maxResolved):]
		r.show()
	}
}
