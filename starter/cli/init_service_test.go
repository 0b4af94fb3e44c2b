package cli

import (
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
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
		"it is the database postgres, and all replicas would write to data at /data": {
			scaling.Service{Name: "db", Database: "the database postgres", SharedVolumes: []string{"data at /data"}}, 0,
		},
	} {
		require.Equal(t, want, cannotScale(c.service, c.port, &router{service: "proxy"}))
	}
	require.Empty(t, cannotScale(scaling.Service{Name: "a", NetworkMode: "host"}, 0, nil), "no port, no clash")
	require.Empty(t, cannotScale(scaling.Service{Name: "a", Database: "the database postgres"}, 0, nil), "each has its own data")
	require.Empty(t, cannotScale(scaling.Service{Name: "a", Image: "my-postgres-exporter", SharedVolumes: []string{"x"}}, 0, nil))
	require.Equal(t, "it is a job that ends: api, web wait for it to complete", cannotScale(scaling.Service{Name: "a", AwaitedBy: []string{"api", "web"}}, 0, nil))
	for _, mode := range []string{"service:vpn", "container:vpn", "host"} {
		require.Equal(t, "network_mode: "+mode+", where one process only can have port 80", describe(scaling.Service{Name: "a", NetworkMode: mode, Ports: []int{80, 81}}, facts{}, nil, nil).CannotScale)
	}
}

func TestPortOf(t *testing.T) {
	// open is a replica that listens on some ports; nil is none that runs.
	open := func(ports ...int) func([]int) []int {
		return func(candidates []int) []int {
			return slices.DeleteFunc(slices.Clone(candidates), func(p int) bool { return !slices.Contains(ports, p) })
		}
	}
	of := func(ports ...int) imageFacts { return imageFacts{ports: ports} }
	for _, c := range []struct {
		service scaling.Service
		known   facts
		way     route
		port    int
		from    string
		several []int
	}{
		{},
		{service: scaling.Service{Ports: []int{8080}}, known: facts{image: of(80)}, port: 8080, from: "expose or ports"},
		{service: scaling.Service{Ports: []int{8080, 9090}}, several: []int{8080, 9090}},
		{service: scaling.Service{Ports: []int{8080, 9090}}, known: facts{listens: open(9090)}, port: 9090, from: "expose or ports; a replica listens there"},
		{service: scaling.Service{Ports: []int{8080, 9090, 1}}, known: facts{listens: open(8080, 9090)}, several: []int{8080, 9090}},
		{service: scaling.Service{Ports: []int{8080, 9090}}, known: facts{listens: open()}, several: []int{8080, 9090}},
		{known: facts{image: of(80, 443, 444)}, several: []int{80, 443, 444}},
		{service: scaling.Service{Ports: []int{8080}, HealthPort: 9000}, port: 9000, from: "the health check"},
		{known: facts{image: imageFacts{ports: []int{1, 2}, healthPort: 2}}, port: 2, from: "the image's health check"},
		{service: scaling.Service{Ports: []int{8080}, HealthPort: 9000}, way: route{port: 7000, from: "the router"}, port: 7000, from: "the router"},
		{service: scaling.Service{Ports: []int{80, 8080}}, way: route{upstream: "web"}, port: 80, from: "the router, and expose or ports"},
		{service: scaling.Service{Ports: []int{8080}}, way: route{upstream: "web"}, port: 8080, from: "expose or ports"},
		{way: route{upstream: "web"}},
		{way: route{upstream: "web"}, known: facts{listens: open(3000)}},
		{service: scaling.Service{Ports: []int{8080}, HealthPort: 9000}, way: route{upstream: "web"}, known: facts{listens: open(80, 8080, 9000)}, port: 80, from: "the router; a replica listens there"},
		{service: scaling.Service{Ports: []int{8080}}, way: route{upstream: "web"}, known: facts{listens: open(8080)}, port: 8080, from: "expose or ports"},
		{way: route{upstream: "web"}, known: facts{listens: open(80)}, port: 80, from: "the router; a replica listens there"},
	} {
		port, from, several := portOf(c.service, c.known, c.way)
		require.Equal(t, c.port, port, c)
		require.Equal(t, c.from, from, c)
		require.Equal(t, c.several, several, c)
	}
}

// Only a refused connection proves that nobody listens.
func TestNotRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	gone := closed.Addr().(*net.TCPAddr).Port
	require.NoError(t, closed.Close())
	port := listener.Addr().(*net.TCPAddr).Port
	require.Equal(t, []int{port}, notRefused(t.Context(), "127.0.0.1", []int{gone, port}))

	running := details{}
	running.State.Running = true
	running.NetworkSettings.Networks = map[string]attachment{"n": {IPAddress: "127.0.0.1"}}
	all, replicas := map[string]details{"1": running}, []container{{ID: "1"}}
	require.NotEmpty(t, (&engine{address: "unix:///run/docker.sock"}).runningAt(all, replicas))
	require.Empty(t, (&engine{address: "tcp://10.0.0.1:2375"}).runningAt(all, replicas), "the engine is elsewhere")
	require.Empty(t, (&engine{address: "unix:///run/docker.sock"}).runningAt(nil, replicas), "none runs")
	require.Nil(t, askedReplica(t.Context(), "", imageFacts{}).listens)
}

// What is routed and of which the port is not known is written switched off, with what is to be done.
func TestDescribeUnknownPort(t *testing.T) {
	r := &router{service: "nginx", folders: []routerFolder{{"/srv/up", "/etc/nginx/up"}}, config: nginxconf.Config{Passes: []nginxconf.Pass{{Host: "web"}}}}
	got := describe(scaling.Service{Name: "web"}, facts{}, r, []string{"web"})
	require.Equal(t, "its port is not known: set port", got.CannotScale)
	require.Equal(t, config.Service{Upstream: "web"}, got.Service)
	got = describe(scaling.Service{Name: "web", Ports: []int{1, 2}}, facts{}, r, []string{"web"})
	require.Equal(t, "its port is not known, it may be one of 1, 2: set port", got.CannotScale)
	got = describe(scaling.Service{Name: "w", CPULimit: 1, MemoryLimitMB: 1, Ports: []int{1, 2}}, facts{}, nil, nil)
	require.Empty(t, got.CannotScale)
	require.Equal(t, []string{"Which of its ports answers requests is not known, 1, 2: set port."}, got.Remarks)
}

// A policy that a service has for its name alone is written down.
func TestDescribePolicy(t *testing.T) {
	got := describe(scaling.Service{Name: "app"}, facts{}, nil, nil)
	require.Equal(t, "app", got.Service.Policy)
	require.Equal(t, "the built-in one of that name: 2 to 10 replicas; policy: default has 1 to 10", got.From["policy"])
	require.Empty(t, describe(scaling.Service{Name: "default"}, facts{}, nil, nil).Service.Policy)
	require.Empty(t, describe(scaling.Service{Name: "app", ContainerName: "app"}, facts{}, nil, nil).Service.Policy)
	text := string(config.Write(config.Found{TimeZone: "UTC", Host: "h", Projects: []config.FoundProject{{Name: "p", Directory: "/p", Services: []config.FoundService{got}}}}))
	require.Contains(t, text, "app:\n            policy: app # the built-in one of that name: 2 to 10 replicas")
}

func TestDescribe(t *testing.T) {
	r := &router{service: "nginx", folders: []routerFolder{{"/srv/up", "/etc/nginx/up"}}, config: nginxconf.Config{Passes: []nginxconf.Pass{{Host: "web"}}}}
	got := describe(scaling.Service{
		Name: "web", Ports: []int{8080}, HealthPort: 8080, HealthPath: "/ready", CPULimit: 1,
		PortRanges: []scaling.PortRange{{First: 8080, Last: 8083}}, SharedVolumes: []string{"a at /a"}, Unset: []string{"DB", "X"}, RoutedBy: "traefik",
	}, facts{}, r, []string{"nginx", "web"})
	require.Equal(t, config.FoundService{
		Doubtful: true,
		Name:     "web",
		Service:  config.Service{Port: 8080, Ready: "/ready", Upstream: "web"},
		From:     map[string]string{"port": "the health check", "ready": "the health check", "upstream": "nginx passes requests to it"},
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
		require.Empty(t, describe(s, facts{}, own, []string{"web"}).Service.Ready)
	}
	// The image's own check counts where the service has none.
	image := facts{image: imageFacts{ports: []int{8080}, healthPort: 8080, healthPath: "/up"}}
	require.Equal(t, config.Service{Port: 8080, Ready: "/up"}, describe(scaling.Service{Name: "a"}, image, nil, nil).Service)
	require.Equal(t, config.FoundService{Name: "w", From: map[string]string{}}, describe(scaling.Service{Name: "w", CPULimit: 1, MemoryLimitMB: 1}, facts{}, nil, nil))
}

// A path that a running replica does not answer with 200 would never make one ready.
func TestReadyPathIsTried(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(strings.Trim(r.URL.Path, "/"))
		w.WriteHeader(status)
	}))
	defer server.Close()
	host, text, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	known := askedReplica(t.Context(), host, imageFacts{})
	for path, want := range map[string]string{
		"/200": "",
		"/204": "Its health check asks /204, to which a running replica answers 204: a path under ready has to answer 200.",
		"/302": "Its health check asks /302, to which a running replica answers 302: a path under ready has to answer 200.",
	} {
		got := describe(scaling.Service{Name: "web", CPULimit: 1, MemoryLimitMB: 1, HealthPort: port, HealthPath: path}, known, nil, nil)
		if want == "" {
			require.Equal(t, path, got.Service.Ready)
			require.Empty(t, got.Remarks)
			continue
		}
		require.Empty(t, got.Service.Ready)
		require.Equal(t, []string{want}, got.Remarks)
	}
	require.Zero(t, statusOf(t.Context(), "http://127.0.0.1:1/"))
}
