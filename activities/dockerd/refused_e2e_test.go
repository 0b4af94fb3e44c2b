//go:build e2e

package dockerd

import (
	"os"
	"regexp"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
)

const startsNot = `
services:
  web: {image: IMAGE, entrypoint: [/nope]}
  folder: {image: IMAGE, entrypoint: [/image]}
  gone: {image: IMAGE, network_mode: "service:web"}
`

// What can never run is said at once, and nothing of it stays.
func TestClonesThatCannotRun(t *testing.T) {
	t.Parallel()
	s := site{t: t, Project: dockertest.NewProject(t, replaceImage(startsNot, dockertest.App(t)))}
	var err error
	s.engine, err = New()
	require.NoError(t, err)
	defer s.engine.Close()
	s.Run("create")
	ctx := t.Context()
	cloned := func(service string) error {
		spec := s.spec(2)
		spec.Service, spec.Sibling = service, s.inspect(s.Name+"-"+service+"-1").ID
		_, err := s.engine.Clone(ctx, spec)
		inv, inventoryErr := s.engine.Inventory(ctx, s.Name)
		require.NoError(t, inventoryErr)
		require.Len(t, inv.Of(service), 1, "nothing stays")
		return err
	}
	err = cloned("web")
	requireClass(t, activities.InvalidInput, err)
	require.ErrorContains(t, err, "/nope")
	requireClass(t, activities.InvalidInput, cloned("folder"))
	err = cloned("gone")
	requireClass(t, activities.PreconditionFailed, err)
	require.ErrorContains(t, err, "non running container")
	requireClass(t, activities.InvalidInput, s.engine.Start(ctx, s.inspect(s.Name+"-web-1").ID, nil, false))

	sibling := s.inspect(s.Name + "-web-1")
	runs := func(plan *blueprint) { plan.config.Entrypoint = []string{"/app"} }
	refused := func(t *testing.T, edit func(*blueprint)) error {
		t.Helper()
		spec := s.spec(3)
		plan := copyOf(sibling, spec)
		runs(&plan)
		edit(&plan)
		id, err := s.engine.create(ctx, spec, plan, sibling.Image)
		if err == nil {
			err = s.engine.start(ctx, id, "start it")
			require.NoError(t, s.engine.Remove(ctx, id))
		}
		return err
	}
	// The engine searches long for drivers of logs and volumes that are not there, so these are left out.
	for _, c := range []struct {
		name, class string
		edit        func(*blueprint)
	}{
		{"too little memory", activities.InvalidInput, func(p *blueprint) { p.host.Memory = 5 << 20 }},
		{"too many processors", activities.InvalidInput, func(p *blueprint) { p.host.NanoCPUs = 1e14 }},
		{"processors that are not there", activities.InvalidInput, func(p *blueprint) { p.host.CpusetCpus = "9999" }},
		{"an unknown runtime", activities.InvalidInput, func(p *blueprint) { p.host.Runtime = "nope" }},
		{"a folder that is not there", activities.InvalidInput, func(p *blueprint) {
			p.host.Mounts = append(p.host.Mounts, mount.Mount{Type: mount.TypeBind, Source: "/nope/nope", Target: "/x"})
		}},
		{"an unknown log option", activities.InvalidInput, func(p *blueprint) {
			p.host.LogConfig = container.LogConfig{Type: "json-file", Config: map[string]string{"nope": "1"}}
		}},
		{"an unknown capability", activities.InvalidInput, func(p *blueprint) { p.host.CapAdd = []string{"NOPE"} }},
		{"no GPU driver", activities.PreconditionFailed, func(p *blueprint) {
			p.host.DeviceRequests = []container.DeviceRequest{{Driver: "nope", Count: 1, Capabilities: [][]string{{"nope"}}}}
		}},
		{"a device that is not there", activities.PreconditionFailed, func(p *blueprint) {
			p.host.Devices = []container.DeviceMapping{{PathOnHost: "/dev/nope", PathInContainer: "/dev/nope", CgroupPermissions: "r"}}
		}},
		{"a folder that cannot be made", activities.PreconditionFailed, func(p *blueprint) { p.host.Binds = append(p.host.Binds, "/proc/nope/x:/x") }},
		{"a tmpfs with an option that the kernel does not take", activities.PreconditionFailed, func(p *blueprint) { p.host.Tmpfs = map[string]string{"/t": "nr_inodes=x"} }},
		{"the processes of one that does not run", activities.PreconditionFailed, func(p *blueprint) { p.host.PidMode = container.PidMode("container:" + sibling.ID) }},
		{"a link to one on another network", activities.InvalidInput, func(p *blueprint) {
			p.host.NetworkMode, p.host.Links, p.networks = "bridge", []string{sibling.Name[1:] + ":other"}, nil
		}},
		{"an unknown user", activities.InvalidInput, func(p *blueprint) { p.config.User = "nobody-of-that-name" }},
		{"a namespace of the host and a setting of it", activities.InvalidInput, func(p *blueprint) {
			p.host.IpcMode, p.host.Sysctls = "host", map[string]string{"kernel.shm_rmid_forced": "1"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) { requireClass(t, c.class, refused(t, c.edit)) })
	}

	mounts, err := os.ReadFile("/proc/1/mountinfo")
	require.NoError(t, err)
	if !regexp.MustCompile(`(?m) /proc \S+ - proc `).Match(mounts) {
		t.Skip("the mounts of this host are shared")
	}
	err = refused(t, func(p *blueprint) {
		p.host.Mounts = append(p.host.Mounts, mount.Mount{
			Type: mount.TypeBind, Source: "/proc", Target: "/x", BindOptions: &mount.BindOptions{Propagation: mount.PropagationRShared},
		})
	})
	requireClass(t, activities.PreconditionFailed, err)
	require.ErrorContains(t, err, "not a shared mount")
}
