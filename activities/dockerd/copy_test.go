package dockerd

import (
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

var (
	siblingID = strings.Repeat("ab", 32)
	volumeID  = strings.Repeat("0f", 32)
	spec      = activities.CloneSpec{Project: "shop", Service: "web", Number: 4, Sibling: siblingID, MadeBy: "run"}
)

// siblingWith returns the inspection of an ordinary replica, changed by edit.
func siblingWith(edit func(*container.InspectResponse)) container.InspectResponse {
	c := container.InspectResponse{
		ContainerJSONBase: &container.ContainerJSONBase{
			ID: siblingID, Name: "/shop-web-1",
			HostConfig: &container.HostConfig{NetworkMode: "shop_front"},
		},
		Config: &container.Config{
			Hostname: siblingID[:12],
			Image:    "web:1",
			Labels:   map[string]string{labelProject: "shop", labelService: "web", labelNumber: "1", "team": "blue"},
		},
		NetworkSettings: &container.NetworkSettings{Networks: map[string]*network.EndpointSettings{
			"shop_back": {Aliases: []string{"shop-web-1", "web", siblingID[:12]}, IPAddress: "172.20.0.2", MacAddress: "02:42:ac:14:00:02"},
			"shop_front": {
				Aliases: []string{"shop-web-1", "web", "api"}, NetworkID: "f1",
				IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "172.21.0.9"},
			},
		}},
	}
	if edit != nil {
		edit(&c)
	}
	return c
}

func TestCopyNameAndLabels(t *testing.T) {
	for _, c := range []struct{ name, sibling, want string }{
		{"Compose v2", "/shop-web-1", "shop-web-4"},
		{"Compose v1", "/shop_web_1", "shop_web_4"},
		{"renamed by a person", "/the_web", "shop-web-4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sibling := siblingWith(func(s *container.InspectResponse) {
				s.Name = c.sibling
				s.Config.Labels[labelReplace] = "web-1"
				s.Config.Labels[labelRun] = "older run"
			})
			got := copyOf(sibling, spec)
			require.Equal(t, c.want, got.name)
			require.Equal(t, map[string]string{
				labelProject: "shop", labelService: "web", labelNumber: "4",
				"team": "blue", labelRun: "run",
			}, got.config.Labels)
			require.Equal(t, "1", sibling.Config.Labels[labelNumber], "the sibling is not changed")
		})
	}
}

func TestCopyHostname(t *testing.T) {
	for _, c := range []struct {
		name     string
		hostname string
		mode     container.NetworkMode
		uts      container.UTSMode
		want     string
	}{
		{"automatic", siblingID[:12], "shop_front", "", ""},
		{"from the Compose file", "web", "shop_front", "", "web"},
		{"of another container's network", "vpn", "container:1234", "", ""},
		{"of the host", "gpu-7", "host", "host", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := copyOf(siblingWith(func(s *container.InspectResponse) {
				s.Config.Hostname, s.HostConfig.NetworkMode, s.HostConfig.UTSMode = c.hostname, c.mode, c.uts
			}), spec)
			require.Equal(t, c.want, got.config.Hostname)
		})
	}
}

func TestCopyVolumes(t *testing.T) {
	volumeMount := func(source string) mount.Mount {
		return mount.Mount{Type: mount.TypeVolume, Source: source, Target: "/data"}
	}
	for _, c := range []struct {
		name       string
		binds      []string
		mounts     []mount.Mount
		wantBinds  []string
		wantMounts []mount.Mount
	}{
		{name: "none"},
		{name: "anonymous from the start", mounts: []mount.Mount{volumeMount("")}, wantMounts: []mount.Mount{volumeMount("")}},
		{name: "anonymous, handed on by name", mounts: []mount.Mount{volumeMount(volumeID)}, wantMounts: []mount.Mount{volumeMount("")}},
		{name: "named", mounts: []mount.Mount{volumeMount("shop_data")}, wantMounts: []mount.Mount{volumeMount("shop_data")}},
		{
			name:       "a folder with the name of an anonymous volume",
			mounts:     []mount.Mount{{Type: mount.TypeBind, Source: "/" + volumeID, Target: "/data"}},
			wantMounts: []mount.Mount{{Type: mount.TypeBind, Source: "/" + volumeID, Target: "/data"}},
		},
		{name: "binds stay", binds: []string{"/srv:/srv:ro", "shop_data:/data"}, wantBinds: []string{"/srv:/srv:ro", "shop_data:/data"}},
		{
			name: "anonymous as a bind", binds: []string{volumeID + ":/data:rw", volumeID + ":/read:z,ro"},
			wantMounts: []mount.Mount{volumeMount(""), {Type: mount.TypeVolume, Target: "/read", ReadOnly: true}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			sibling := siblingWith(func(s *container.InspectResponse) { s.HostConfig.Binds, s.HostConfig.Mounts = c.binds, c.mounts })
			before := append([]mount.Mount(nil), c.mounts...)
			got := copyOf(sibling, spec)
			require.Equal(t, c.wantBinds, got.host.Binds)
			require.Equal(t, c.wantMounts, got.host.Mounts)
			require.Equal(t, before, append([]mount.Mount(nil), sibling.HostConfig.Mounts...), "the sibling is not changed")
		})
	}
}

func TestCopyNetworks(t *testing.T) {
	custom := []string{"shop-web-4", "web", "api"}
	plain := []string{"shop-web-4", "web"}
	for _, c := range []struct {
		name    string
		edit    func(*container.InspectResponse)
		want    []string
		aliases [][]string
	}{
		{"the network of the mode first", nil, []string{"shop_front", "shop_back"}, [][]string{custom, plain}},
		{
			"the mode names the network by id", func(s *container.InspectResponse) { s.HostConfig.NetworkMode = "f1" },
			[]string{"shop_front", "shop_back"},
			[][]string{custom, plain},
		},
		{
			"the mode's network was left", func(s *container.InspectResponse) { delete(s.NetworkSettings.Networks, "shop_front") },
			[]string{"shop_back"},
			[][]string{plain},
		},
		{"default bridge, which knows no aliases", func(s *container.InspectResponse) {
			s.HostConfig.NetworkMode = "bridge"
			s.NetworkSettings.Networks = map[string]*network.EndpointSettings{"bridge": {}}
		}, []string{"bridge"}, [][]string{nil}},
		{"the host's network", func(s *container.InspectResponse) {
			s.HostConfig.NetworkMode = "host"
			s.NetworkSettings.Networks = map[string]*network.EndpointSettings{"host": {}}
		}, nil, nil},
		{"another container's network", func(s *container.InspectResponse) {
			s.HostConfig.NetworkMode = "container:1234"
			s.NetworkSettings.Networks = nil
		}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var names []string
			var aliases [][]string
			for _, e := range copyOf(siblingWith(c.edit), spec).networks {
				names = append(names, e.network)
				aliases = append(aliases, e.settings.Aliases)
				require.Nil(t, e.settings.IPAMConfig)
				require.Empty(t, e.settings.MacAddress)
				require.Empty(t, e.settings.IPAddress)
			}
			require.Equal(t, c.want, names)
			require.Equal(t, c.aliases, aliases)
		})
	}
}

func TestCopyLinks(t *testing.T) {
	got := copyOf(siblingWith(func(s *container.InspectResponse) {
		s.HostConfig.Links = []string{"/shop-db-1:/shop-web-1/db", "/shop-db-1:/shop-web-1/db-1", "/shop-db-1:/shop-web-1/shop-db-1"}
		s.NetworkSettings.Networks["shop_front"].Links = []string{"shop-db-1:db-1", "shop-db-1:shop-db-1"}
	}), spec)
	require.Equal(t, []string{"shop-db-1:db", "shop-db-1:db-4", "shop-db-1:shop-db-4"}, got.host.Links)
	require.Equal(t, []string{"shop-db-1:db-4", "shop-db-1:shop-db-4"}, got.networks[0].settings.Links)
}

func TestRenumbered(t *testing.T) {
	for name, c := range map[string]struct{ have, want []string }{
		"none":                     {nil, nil},
		"in both forms":            {[]string{"x:db-1", "x:shop-db-1"}, []string{"x:db-12", "x:shop-db-12"}},
		"of Compose 1":             {[]string{"x:db_1", "x:shop_db_1"}, []string{"x:db_12", "x:shop_db_12"}},
		"a name of the file":       {[]string{"x:db-1", "x:friend"}, []string{"x:db-1", "x:friend"}},
		"the forms of two":         {[]string{"x:db-1", "y:shop-db-1"}, []string{"x:db-1", "y:shop-db-1"}},
		"another number":           {[]string{"x:db-11", "x:shop-db-11"}, []string{"x:db-11", "x:shop-db-11"}},
		"a number within the name": {[]string{"x:db-1-1", "x:shop-db-1-1"}, []string{"x:db-1-12", "x:shop-db-1-12"}},
	} {
		require.Equal(t, c.want, renumbered(c.have, "shop", "1", "12"), name)
	}
}
