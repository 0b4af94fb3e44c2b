package compose

import (
	"strings"

	"github.com/evenkeel/evenkeel/activities"
)

// failures are what Compose says when it fails, the engine's words included, which it passes on as they
// are; its exit code is always 1. The first text that fits, in lower case, decides, so what is particular
// stands before what is general. What no text fits is retried.
var failures = []struct{ text, class string }{
	// Nobody is there now.
	{"failed to connect to the docker api", activities.Unavailable},
	{"cannot connect to the docker daemon", activities.Unavailable},
	{"no such host", activities.Unavailable},
	{"i/o timeout", activities.Unavailable},
	{"tls handshake timeout", activities.Unavailable},
	{"connection refused", activities.Unavailable},
	{"connection reset by peer", activities.Unavailable},
	{"toomanyrequests", activities.RateLimited},
	{"permission denied while trying to connect", activities.PermissionDenied},
	// The project does not say what is to be done.
	{"no such service", activities.NotFound},
	{"no configuration file provided", activities.NotFound},
	{"env file", activities.InvalidInput},
	{"required variable", activities.InvalidInput},
	{"required by secret", activities.InvalidInput},
	{"required by config", activities.InvalidInput},
	{"in read-only service", activities.InvalidInput},
	{"unsupported external", activities.InvalidInput},
	{"docker compose does not support", activities.InvalidInput},
	{"custom container name", activities.InvalidInput},
	{"error in parser", activities.InvalidInput},
	{"unable to prepare context", activities.InvalidInput},
	{"invalid compose", activities.InvalidInput},
	{"yaml:", activities.InvalidInput},
	// Something that it needs is not as it has to be.
	{"hook exited with status", activities.PreconditionFailed},
	{"declared as external, but could not be found", activities.NotFound},
	{"external volume", activities.NotFound},
	{"pool overlaps", activities.PreconditionFailed},
	{"dependency failed to start", activities.PreconditionFailed},
	{"container missing", activities.PreconditionFailed},
	{"has active endpoints", activities.PreconditionFailed},
	// The engine, when it makes the container.
	{"minimum memory limit allowed", activities.InvalidInput},
	{"range of cpus", activities.InvalidInput},
	{"requested cpus are not available", activities.InvalidInput},
	{"unknown runtime specified", activities.InvalidInput},
	{"unknown or invalid runtime name", activities.InvalidInput},
	{"bind source path does not exist", activities.InvalidInput},
	{"unknown log opt", activities.InvalidInput},
	{"looking up logging plugin", activities.InvalidInput},
	{"invalid capadd", activities.InvalidInput},
	{"invalid mount config", activities.InvalidInput},
	{"conflicting options", activities.InvalidInput},
	{"not a shared or slave mount", activities.PreconditionFailed},
	{"no such image", activities.NotFound},
	{"pull access denied", activities.NotFound},
	{"manifest unknown", activities.NotFound},
	{"looking up volume plugin", activities.NotFound},
	{"is already in use by container", activities.Conflict},
	{"cannot mkdir", activities.PreconditionFailed},
	{"supported only for overlay over xfs", activities.PreconditionFailed},
	// The engine, when it starts it.
	{"could not select device driver", activities.PreconditionFailed},
	{"cdi device injection failed", activities.PreconditionFailed},
	{"failed to discover gpu vendor", activities.PreconditionFailed},
	{"gathering device information", activities.PreconditionFailed},
	{"unable to find user", activities.InvalidInput},
	{"unable to find entry", activities.InvalidInput},
	{"error while mounting volume", activities.PreconditionFailed},
	{"port is already allocated", activities.PreconditionFailed},
	{"address already in use", activities.PreconditionFailed},
	{"no available ipv4 addresses", activities.PreconditionFailed},
	{"seccomp", activities.PreconditionFailed},
	{"separate kernel namespace", activities.PreconditionFailed},
	{"setting rlimit", activities.PreconditionFailed},
	{"cannot join network", activities.PreconditionFailed},
	{"can't join ipc", activities.PreconditionFailed},
	{"failed to join ipc namespace", activities.PreconditionFailed},
	{"no such container", activities.NotFound},
	{"executable file not found", activities.InvalidInput},
	{"no such file or directory", activities.InvalidInput},
	{"permission denied", activities.InvalidInput},
	{"not a directory", activities.InvalidInput},
	// "network web_back not found".
	{"not found", activities.NotFound},
}

// class returns the class of a failure by its text.
func class(text string) string {
	text = strings.ToLower(text)
	for _, f := range failures {
		if strings.Contains(text, f.text) {
			return f.class
		}
	}
	return activities.Unavailable
}
