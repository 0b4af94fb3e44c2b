package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// The closed set of activity error types. A workflow branches on these, and else on the code of a Refusal and on the
// outcome of a workflow that it started.
const (
	InvalidInput       = "InvalidInput"       // the call is wrong; not retried
	NotFound           = "NotFound"           // the thing is not there; not retried
	PermissionDenied   = "PermissionDenied"   // the outside system refuses us; not retried
	Conflict           = "Conflict"           // somebody else holds or changed it; not retried
	PreconditionFailed = "PreconditionFailed" // a rule says no; not retried
	NotBegun           = "NotBegun"           // the last look before an operation says no, so nothing was done; not retried
	RateLimited        = "RateLimited"        // retried after what the server said
	Unavailable        = "Unavailable"        // retried
	Unknown            = "Unknown"            // it may or may not have happened; a person decides
	WorkerStopping     = "WorkerStopping"     // this worker hands the work over; retried soon
)

// handOver is how soon work is tried again that a worker hands over: another may be there already.
const handOver = 200 * time.Millisecond

// Error is an error with its class, made inside an adapter. Wrap it with %w as often as needed: the
// class is read with errors.As at the activity boundary.
type Error struct {
	// Class is one of the constants above.
	Class string
	// RetryAfter is how long to wait before trying again: with RateLimited what the server asked for, with Unavailable
	// the time in which what was sent may yet take effect. 0 leaves it to the retry policy.
	RetryAfter time.Duration
	// Refusal is what a gate said; only with PreconditionFailed.
	Refusal *scaling.Refusal
	Err     error
}

// Error returns the text of the wrapped error.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the wrapped error.
func (e *Error) Unwrap() error { return e.Err }

// Refused is the error of a gate that says no before anything was touched. It is PreconditionFailed, and RefusalOf reads
// it in the workflow.
func Refused(r scaling.Refusal) error {
	return &Error{Class: PreconditionFailed, Refusal: &r, Err: errors.New(r.Message)}
}

// RefusalOf returns what a gate said of which err is the error in a workflow.
func RefusalOf(err error) (refusal scaling.Refusal, ok bool) {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok || !app.HasDetails() || app.Details(&refusal) != nil {
		return scaling.Refusal{}, false
	}
	return refusal, refusal.Code != ""
}

// ErrNoService is what the error of a Compose project is that has no service of that name.
var ErrNoService = errors.New("no such service")

// Fail gives err a class. A nil err stays nil.
func Fail(class string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Class: class, Err: err}
}

// ClassOf returns the class that an adapter gave to err, "" where there is none.
func ClassOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return ""
}

// Final says whether err has a class that is not retried, and leaves nothing open.
func Final(err error) bool {
	switch ClassOf(err) {
	case "", Unavailable, RateLimited, WorkerStopping, Unknown:
		return false
	}
	return true
}

// Classify turns err into the Temporal application error of its class. Without a class it is
// Unavailable, because a retry of an idempotent activity is the safe guess; a cancelled context
// stays a cancellation. The details go with it, for the workflow to read.
func Classify(ctx context.Context, err error, details ...any) error {
	if err == nil {
		return nil
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app
	}
	class, after := Unavailable, time.Duration(0)
	if e, ok := errors.AsType[*Error](err); ok {
		class, after = e.Class, e.RetryAfter
		if e.Refusal != nil {
			details = []any{*e.Refusal}
		}
	}
	// A client that was cut off says so in words of its own.
	if errors.Is(ctx.Err(), context.Canceled) && (errors.Is(err, context.Canceled) || class == Unavailable) {
		return context.Canceled
	}
	if class == WorkerStopping {
		after = handOver
	}
	opts := temporal.ApplicationErrorOptions{NextRetryDelay: after, Details: details}
	switch class {
	case Unavailable:
	case RateLimited, WorkerStopping:
		opts.Category = temporal.ApplicationErrorCategoryBenign
	default:
		opts.NonRetryable = true
	}
	return temporal.NewApplicationErrorWithOptions(Spoken(err.Error()), class, opts)
}
