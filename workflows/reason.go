package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
)

// Reason is what a person wants to read of an error of a run or of an activity: the words of who reported it, without
// Temporal's own frame around them, and what Temporal itself reports in words.
func Reason(err error) string {
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	var terminated *temporal.TerminatedError
	var run *temporal.WorkflowExecutionError
	var restart *partly
	var nobody *untaken
	switch {
	case err == nil:
		return ""
	case errors.As(err, &restart):
		return restart.Error()
	case temporal.IsCanceledError(err):
		return "cancelled"
	case errors.As(err, &nobody):
		return nobody.Error()
	case errors.As(err, &terminated):
		return "it was terminated at the Temporal server"
	case errors.As(err, &app):
		return activities.Spoken(app.Message())
	case errors.As(err, &timeout):
		return timedOut(timeout)
	case errors.As(err, &run) && run.Unwrap() != nil: // without its ids
		return activities.Spoken(run.Unwrap().Error())
	default:
		return activities.Spoken(err.Error())
	}
}

// timedOut tells of a timeout, and of how the attempt before it ended.
func timedOut(timeout *temporal.TimeoutError) string {
	text := activities.TimedOut(timeout.TimeoutType())
	if before := Reason(timeout.Unwrap()); before != "" && before != text {
		text += "; the attempt before: " + before
	}
	return text
}
