package dockerd

import (
	"encoding/json"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

// asInspected returns what an inspection of c would be.
func asInspected(t *testing.T, c container.InspectResponse) compared {
	t.Helper()
	raw, err := json.Marshal(c)
	require.NoError(t, err)
	return compared{c, raw}
}

// cloneWith returns the inspection of an ordinary copy of siblingWith, changed by edit.
func cloneWith(edit func(*container.InspectResponse)) container.InspectResponse {
	const id = "cdcdcdcdcdcdcdcd"
	c := siblingWith(nil)
	c.ID, c.Name, c.Config.Hostname = id, "/shop-web-4", id[:12]
	c.Config.Labels[labelNumber], c.Config.Labels[labelRun] = "4", "run"
	c.NetworkSettings.Networks["shop_back"] = &network.EndpointSettings{
		Aliases: []string{"shop-web-4", "web", id[:12]}, IPAddress: "172.20.0.7", IPAMConfig: &network.EndpointIPAMConfig{},
	}
	c.NetworkSettings.Networks["shop_front"].Aliases = []string{"api", "shop-web-4", "web"}
	if edit != nil {
		edit(&c)
	}
	return c
}

func TestDifferences(t *testing.T) {
	volumeAt := func(name string) container.MountPoint {
		return container.MountPoint{Type: mount.TypeVolume, Name: name, Source: "/var/lib/" + name, Destination: "/data", RW: true}
	}
	other := "0e" + volumeID[2:]
	for _, c := range []struct {
		name           string
		gpu            string
		sibling, clone func(*container.InspectResponse)
		want           []string
	}{
		{name: "only what is its own"},
		{name: "a moved tag", clone: func(c *container.InspectResponse) { c.Config.Image = "sha256:1" }},
		{name: "another image", clone: func(c *container.InspectResponse) { c.Image = "sha256:2" }, want: []string{"Image"}},
		{
			name: "an option", clone: func(c *container.InspectResponse) {
				c.HostConfig.Memory, c.HostConfig.CapAdd = 1, []string{"NET_ADMIN"}
			},
			want: []string{"HostConfig.CapAdd", "HostConfig.Memory"},
		},
		{name: "no list is an empty list", clone: func(c *container.InspectResponse) { c.HostConfig.DNS, c.Config.Cmd = []string{}, nil }},
		{
			name: "variables by name, in any order", sibling: func(c *container.InspectResponse) { c.Config.Env = []string{"A=1", "B=2"} },
			clone: func(c *container.InspectResponse) { c.Config.Env = []string{"B=3", "A=1"} }, want: []string{"Config.Env B"},
		},
		{
			name: "an empty label less and one more", sibling: func(c *container.InspectResponse) { c.Config.Labels["team"] = "" }, clone: func(c *container.InspectResponse) {
				delete(c.Config.Labels, "team")
				c.Config.Labels["empty"] = ""
			},
			want: []string{"Config.Labels empty", "Config.Labels team"},
		},
		{
			name: "a hostname of the file", sibling: func(c *container.InspectResponse) { c.Config.Hostname = "web" },
			clone: func(c *container.InspectResponse) { c.Config.Hostname = "other" }, want: []string{"Config.Hostname"},
		},
		{
			name: "mounts in any order", sibling: func(c *container.InspectResponse) {
				c.HostConfig.Mounts = []mount.Mount{{Type: mount.TypeBind, Source: "/a", Target: "/x"}, {Type: mount.TypeBind, Source: "/b", Target: "/y"}}
			},
			clone: func(c *container.InspectResponse) {
				c.HostConfig.Mounts = []mount.Mount{{Type: mount.TypeBind, Source: "/c", Target: "/y"}, {Type: mount.TypeBind, Source: "/a", Target: "/x"}}
			},
			want: []string{"HostConfig.Mounts /y"},
		},
		{
			name: "an anonymous volume of its own", sibling: func(c *container.InspectResponse) {
				c.HostConfig.Binds, c.Mounts = []string{volumeID + ":/data:rw"}, []container.MountPoint{volumeAt(volumeID)}
			},
			clone: func(c *container.InspectResponse) {
				c.HostConfig.Mounts = []mount.Mount{{Type: mount.TypeVolume, Target: "/data"}}
				c.Mounts = []container.MountPoint{volumeAt(other)}
			},
		},
		{
			name: "another named volume", sibling: func(c *container.InspectResponse) { c.Mounts = []container.MountPoint{volumeAt("shop_a")} },
			clone: func(c *container.InspectResponse) { c.Mounts = []container.MountPoint{volumeAt("shop_b")} }, want: []string{"Mounts /data"},
		},
		{
			name: "a network and a name less", clone: func(c *container.InspectResponse) {
				delete(c.NetworkSettings.Networks, "shop_back")
				c.NetworkSettings.Networks["shop_front"].Aliases = []string{"shop-web-4", "web"}
			},
			want: []string{"Networks shop_back", "Networks shop_back.Aliases", "Networks shop_back.GwPriority", "Networks shop_front.Aliases"},
		},
		{
			name: "a link-local address that a copy cannot have", sibling: func(c *container.InspectResponse) {
				c.NetworkSettings.Networks["shop_back"].IPAMConfig = &network.EndpointIPAMConfig{LinkLocalIPs: []string{"169.254.8.8"}}
			},
			want: []string{"Networks shop_back.IPAMConfig"},
		},
		{
			name: "a GPU of its own", gpu: "GPU-2",
			sibling: func(c *container.InspectResponse) {
				c.Config.Env = []string{visibleEnv + "=all"}
				c.HostConfig.DeviceRequests = []container.DeviceRequest{{Driver: "nvidia", Count: 1}}
			},
			clone: func(c *container.InspectResponse) {
				c.Config.Env = []string{visibleEnv + "=GPU-2"}
				c.HostConfig.DeviceRequests = []container.DeviceRequest{{Driver: "nvidia", DeviceIDs: []string{"GPU-2"}}}
			},
		},
		{
			name: "a GPU less", sibling: func(c *container.InspectResponse) {
				c.HostConfig.DeviceRequests = []container.DeviceRequest{{Driver: "nvidia", Count: 1}}
			},
			want: []string{"HostConfig.DeviceRequests"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			sibling := siblingWith(func(s *container.InspectResponse) {
				s.NetworkSettings.Networks["shop_front"].IPAMConfig = nil
				if c.sibling != nil {
					c.sibling(s)
				}
			})
			clone := cloneWith(func(s *container.InspectResponse) {
				s.NetworkSettings.Networks["shop_front"].IPAMConfig = nil
				if c.clone != nil {
					c.clone(s)
				}
			})
			got, err := differences(asInspected(t, sibling), asInspected(t, clone), c.gpu)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// What this client does not know yet is compared all the same.
func TestFieldsOfALaterEngine(t *testing.T) {
	sibling, clone := asInspected(t, siblingWith(nil)), asInspected(t, siblingWith(nil))
	sibling.raw = []byte(`{"HostConfig": {"Later": 9007199254740993}, "Config": {}, "NetworkSettings": {"Networks": {"shop_front": {"IPAMConfig": {"IPv4Address": "172.21.0.9"}}}}}`)
	clone.raw = []byte(`{"HostConfig": {"Later": 9007199254740992}, "Config": {}, "NetworkSettings": {"Networks": {"shop_front": {"IPAMConfig": {}}}}}`)
	err := alike(sibling, clone, "")
	require.Equal(t, activities.PreconditionFailed, classOf(err))
	require.EqualError(t, err, "the copy is not like shop-web-1: HostConfig.Later, Networks shop_front.IPAMConfig differs; make it with `docker compose up` instead")
}
