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

func hasClass(err error) bool {
	_, ok := errors.AsType[*activities.Error](err)
	return ok
}

// permanent is what engines say, in lower case, of a container that this host, as both are, can never
// make or start. Releases give the same words different kinds, and many of them "internal", which
// would be retried: so the words decide.
var permanent = []struct{ text, class string }{
	// The definition is wrong.
	{"minimum memory limit allowed", activities.InvalidInput},
	{"range of cpus", activities.InvalidInput},
	{"requested cpus are not available", activities.InvalidInput},
	{"unknown runtime specified", activities.InvalidInput},
	{"unknown or invalid runtime name", activities.InvalidInput},
	{"bind source path does not exist", activities.InvalidInput},
	{"unknown log opt", activities.InvalidInput},
	{"looking up logging plugin", activities.InvalidInput},
	{"invalid capadd", activities.InvalidInput},
	{"executable file not found", activities.InvalidInput},
	{"unable to find user", activities.InvalidInput},
	{"seccomp", activities.InvalidInput},
	{"separate kernel namespace", activities.InvalidInput},
	{"is not allowed in the host", activities.InvalidInput},
	// The host does not have it, or does not have it free.
	{"port is already allocated", activities.PreconditionFailed},
	{"address already in use", activities.PreconditionFailed},
	{"no available ipv4 addresses", activities.PreconditionFailed},
	{"no such image", activities.PreconditionFailed},
	{"looking up volume plugin", activities.PreconditionFailed},
	{"supported only for overlay over xfs", activities.PreconditionFailed},
	{"cannot mkdir", activities.PreconditionFailed},
	{"could not select device driver", activities.PreconditionFailed},
	{"cdi device injection failed", activities.PreconditionFailed},
	{"failed to discover gpu vendor", activities.PreconditionFailed},
	{"gathering device information", activities.PreconditionFailed},
	{"error while mounting volume", activities.PreconditionFailed},
	{"setting rlimit", activities.PreconditionFailed},
	// What it joins is not there or does not run.
	{"joining network namespace", activities.PreconditionFailed},
	{"cannot join network", activities.PreconditionFailed},
	{"can't join ipc", activities.PreconditionFailed},
	{"failed to join ipc namespace", activities.PreconditionFailed},
}

// startFailed classes what the engine says to a create or a start: by its words where they are known,
// else by its kind. Only what is neither known nor of a kind that no repetition mends is retried.
func startFailed(doing string, err error) error {
	failed := classed(doing, err)
	if e, ok := errors.AsType[*activities.Error](failed); ok && e.Class == activities.Unavailable ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return failed
	}
	text := strings.ToLower(err.Error())
	for _, p := range permanent {
		if strings.Contains(text, p.text) {
			return activities.Fail(p.class, fmt.Errorf("%s: %w", doing, err))
		}
	}
	return failed
}
