package activities

import "strings"

// permanent is what engines say, in lower case, of a container that this host, as both are, can never
// make or start. Releases give the same words different kinds, and many of them "internal", which
// would be retried: so the words decide.
var permanent = []struct{ text, class string }{
	// The definition is wrong.
	{"minimum memory limit allowed", InvalidInput},
	{"range of cpus", InvalidInput},
	{"requested cpus are not available", InvalidInput},
	{"unknown runtime specified", InvalidInput},
	{"unknown or invalid runtime name", InvalidInput},
	{"bind source path does not exist", InvalidInput},
	{"unknown log opt", InvalidInput},
	{"looking up logging plugin", InvalidInput},
	{"invalid capadd", InvalidInput},
	{"executable file not found", InvalidInput},
	{"unable to find user", InvalidInput},
	{"seccomp", InvalidInput},
	{"separate kernel namespace", InvalidInput},
	{"is not allowed in the host", InvalidInput},
	{"mount a directory onto a file", InvalidInput},
	{"unable to find group", InvalidInput},
	{"invalid capdrop", InvalidInput},
	{"open /proc/sys/", InvalidInput},
	{"ip value for host-gateway", InvalidInput},
	{"init cpu rt controller", InvalidInput},
	{"as it does not belong to the default network", InvalidInput},
	// The host does not have it, or does not have it free.
	{"port is already allocated", PreconditionFailed},
	{"address already in use", PreconditionFailed},
	{"no available ipv4 addresses", PreconditionFailed},
	{"no such image", PreconditionFailed},
	{"looking up volume plugin", PreconditionFailed},
	{"supported only for overlay over xfs", PreconditionFailed},
	{"cannot mkdir", PreconditionFailed},
	{"could not select device driver", PreconditionFailed},
	{"cdi device injection failed", PreconditionFailed},
	{"failed to discover gpu vendor", PreconditionFailed},
	{"gathering device information", PreconditionFailed},
	{"error while mounting volume", PreconditionFailed},
	{"creating mount source path", PreconditionFailed},
	{"can't find mount point of", PreconditionFailed},
	{"\" to rootfs at \"", PreconditionFailed},
	{"looking up the specified runtime path", PreconditionFailed},
	{"nvidia-container-cli: device error", PreconditionFailed},
	{"nvidia-container-cli: requirement error", PreconditionFailed},
	{"setting rlimit", PreconditionFailed},
	{"not a shared mount", PreconditionFailed},
	{"not a shared or slave mount", PreconditionFailed},
	// What it joins is not there or does not run.
	{"joining network namespace", PreconditionFailed},
	{"cannot join network", PreconditionFailed},
	{"can't join ipc", PreconditionFailed},
	{"failed to join ipc namespace", PreconditionFailed},
	{"cannot join pid", PreconditionFailed},
	{"is not running", PreconditionFailed},
	{"failed to join pid namespace", PreconditionFailed},
	{"cannot link to a non running container", PreconditionFailed},
}

// EngineRefusal returns the class of what an engine says to a create or a start that can never succeed on
// its host; false where the words are not known.
func EngineRefusal(text string) (class string, known bool) {
	text = strings.ToLower(text)
	for _, p := range permanent {
		if strings.Contains(text, p.text) {
			return p.class, true
		}
	}
	return "", false
}
