package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/nginxconf"
)

func TestRoute(t *testing.T) {
	names := []string{"api", "nginx", "openWebUI", "ui", "web", "web_backend2"}
	r := router{
		service: "nginx", folders: []routerFolder{{"/srv/up", "/etc/nginx/up"}}, managed: map[string]bool{"/etc/nginx/up/web.conf": true},
		config: nginxconf.Config{
			Passes: []nginxconf.Pass{{Host: "web"}, {}, {Host: "api_pool"}, {Host: "ui", Port: 3000}, {Host: "openwebui_backend"}, {Host: "unknown"}, {Host: "example.com"}},
			Upstreams: map[string]nginxconf.Upstream{
				"web":      {File: "/etc/nginx/up/web.conf", Servers: []nginxconf.Pass{{Host: "10.0.0.2", Port: 81}}},
				"api_pool": {File: "/etc/nginx/nginx.conf", Servers: []nginxconf.Pass{{Host: "api", Port: 9000}}},
			},
		},
	}
	require.Equal(t, route{upstream: "web", port: 81, from: "the members in web.conf"}, r.route("web", names))
	require.Equal(t, route{upstream: "openwebui_backend"}, r.route("openWebUI", names))
	require.Equal(t, route{port: 9000, from: "the router", remark: "nginx has an upstream api_pool of its own; for evenkeel to route, remove it there and write upstream: api_pool here"}, r.route("api", names))
	require.Equal(t, route{port: 3000, from: "the router", remark: "nginx passes requests to ui:3000; for evenkeel to route, write ui without the port there and upstream: ui here"}, r.route("ui", names))
	require.Zero(t, r.route("nginx", names))
	require.Zero(t, r.route("web_backend2", names))
	require.Equal(t, []string{"unknown"}, r.lost(names))
	require.True(t, r.variable())

	r.folders = nil
	require.Equal(t, route{remark: "nginx passes requests to it; for evenkeel to route, see nginx above"}, r.route("web", names))
}

func TestServiceOf(t *testing.T) {
	names := []string{"Web", "api", "web"}
	for host, want := range map[string]string{"web": "web", "Web": "Web", "WEB": "Web", "api-upstream": "api", "web_backend": "web", "x": "", "_backend": "", "": ""} {
		require.Equal(t, want, serviceOf(host, names), host)
	}
}

func TestOnHost(t *testing.T) {
	d := details{Mounts: []mount{
		{Type: "bind", Source: "/srv/nginx", Destination: "/etc/nginx"},
		{Type: "bind", Source: "/srv/up", Destination: "/etc/nginx/up"},
		{Type: "volume", Source: "/var/lib/docker/volumes/x/_data", Destination: "/etc/nginx/volume"},
	}}
	for inside, want := range map[string]string{
		"/etc/nginx/up": "/srv/up", "/etc/nginx/up/a": "/srv/up/a", "/etc/nginx/conf.d": "/srv/nginx/conf.d", "/etc/nginx/volume": "", "/etc/nginxx": "", "/etc": "",
	} {
		got, ok := d.onHost(inside)
		require.Equal(t, want, got, inside)
		require.Equal(t, want != "", ok, inside)
	}
}

// The replicas' addresses are all on one network that the router has, too.
func TestMembers(t *testing.T) {
	with := func(running bool, networks map[string]attachment) details {
		var d details
		d.State.Running = running
		d.NetworkSettings.Networks = networks
		return d
	}
	all := map[string]details{
		"router": with(true, map[string]attachment{"frontend": {NetworkID: "f", IPAddress: "10.1.0.2"}}),
		"1":      with(true, map[string]attachment{"backend": {NetworkID: "b", IPAddress: "10.2.0.3"}, "frontend": {NetworkID: "f", IPAddress: "10.1.0.3"}}),
		"2":      with(true, map[string]attachment{"backend": {NetworkID: "b", IPAddress: "10.2.0.4"}, "frontend": {NetworkID: "f", GlobalIPv6Address: "fd00::4"}}),
		"3":      with(true, map[string]attachment{"backend": {NetworkID: "b", IPAddress: "10.2.0.5"}}),
		"4":      with(false, map[string]attachment{"frontend": {NetworkID: "f"}}),
	}
	of := func(on string, ids ...string) []string {
		var replicas []container
		for _, id := range ids {
			replicas = append(replicas, container{ID: id})
		}
		got, running := members(router{details: all[on]}, all, replicas, 8080)
		require.LessOrEqual(t, len(got), running)
		return got
	}
	require.Equal(t, []string{"10.1.0.3:8080", "[fd00::4]:8080"}, of("router", "1", "2", "4"))
	require.Empty(t, of("router", "1", "3"), "one replica is apart, so no network is that of all")
	require.Empty(t, of("router", "4"))

	host := all["router"]
	host.HostConfig.NetworkMode, host.NetworkSettings.Networks = "host", nil
	all["host"] = host
	require.Equal(t, []string{"10.2.0.3:8080", "10.2.0.5:8080"}, of("host", "1", "3"))

	inside := with(true, nil)
	inside.HostConfig.NetworkMode = "container:router"
	all["inside"] = inside
	require.Equal(t, []string{"10.1.0.3:8080"}, of("inside", "1"))

	fresh := with(false, map[string]attachment{"frontend": {}})
	all["fresh"] = fresh
	require.Equal(t, []string{"10.1.0.3:8080"}, of("fresh", "1"), "a router that never ran knows its networks by name")
}

// What evenkeel wrote is nobody's own, however nginx includes it.
func TestManagedByName(t *testing.T) {
	texts := map[string]string{
		"/etc/nginx/nginx.conf":   "http { include /etc/nginx/up/web.conf; server { location / { proxy_pass http://web; } } }",
		"/etc/nginx/up/web.conf":  "# Managed by evenkeel\nupstream web {\n server 10.0.0.3:8080 max_fails=0;\n}\n",
		"/etc/nginx/up/other.txt": "",
	}
	r := readRouter("nginx", details{}, func(pattern string) []nginxconf.File {
		if text, ok := texts[pattern]; ok {
			return []nginxconf.File{{Path: pattern, Text: text}}
		}
		return nil
	})
	_, own := r.own("web")
	require.False(t, own)
	got := r.route("web", []string{"web"})
	require.Equal(t, "nginx passes requests to it; for evenkeel to route, see nginx above", got.remark)
}
