package dockerd

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
)

func TestErrorClasses(t *testing.T) {
	for _, c := range []struct {
		text  string
		err   error
		class string
	}{
		{"not found", errdefs.ErrNotFound, activities.NotFound},
		{"conflict", errdefs.ErrConflict, activities.Conflict},
		{"invalid", errdefs.ErrInvalidArgument, activities.InvalidInput},
		{"forbidden", errdefs.ErrPermissionDenied, activities.PermissionDenied},
		{"unavailable", errdefs.ErrUnavailable, activities.Unavailable},
		{"an engine's own fault is retried", errdefs.ErrInternal, ""},
		{"cancelled", context.Canceled, ""},
		{"cancelled, whatever else it says", fmt.Errorf("port is already allocated: %w", context.Canceled), ""},
		{"out of reach, whatever else it says", fmt.Errorf("no such image: %w", errdefs.ErrUnavailable), activities.Unavailable},
	} {
		t.Run(c.text, func(t *testing.T) {
			err := startFailed("start web", c.err)
			require.Equal(t, c.class, classOf(err))
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, "start web: ")
		})
	}
}

// What engines 20.10 and 29 say to a create or a start that can never succeed, with the kind that they
// give it.
func TestPermanentRefusals(t *testing.T) {
	invalid, missing, conflict, internal, forbidden := errdefs.ErrInvalidArgument, errdefs.ErrNotFound, errdefs.ErrConflict, errdefs.ErrInternal, errdefs.ErrPermissionDenied
	const (
		runc20 = "failed to create shim: OCI runtime create failed: container_linux.go:380: starting container process caused: "
		runc29 = "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: "
		nets29 = "failed to set up container networking: "
	)
	for _, c := range []struct {
		text  string
		kind  error
		class string
	}{
		{"Minimum memory limit allowed is 6MB", invalid, activities.InvalidInput},
		{"Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available", invalid, activities.InvalidInput},
		{"Requested CPUs are not available - requested 99, available: 0-1", invalid, activities.InvalidInput},
		{"Unknown runtime specified nvidia", invalid, activities.InvalidInput},
		{"unknown or invalid runtime name: nvidia", invalid, activities.InvalidInput},
		{"invalid mount config for type \"bind\": bind source path does not exist: /nope", invalid, activities.InvalidInput},
		{"unknown log opt 'nope' for json-file log driver", invalid, activities.InvalidInput},
		{"error looking up logging plugin nope: plugin \"nope\" not found", internal, activities.InvalidInput},
		{"invalid CapAdd: unknown capability: \"CAP_NOPE\"", invalid, activities.InvalidInput},
		{"No such image: web:1", missing, activities.PreconditionFailed},
		{"error looking up volume plugin nope: plugin \"nope\" not found", missing, activities.PreconditionFailed},
		{"Conflict. The container name \"/web\" is already in use by container \"1\"", conflict, activities.Conflict},
		{"mkdir /x: cannot mkdir: file exists", internal, activities.PreconditionFailed},
		{"--storage-opt is supported only for overlay over xfs with 'pquota' mount option", internal, activities.PreconditionFailed},
		{runc20 + "exec: \"/nope\": stat /nope: no such file or directory: unknown", invalid, activities.InvalidInput},
		{runc29 + "exec: \"nope\": executable file not found in $PATH", internal, activities.InvalidInput},
		{"could not select device driver \"nvidia\" with capabilities: [[gpu]]", internal, activities.PreconditionFailed},
		{"could not select device driver \"cdi\": CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=0", internal, activities.PreconditionFailed},
		{"could not select device driver: failed to discover GPU vendor from CDI: no known GPU vendor found", internal, activities.PreconditionFailed},
		{"error gathering device information while adding custom device \"/dev/nope\": no such file or directory", internal, activities.PreconditionFailed},
		{"unable to find user nope: no matching entries in passwd file", internal, activities.InvalidInput},
		{"error while mounting volume '/var/lib/docker/volumes/x/_data': failed to mount local volume", internal, activities.PreconditionFailed},
		{"driver failed programming external connectivity on endpoint web (1f): Bind for 0.0.0.0:80 failed: port is already allocated", internal, activities.PreconditionFailed},
		{nets29 + "driver failed programming external connectivity on endpoint web (2e): failed to bind host port for 0.0.0.0:80: address already in use", internal, activities.PreconditionFailed},
		{"Address already in use", forbidden, activities.PreconditionFailed},
		{nets29 + "no available IPv4 addresses on this network's address pools: shop_front", internal, activities.PreconditionFailed},
		{"opening seccomp profile (nope.json) failed", internal, activities.InvalidInput},
		{"sysctl \"kernel.shm_rmid_forced\" is not in a separate kernel namespace", internal, activities.InvalidInput},
		{"failed to create shim task: OCI runtime create failed: runc create failed: sysctl \"kernel.shm_rmid_forced\" is not allowed in the hosts ipc namespace: unknown", internal, activities.InvalidInput},
		{runc29 + "error setting rlimits for ready process: error setting rlimit type 7: operation not permitted", internal, activities.PreconditionFailed},
		{"path /srv is mounted on / but it is not a shared or slave mount", internal, activities.PreconditionFailed},
		{"path /srv is mounted on / but it is not a shared mount", internal, activities.PreconditionFailed},
		{runc29 + "error during container init: open /proc/sys/net/ipv4/nope: no such file or directory", internal, activities.InvalidInput},
		{runc29 + "error mounting \"/srv\" to rootfs at \"/etc/hosts\": not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)?", internal, activities.InvalidInput},
		{"unable to find group nope: no matching entries in group file", internal, activities.InvalidInput},
		{"invalid CapDrop: unknown capability: \"CAP_NOPE\"", invalid, activities.InvalidInput},
		{"error while creating mount source path '/ro/x': mkdir /ro/x: read-only file system", internal, activities.PreconditionFailed},
		{"Can't find mount point of /srv", internal, activities.PreconditionFailed},
		{runc20 + "process_linux.go:545: container init caused: rootfs_linux.go:75: mounting \"tmpfs\" to rootfs at \"/t\" caused: mount through procfd: invalid argument: unknown", internal, activities.PreconditionFailed},
		{runc29 + "error mounting \"tmpfs\" to rootfs at \"/t\": mount tmpfs:/t, data: size=x: invalid argument", internal, activities.PreconditionFailed},
		{"error while looking up the specified runtime path: exec: \"nope\": stat /nope: not found", internal, activities.PreconditionFailed},
		{runc29 + "error running prestart hook #0: exit status 1, stdout: , stderr: nvidia-container-cli: device error: GPU-1: unknown device: unknown", internal, activities.PreconditionFailed},
		{runc20 + "error running hook #0: nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.9: unknown", internal, activities.PreconditionFailed},
		{"unable to derive the IP value for host-gateway", internal, activities.InvalidInput},
		{"unable to init CPU RT controller: no such device", internal, activities.InvalidInput},
		{"Cannot link to /db, as it does not belong to the default network", internal, activities.InvalidInput},
		{"Cannot link to a non running container: /db AS /web/db", internal, activities.PreconditionFailed},
		{"cannot join PID of a non running container: 0123", internal, activities.PreconditionFailed},
		{"container 0123 is not running", internal, activities.PreconditionFailed},
		{"failed to join PID namespace: No such container: 0123", internal, activities.PreconditionFailed},
		{"network 0123 not found", missing, activities.NotFound},
		{"No such container: 0123", missing, activities.NotFound},
		{"joining network namespace of container: No such container: 0123", internal, activities.PreconditionFailed},
		{"cannot join network of a non running container: 0123", conflict, activities.PreconditionFailed},
		{"can't join IPC of container 0123: non-shareable IPC", internal, activities.PreconditionFailed},
		{"failed to join IPC namespace: non-shareable IPC", internal, activities.PreconditionFailed},
	} {
		t.Run(c.text, func(t *testing.T) {
			err := startFailed("start web", fmt.Errorf("Error response from daemon: %s: %w", c.text, c.kind))
			require.Equal(t, c.class, classOf(err))
			require.ErrorContains(t, err, c.text, "the engine's words stay")
			app := activities.Classify(t.Context(), err)
			final, ok := errors.AsType[*temporal.ApplicationError](app)
			require.True(t, ok)
			require.True(t, final.NonRetryable())
		})
	}
}

// An engine that is not there is told in one sentence.
func TestNoEngine(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	e, err := New()
	require.NoError(t, err)
	_, err = e.Inventory(t.Context(), "shop")
	// Two things are asked at once, and the first error counts.
	require.Regexp(t, "^(list containers|engine info): Cannot connect to the Docker daemon at unix:///nowhere/docker.sock$", err.Error())
	require.Equal(t, activities.Unavailable, classOf(err))
}
