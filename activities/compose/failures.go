package compose

import (
	"cmp"
	"strings"

	"github.com/evenkeel/evenkeel/activities"
)

// failure is a text in lower case, and the class of what says it.
type failure struct{ text, class string }

// failures are what Compose says when it fails; its exit code is always 1. The engine's words it passes on as
// they are. The first text that fits decides, so what is particular stands before what is general. What no
// text fits is retried.
var failures = []failure{
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
	// The engine, in words that depend on the request of Compose.
	{"invalid mount config", activities.InvalidInput},
	{"conflicting options", activities.InvalidInput},
	{"unable to find entry", activities.InvalidInput},
	{"not a shared or slave mount", activities.PreconditionFailed},
	{"pull access denied", activities.NotFound},
	{"manifest unknown", activities.NotFound},
	{"is already in use by container", activities.Conflict},
}

// general is looked for last, behind what engines are known to say.
var general = []failure{
	{"no such container", activities.NotFound},
	{"no such file or directory", activities.InvalidInput},
	{"permission denied", activities.InvalidInput},
	{"not a directory", activities.InvalidInput},
	// "network web_back not found".
	{"not found", activities.NotFound},
}

// class returns the class of a failure by its text.
func class(text string) string {
	text = strings.ToLower(text)
	if class, known := find(failures, text); known {
		return class
	}
	if class, known := activities.EngineRefusal(text); known {
		return class
	}
	class, _ := find(general, text)
	return cmp.Or(class, activities.Unavailable)
}

// find returns the class of the first of the failures that is in a text of lower case.
func find(list []failure, text string) (class string, known bool) {
	for _, f := range list {
		if strings.Contains(text, f.text) {
			return f.class, true
		}
	}
	return "", false
}
