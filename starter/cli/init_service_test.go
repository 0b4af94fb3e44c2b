package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/nginxconf"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

func TestCannotScale(t *testing.T) {
	for want, c := range map[string]struct {
		service scaling.Service
		port    int
	}{
		"":                                       {scaling.Service{Name: "web"}, 80},
		"env_file: gone":                         {scaling.Service{Name: "web", Fault: "env_file: gone"}, 0},
		"it is a provider (model), no container": {scaling.Service{Name: "web", Provider: "model"}, 0},
		"it is the router":                       {scaling.Service{Name: "proxy"}, 0},
		"container_name one, which one container only can have":                      {scaling.Service{Name: "web", ContainerName: "one"}, 0},
		"it publishes the host port 80, which one container only can have":           {scaling.Service{Name: "web", FixedPorts: []string{"80"}}, 0},
		"its static address back 10.0.0.9, which one container only can have":        {scaling.Service{Name: "web", StaticAddresses: []string{"back 10.0.0.9"}}, 0},
		"its link-local address back 169.254.8.8, which one container only can have": {scaling.Service{Name: "web", LinkLocal: []string{"back 169.254.8.8"}}, 0},
		"network_mode: host, where one process only can have port 80":                {scaling.Service{Name: "web", NetworkMode: "host"}, 80},
		"the content of config c is empty, and Compose mounts the whole project folder in its place": {
			scaling.Service{Name: "web", EmptyFiles: []string{"config c"}}, 0,
		},
		"it is postgres, by its image, and all replicas would write to data at /data": {
			scaling.Service{Name: "db", Database: "postgres, by its image", SharedVolumes: []string{"data at /data"}}, 0,
		},
		"it is a job that ends: api, web wait for it to complete": {scaling.Service{Name: "migrate", AwaitedBy: []string{"api", "web"}}, 0},
		"it is a job that ends: web waits for it to complete":     {scaling.Service{Name: "migrate", AwaitedBy: []string{"web"}}, 0},
	} {
		require.Equal(t, want, cannotScale(c.service, c.port, &router{service: "proxy"}))
	}
	require.Empty(t, cannotScale(scaling.Service{Name: "a", NetworkMode: "host"}, 0, nil), "no port, no clash")
	require.Empty(t, cannotScale(scaling.Service{Name: "a", Database: "postgres, by its image"}, 0, nil), "each has its own data")
	require.Empty(t, cannotScale(scaling.Service{Name: "a", SharedVolumes: []string{"x"}}, 0, nil))
}

func TestPortOf(t *testing.T) {
	for _, c := range []struct {
		service scaling.Service
		image   []int
		way     route
		port    int
		from    string
	}{
		{scaling.Service{}, nil, route{}, 0, ""},
		{scaling.Service{Ports: []int{8080}}, []int{80}, route{}, 8080, "expose or ports"},
		{scaling.Service{Ports: []int{8080, 9090}}, nil, route{}, 8080, "expose or ports; it has 9090, too"},
		{scaling.Service{}, []int{80, 443, 444}, route{}, 80, "the image; it has 443, 444, too"},
		{scaling.Service{Ports: []int{8080}, HealthPort: 9000}, nil, route{}, 9000, "the health check"},
		{scaling.Service{Ports: []int{8080}, HealthPort: 9000}, nil, route{port: 7000}, 7000, "the router"},
		{scaling.Service{Ports: []int{80, 8080}}, nil, route{upstream: "web"}, 80, "the router, and expose or ports"},
		{scaling.Service{Ports: []int{8080}}, nil, route{upstream: "web"}, 8080, "expose or ports"},
		{scaling.Service{}, nil, route{upstream: "web"}, 80, "the router, which passes requests to http://web"},
	} {
		port, from := portOf(c.service, c.image, c.way)
		require.Equal(t, c.port, port, c)
		require.Equal(t, c.from, from, c)
	}
}

func TestDescribe(t *testing.T) {
	r := &router{service: "nginx", folders: []routerFolder{{"/srv/up", "/etc/nginx/up"}}, config: nginxconf.Config{Passes: []nginxconf.Pass{{Host: "web"}}}}
	got := describe(scaling.Service{
		Name: "web", Ports: []int{8080}, HealthPort: 8080, HealthPath: "/ready", CPULimit: 1,
		PortRanges: []scaling.PortRange{{First: 8080, Last: 8083}}, SharedVolumes: []string{"a at /a"}, Unset: []string{"DB", "X"}, RoutedBy: "traefik",
	}, nil, r, []string{"nginx", "web"})
	require.Equal(t, config.FoundService{
		Name:    "web",
		Service: config.Service{Port: 8080, Ready: "/ready", Upstream: "web"},
		From:    map[string]string{"port": "the health check", "ready": "the health check", "upstream": "nginx passes requests to it"},
		Remarks: []string{
			"Its labels speak to traefik, which evenkeel does not steer: replicas are in use as soon as it sees them.",
			"It has no limit for memory: one replica may take the whole machine.",
			"It publishes the host ports 8080 to 8083, so there can be 4 replicas at most.",
			"All replicas write to a at /a.",
			"It uses variables that are not set here: DB, X.",
		},
	}, got)

	// A path that the configuration would not take, or that is asked on another port, is left out.
	for _, s := range []scaling.Service{
		{Name: "a", Ports: []int{1}, HealthPort: 1, HealthPath: "/a b"},
		{Name: "web", HealthPort: 9, HealthPath: "/ready"},
	} {
		own := &router{service: "nginx", config: nginxconf.Config{Passes: []nginxconf.Pass{{Host: "web", Port: 8}}}}
		require.Empty(t, describe(s, nil, own, []string{"web"}).Service.Ready)
	}
	require.Equal(t, config.FoundService{Name: "w", From: map[string]string{}}, describe(scaling.Service{Name: "w", CPULimit: 1, MemoryLimitMB: 1}, nil, nil, nil))
}
