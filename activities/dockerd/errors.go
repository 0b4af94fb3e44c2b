package dockerd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"

	"github.com/evenkeel/evenkeel/activities"
)

// classed says what was being done and gives an answer of the engine its class. A context that
// ended stays what it is. An internal error of the engine gets no class, and so is retried.
func classed(doing string, err error) error {
	if err == nil {
		return nil
	}
	wrapped := fmt.Errorf("%s: %w", doing, err)
	if client.IsErrConnectionFailed(err) {
		// The client ends with a question to the reader.
		wrapped = fmt.Errorf("%s: %w", doing, said{strings.TrimSuffix(err.Error(), ". Is the docker daemon running?"), err})
	}
	switch {
	case hasClass(err):
		return wrapped
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return wrapped
	case errors.Is(err, fs.ErrPermission), errdefs.IsPermissionDenied(err), errdefs.IsUnauthorized(err):
		// Before the test for a failed connection, which a refused socket is as well.
		return activities.Fail(activities.PermissionDenied, wrapped)
	case client.IsErrConnectionFailed(err), errdefs.IsUnavailable(err):
		return activities.Fail(activities.Unavailable, wrapped)
	case errdefs.IsNotFound(err):
		return activities.Fail(activities.NotFound, wrapped)
	case errdefs.IsConflict(err):
		return activities.Fail(activities.Conflict, wrapped)
	case errdefs.IsInvalidArgument(err):
		return activities.Fail(activities.InvalidInput, wrapped)
	}
	return wrapped
}

// said is an error in other words.
type said struct {
	text string
	error
}

// Error returns those words.
func (s said) Error() string { return s.text }

// Unwrap returns the error itself.
func (s said) Unwrap() error { return s.error }

func hasClass(err error) bool {
	_, ok := errors.AsType[*activities.Error](err)
	return ok
}

// startFailed classes what the engine says to a create or a start: by its words where they are known,
// else by its kind. Only what is neither known nor of a kind that no repetition mends is retried.
func startFailed(doing string, err error) error {
	failed := classed(doing, err)
	if e, ok := errors.AsType[*activities.Error](failed); ok && e.Class == activities.Unavailable ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return failed
	}
	if class, known := activities.EngineRefusal(err.Error()); known {
		return activities.Fail(class, fmt.Errorf("%s: %w", doing, err))
	}
	return failed
}
