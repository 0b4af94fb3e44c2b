package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

const (
	// askWait is how long a question waits for a worker to take it, askLimit for its answer.
	askWait  = 10 * time.Second
	askLimit = time.Minute
)

func (s *starter) dial(ctx context.Context) (*connect.Connection, error) {
	c, err := connect.Dial(ctx, connect.Options{Logger: slog.New(slog.DiscardHandler)})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, missing("Temporal", dialFault(err), "start `evenkeel`, or set TEMPORAL_ADDRESS")
	}
	return c, nil
}

// dialFault names the address that was tried and the cause, without the layers that they went through.
func dialFault(err error) string {
	address, cause, ok := strings.Cut(err.Error(), ": failed reaching server: ")
	if !ok {
		return err.Error()
	}
	if _, inner, ok := strings.Cut(cause, "Error while dialing: "); ok {
		cause = strings.TrimSuffix(inner, `"`)
	}
	return address + ": " + cause
}

// worker is who is asked a question: whoever works on a task queue.
type worker struct {
	// name is how errors call it, and makes the ids of the questions.
	name  string
	queue string
	// absent says what to do when nobody works there.
	absent string
	// blocked says what to do when what the worker asks does not answer it.
	blocked string
}

func onHost(host string) worker {
	return worker{name: "host " + host, queue: workflows.HostQueue(host), absent: "start `evenkeel` or `worker` on that host", blocked: "run starter doctor on that host, as the worker's user"}
}

func anyWorker() worker {
	return worker{name: "workers", queue: workflows.TaskQueue, absent: "start `evenkeel` or `worker`", blocked: "see starter doctor"}
}

// ask asks the worker of one host.
func ask(ctx context.Context, c *connect.Connection, host, summary string, answer, activity any, args ...any) error {
	return onHost(host).ask(ctx, c, summary, answer, activity, args...)
}

// ask runs one read as a standalone activity, waits for its answer and has it forgotten.
func (w worker) ask(ctx context.Context, c *connect.Connection, summary string, answer, activity any, args ...any) error {
	handle, err := c.ExecuteActivity(ctx, client.StartActivityOptions{
		ID:                     "ask/" + w.queue + "/" + uuid.NewString(),
		TaskQueue:              w.queue,
		ScheduleToStartTimeout: askWait,
		StartToCloseTimeout:    askLimit,
		ScheduleToCloseTimeout: askLimit,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 3},
		Summary:                summary,
	}, activity, args...)
	if err != nil {
		return missing("Temporal", firstLine(err), "see starter doctor")
	}
	defer c.Forget(ctx, handle) // once it is known how it ended
	err = handle.Get(ctx, answer)
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	switch {
	case err == nil || ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &timeout):
		return w.unanswered(ctx, c, timeout, handle)
	case errors.As(err, &app):
		return w.refused(app)
	default:
		return failed(w.name, firstLine(err), "see starter doctor")
	}
}

// taken says whether a worker has begun with a question, and when with its last attempt, if that is known.
func taken(ctx context.Context, handle client.ActivityHandle) (bool, time.Time) {
	seen, err := handle.Describe(ctx, client.DescribeActivityOptions{})
	if err != nil {
		return false, time.Time{}
	}
	if seen.LastStartedTime.Unix() <= 0 { // the SDK's "never" is 1970
		return seen.Attempt > 1, time.Time{}
	}
	return true, seen.LastStartedTime
}

// unanswered tells a worker that is not there, or not any more, from one that waits for something else.
func (w worker) unanswered(ctx context.Context, c *connect.Connection, timeout *temporal.TimeoutError, handle client.ActivityHandle) error {
	begun, at := taken(ctx, handle)
	if timeout.TimeoutType() == enums.TIMEOUT_TYPE_SCHEDULE_TO_START && !begun {
		return missing(w.name, "no worker took the question within "+askWait.String(), w.absent)
	}
	// A worker that lives polls on while it works, at least once within a long poll. To take a question is a poll, too.
	heard := func(p poller) bool { return p.LastSeen.After(at.Add(time.Second)) }
	workers, err := pollers(ctx, c, w.queue, enums.TASK_QUEUE_TYPE_ACTIVITY)
	if err == nil && !at.IsZero() && !slices.ContainsFunc(workers, heard) {
		return missing(w.name, "the worker took the question and was not heard of since", w.absent)
	}
	what := "the worker took the question and gave no answer within " + askLimit.String()
	if last, ok := errors.AsType[*temporal.ApplicationError](timeout.Unwrap()); ok {
		what += "; it said last: " + last.Message()
	}
	return missing(w.name, what, "it may hang, or what it asks, such as the Docker engine; see its log")
}

// refused is the worker's own error.
func (w worker) refused(app *temporal.ApplicationError) error {
	err := ofClass(app.Type(), w.name, app.Message())
	if f, ok := errors.AsType[*failure](err); ok && app.Type() == activities.Unavailable {
		f.hint = w.blocked
	}
	return err
}

// ofClass gives an activity's error the exit code of its class.
func ofClass(class, where, what string) error {
	f := &failure{code: exitFailed, class: class, where: where, what: what}
	switch class {
	case activities.InvalidInput:
		f.code = exitUsage
	case activities.NotFound, activities.Unavailable, activities.PermissionDenied:
		f.code, f.hint = exitMissing, "see starter doctor"
	case activities.PreconditionFailed, activities.NotBegun, activities.Conflict:
		f.code = exitNo
	}
	return f
}

// badConfiguration gives an error of config.Load its exit code; each fault of the file is a line.
func badConfiguration(err error) error {
	var notFound *config.NotFoundError
	var faults strictyaml.Errors
	switch {
	case errors.As(err, &notFound):
		return missing("configuration", notFoundText(notFound), "write one with starter init, or name it with --config")
	case errors.As(err, &faults):
		var all []error
		for _, fault := range faults {
			all = append(all, usage("", fault.Error(), ""))
		}
		return errors.Join(all...)
	default:
		return usage("", err.Error(), "name another with --config")
	}
}

func notFoundText(err *config.NotFoundError) string {
	if err.AskedBy != "" {
		return err.Error()
	}
	return "none in " + strings.Join(err.Places, " or ")
}

// by says who is at the command line: the operating system's user and host.
func by() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown-host"
	}
	return fmt.Sprintf("%s@%s", cmp.Or(userName(), "unknown"), host)
}

// userName is the user that this program runs as; empty where nobody knows.
func userName() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// firstLine keeps what the server said and leaves out what only a program wants to know.
func firstLine(err error) string {
	var unavailable *serviceerror.Unavailable
	if errors.As(err, &unavailable) && unavailable.Message != "" {
		return unavailable.Message
	}
	return activities.Spoken(err.Error())
}
