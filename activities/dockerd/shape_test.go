package dockerd

import (
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

func TestShape(t *testing.T) {
	c := siblingWith(func(c *container.InspectResponse) {
		c.Config.Image = "web:1"
		c.Config.Cmd, c.Config.Entrypoint = []string{"serve"}, []string{"/app"}
		c.Config.User, c.Config.WorkingDir = "app", "/srv"
		c.Config.Env = []string{"PATH=/bin", "MODE=fast", "LEVEL=1", "UNSET"}
		c.Config.Labels["vendor"], c.Config.Labels[labelHash] = "somebody", "h"
		c.Config.Healthcheck = &container.HealthConfig{Test: []string{"CMD", "/app", "health"}}
		c.HostConfig.Memory, c.HostConfig.NanoCPUs = 64<<20, 500_000_048
		c.HostConfig.RestartPolicy = container.RestartPolicy{Name: "on-failure", MaximumRetryCount: 3}
		c.HostConfig.Tmpfs = map[string]string{"/scratch": "size=1m"}
		c.HostConfig.Mounts = []mount.Mount{{Type: mount.TypeTmpfs, Target: "/tmpfs"}}
		c.Mounts = []container.MountPoint{
			{Type: mount.TypeBind, Source: "/srv/a", Destination: "/a"},
			{Type: mount.TypeVolume, Name: "shop_data", Source: "/var/lib/x", Destination: "/data", RW: true},
			{Type: mount.TypeVolume, Name: volumeID, Destination: "/image", RW: true},
			{Type: mount.TypeVolume, Name: volumeID, Destination: "/anonymous", RW: true},
		}
	})
	given := container.Config{
		Cmd: []string{"serve"}, Entrypoint: []string{"/other"}, User: "app", WorkingDir: "/srv", Env: []string{"PATH=/bin", "LEVEL=0"},
		Labels: map[string]string{"vendor": "somebody", "team": "red"}, Volumes: map[string]struct{}{"/image": {}},
	}
	want := scaling.Shape{
		"image": scaling.Digest("web:1"), "command": scaling.FromImage(scaling.Digest("serve")), "entrypoint": scaling.Digest("/app"),
		"user": scaling.FromImage(scaling.Digest("app")), "working_dir": scaling.FromImage(scaling.Digest("/srv")),
		"healthcheck": scaling.Digest("CMD", "/app", "health"), "environment PATH": scaling.FromImage(scaling.Digest("/bin")),
		"environment MODE": scaling.Digest("fast"), "environment LEVEL": scaling.Digest("1"),
		"label team": scaling.Digest("blue"), "label vendor": scaling.FromImage(scaling.Digest("somebody")),
		"memory limit": scaling.Digest("67108864"), "cpu limit": scaling.ShapeCPUs(500_000_000), "restart": scaling.ShapeRestartPolicy("on-failure", 3),
		"network shop_front": scaling.Digest(), "network shop_back": scaling.Digest(),
		"mount /scratch": scaling.ShapeMounted("tmpfs", "", false), "mount /tmpfs": scaling.ShapeMounted("tmpfs", "", false),
		"mount /a": scaling.ShapeMounted("bind", "/srv/a", true), "mount /data": scaling.ShapeMounted("volume", "shop_data", false),
		"mount /image": scaling.FromImage(scaling.ShapeMounted("volume", "", false)), "mount /anonymous": scaling.ShapeMounted("volume", "", false),
	}
	require.Equal(t, want, shapeOf(c, given))
}

func TestShapeNetworkMode(t *testing.T) {
	for mode, want := range map[string]string{
		"host": "host", "none": "none", "default": "bridge", "bridge": "bridge", "container:" + siblingID: "container",
	} {
		c := siblingWith(func(c *container.InspectResponse) {
			c.HostConfig.NetworkMode = container.NetworkMode(mode)
			c.NetworkSettings.Networks = map[string]*network.EndpointSettings{"bridge": {}}
		})
		shape := shapeOf(c, container.Config{})
		require.Equal(t, scaling.Digest(want), shape[scaling.ShapeNetworkMode], mode)
		require.NotContains(t, shape, scaling.ShapeNetwork("bridge"))
	}
}

func TestShapeWithoutTheVolumesOfOthers(t *testing.T) {
	c := siblingWith(func(c *container.InspectResponse) {
		c.HostConfig.VolumesFrom = []string{"other:ro"}
		c.HostConfig.Binds = []string{"/srv:/bound:ro"}
		c.HostConfig.Mounts = []mount.Mount{{Type: mount.TypeVolume, Source: "shop_data", Target: "/data"}}
		c.Config.Volumes = map[string]struct{}{"/image": {}}
		for _, target := range []string{"/bound", "/data", "/image", "/theirs"} {
			c.Mounts = append(c.Mounts, container.MountPoint{Type: mount.TypeVolume, Name: "shop_data", Destination: target})
		}
	})
	shape := shapeOf(c, container.Config{})
	for _, target := range []string{"/bound", "/data", "/image"} {
		require.Contains(t, shape, scaling.ShapeMount(target))
	}
	require.NotContains(t, shape, scaling.ShapeMount("/theirs"))
}
