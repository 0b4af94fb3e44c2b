package scaling

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The keys of a Shape that have no name of their own behind them. A side that does not set an option
// has no key for it: a restart policy of "no", a limit of 0 and an empty command are not set.
const (
	// ShapeImage is the reference as it is written, such as "redis:7".
	ShapeImage = "image"
	// ShapeCommand, ShapeEntrypoint and ShapeHealthcheck are lists: Digest(list...).
	ShapeCommand     = "command"
	ShapeEntrypoint  = "entrypoint"
	ShapeHealthcheck = "healthcheck"
	ShapeUser        = "user"
	ShapeWorkingDir  = "working_dir"
	// ShapeMemory is the limit in bytes as a decimal; ShapeCPU is ShapeCPUs of it.
	ShapeMemory = "memory limit"
	ShapeCPU    = "cpu limit"
	// ShapeRestart is ShapeRestartPolicy of the policy.
	ShapeRestart = "restart"
	// ShapeNetworkMode is host, none, bridge, or container for one in another's namespace. One on
	// networks of its own has ShapeNetwork of each in its place.
	ShapeNetworkMode = "network_mode"
)

// ShapeEnvironment is the key of a variable; a variable without a value is not set.
func ShapeEnvironment(name string) string { return "environment " + name }

// ShapeLabel is the key of a label. Labels for which OwnLabel says so are left out.
func ShapeLabel(name string) string { return "label " + name }

// ShapePort is the key of a port that is published, such as "port 80/tcp"; its value is ShapeBindings.
func ShapePort(target int, protocol string) string {
	return fmt.Sprintf("port %d/%s", target, protocol)
}

// ShapeMount is the key of what is mounted at a target; its value is ShapeMounted.
func ShapeMount(target string) string { return "mount " + target }

// ShapeNetwork is the key of a network by the engine's name of it; its value is Digest().
func ShapeNetwork(name string) string { return "network " + name }

// OwnLabel says whether a label is Compose's or ours, and so no part of what a file defines.
func OwnLabel(name string) bool {
	return strings.HasPrefix(name, "com.docker.compose.") || strings.HasPrefix(name, "dev.evenkeel.")
}

// Digest is the one form in which a value stands in a Shape. Lists that differ have different digests.
func Digest(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ShapeBindings is the value of a published port; each binding is "HOSTIP:HOSTPORT" with either left
// empty where it is not fixed. Their order does not count.
func ShapeBindings(bindings []string) string {
	return Digest(slices.Sorted(slices.Values(bindings))...)
}

// ShapeMounted is the value of a mount. kind is bind, volume or tmpfs; source is the absolute path or
// the engine's name of the volume, empty for an anonymous volume and a tmpfs.
func ShapeMounted(kind, source string, readOnly bool) string {
	return Digest(kind, source, strconv.FormatBool(readOnly))
}

// ShapeCPUs is the value of a limit of processors, given in 10^-9 of one. It is rounded to thousandths,
// because a file's number goes through 32 bits.
func ShapeCPUs(nano int64) string { return Digest(strconv.FormatInt((nano+500_000)/1_000_000, 10)) }

// ShapeRestartPolicy is the value of a restart policy such as always, unless-stopped or on-failure,
// with the number of retries of the last, 0 for no bound.
func ShapeRestartPolicy(name string, retries int) string { return Digest(name, strconv.Itoa(retries)) }

const fromImage = "image "

// FromImage marks the digest of an option that a container has as its image gives it. A file that
// does not name the option agrees with it, and so does one that names it with that very value.
func FromImage(digest string) string { return fromImage + digest }

// Differences returns the options by which a container differs from the file, by name and sorted:
// those with another value, and those that only one of the two sets.
func Differences(file, container Shape) []string {
	differ := map[string]bool{}
	for key, want := range file {
		if strings.TrimPrefix(container[key], fromImage) != want {
			differ[key] = true
		}
	}
	for key, has := range container {
		if _, ok := file[key]; !ok && !strings.HasPrefix(has, fromImage) {
			differ[key] = true
		}
	}
	return slices.Sorted(maps.Keys(differ))
}
