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
	switch {
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

// hostReasons are parts of the engine's texts that say that this host, as it is, can never run the
// container. The engine reports them as internal errors.
var hostReasons = []string{
	"port is already allocated",
	"address already in use",
	"no such image",
	"could not select device driver",
	"cdi device injection failed",
}

// startFailed classes what the engine says to a create or a start.
func startFailed(doing string, err error) error {
	text := strings.ToLower(err.Error())
	for _, reason := range hostReasons {
		if strings.Contains(text, reason) {
			return activities.Fail(activities.PreconditionFailed, fmt.Errorf("%s: %w", doing, err))
		}
	}
	return classed(doing, err)
}
