package config

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the machine of the test may have no zones

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/jsonpath"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

func TestLoad(t *testing.T) {
	t.Setenv("EVENKEEL_TEST_DIR", "/srv/$HOME")
	t.Setenv("EVENKEEL_TEST_HOST", "metrics")
	here, err := filepath.Abs("testdata/good")
	require.NoError(t, err)

	text, err := os.ReadFile("testdata/good/full.yaml")
	require.NoError(t, err)
	got, err := Load("testdata/good/full.yaml")
	require.NoError(t, err)
	require.EqualError(t, got.Fault("disabled[0]", "%s is gone; remove it", "worker-rl"), "testdata/good/full.yaml:56:12: disabled[0]: worker-rl is gone; remove it")
	got.doc = nil
	require.EqualError(t, got.Fault("disabled[0]", "is gone"), here+"/full.yaml: disabled[0]: is gone")
	require.Equal(t, &Config{
		Path:     here + "/full.yaml",
		SHA256:   fmt.Sprintf("%x", sha256.Sum256(text)),
		TimeZone: "Europe/Vienna",
		Hosts: map[string]Host{
			"gpu1": {Key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f", Projects: map[string]Project{
				"shop": {
					Directory: "/srv/$HOME/shop",
					Files:     []string{"compose.yaml", "../metrics.yaml", "a$b.yaml"},
					EnvFiles:  []string{".env", "/etc/shop.env"},
					Profiles:  []string{"debug", "$x"},
					Services: map[string]Service{
						"app": {
							Policy: "web", Port: 8000, Ready: "/ready", Health: "/health?deep=1", Metrics: "/metrics",
							InFlight: "http_requests_in_flight", Upstream: "app_Backend",
						},
						"worker-llm": {Port: 8001, Drain: "/drain"},
						"_worker":    {},
						"openWebUI":  {Port: 1, Upstream: "_ui"},
					},
					Nginx: &Nginx{Service: "nginx", Upstreams: here + "/nginx/up$streams"},
					Admin: Admin{
						TokenFile: here + "/token", Service: "app", Port: 8000,
						Paths: AdminPaths{Breaker: "/ops/breaker", CacheStats: "/ops/cache?short=1"},
					},
				},
				"2_shop-b": {Directory: here + "/other", Services: map[string]Service{"app": {}}},
			}},
			"gpu.2": {Projects: map[string]Project{"shop": {
				Directory: "/srv/shop",
				Nginx:     &Nginx{Config: "/etc/nginx/nginx.conf", PIDFile: "/run/nginx.pid", Upstreams: "/etc/nginx/upstreams"},
			}}},
		},
		Models:     map[string]Model{"gemma-3.27b": {VRAMMB: 18000, Priority: 1}, "mistral_7b": {VRAMMB: 4500, Priority: 5}},
		GPU:        GPU{HeadroomRatio: 0.1, WarnRatio: 0.25, Offload: true},
		Prometheus: Prometheus{URL: "http://metrics:9090/prom"},
		Commands: map[string]Command{
			"reload-model": {
				Argv: []string{"/usr/local/bin/reload-model", "--now"}, Args: []CommandArg{{Name: "model", Pattern: "[a-z0-9_]+"}},
				Risk: "destructive", Idempotent: true, Timeout: strictyaml.Duration(2 * time.Minute),
			},
			"rotate": {Argv: []string{"/usr/sbin/logrotate"}, Risk: "write", Timeout: strictyaml.Duration(30 * time.Second)},
		},
		People: identity.People{"anna": {Host: []string{"anna@gpu-1", "ops@gpu-2"}, SSH: []string{"anna@example.com"}}},
		Groups: map[string][]string{
			"oncall": {"anna", "*@gpu-2", "ben@*", `CORP\eve@gpu_3`}, "sre": {"*@*"},
		},
		Identity:  Identity{AllowedSigners: here + "/allowed_signers"},
		Approvals: Approvals{Operators: []string{"sre"}, AuthenticatedFrom: "destructive"},
		Paging: &Paging{
			PagerDuty: &PagerDuty{RoutingKeyFile: "/srv/$HOME/key", URL: "https://metrics.example/pd"}, Severities: []string{"Sev1", "Sev3"},
		},
		ChatWebhook: &ChatWebhook{Kind: "discord", URLFile: here + "/chat-url"},
		Heartbeat:   &Heartbeat{URLFile: "/etc/evenkeel/heartbeat-url", Interval: strictyaml.Duration(time.Hour)},
		Ingress: Ingress{
			Listen: "127.0.0.1:9465", Hosts: []string{"gpu1"},
			Alertmanager: &Alertmanager{TokenFile: here + "/am-token", HostLabel: "host", ProjectLabel: "compose_project"},
			Hooks: map[string]Hook{"grafana": {
				SecretFile: "/etc/evenkeel/grafana", Runbook: "llm_failure_response", Host: "gpu1", Project: "shop",
				Inputs: map[string]jsonpath.Path{"model": jsonPath(t, "alerts[0].labels.model"), "service": jsonPath(t, "service")},
			}},
		},
		TemplatesDir: filepath.Dir(here) + "/definitions",
		Disabled:     []string{"worker-rl"},
	}, got)
	services := got.Hosts["gpu1"].Projects["shop"].Services
	require.Equal(t, scaling.Endpoint{Port: 8001, Drain: "/drain"}, services["worker-llm"].Endpoint())
	require.Equal(t, scaling.Endpoint{
		Port: 8000, Ready: "/ready", Health: "/health?deep=1", Metrics: "/metrics",
		InFlight: "http_requests_in_flight", Upstream: "app_Backend",
	}, services["app"].Endpoint())

	least, err := Load("testdata/good/least.yaml")
	require.NoError(t, err)
	require.Empty(t, least.TemplatesDir, "no definitions of its own is not the folder of the file")
	require.Empty(t, least.Approvals.Operators, "without groups nobody is an operator")
	require.Equal(t, map[string]Project{"shop": {Directory: here}}, least.Hosts["gpu1"].Projects, "no router, no product and no paths of one")
	require.Equal(t, Default().GPU, least.GPU)
	require.Equal(t, Default().Models, least.Models)
}

// Models of one's own replace the built-in ones whole.
func TestModels(t *testing.T) {
	for text, want := range map[string]map[string]Model{
		"":                             Default().Models,
		"models:":                      Default().Models,
		"models: {}":                   {},
		"models: {a: {vram_mb: 1}}":    {"a": {VRAMMB: 1, Priority: 5}},
		"gpu: {warn_ratio: 0.2}":       Default().Models,
		"gpu: {headroom_ratio: 0}":     Default().Models,
		"gpu: {headroom_ratio: 0.250}": Default().Models,
	} {
		c, err := parse("f", "/f", []byte(least+text))
		require.NoError(t, err, text)
		require.Equal(t, want, c.Models, text)
	}
	require.Equal(t, map[string]Model{
		"qwen_32b": {VRAMMB: 16000, Priority: 9}, "mistral_7b": {VRAMMB: 4000, Priority: 7}, "llama3_8b": {VRAMMB: 5000, Priority: 5},
	}, Default().Models)
	require.Equal(t, GPU{HeadroomRatio: 0.20, WarnRatio: 0.25}, Default().GPU)
}

// Every bad file has its whole error text beside it.
func TestFaults(t *testing.T) {
	t.Setenv("EVENKEEL_TEST_EMPTY", "")
	files, err := filepath.Glob("testdata/bad/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			want, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".want")
			require.NoError(t, err)
			_, got := Load(file)
			require.Error(t, got)
			require.Equal(t, string(want), strings.ReplaceAll(got.Error(), "testdata/bad/", "")+"\n")
		})
	}
}

func TestHost(t *testing.T) {
	machine, err := os.Hostname()
	require.NoError(t, err)
	machine, _, _ = strings.Cut(strings.ToLower(machine), ".")
	one := &Config{Path: "/c", Hosts: map[string]Host{"gpu1": {Projects: map[string]Project{"one": {}}}}}
	many := &Config{Path: "/c", Hosts: map[string]Host{"gpu1": {}, machine: {Projects: map[string]Project{"here": {}}}}}
	strange := &Config{Path: "/c", Hosts: map[string]Host{"not.this.1": {}, "not.this.2": {}}}

	name, host, err := one.Host("")
	require.NoError(t, err)
	require.Equal(t, "gpu1", name)
	require.Equal(t, []string{"one"}, host.Names())

	name, host, err = many.Host("")
	require.NoError(t, err)
	require.Equal(t, machine, name)
	require.Equal(t, []string{"here"}, host.Names())

	name, _, err = many.Host("gpu1")
	require.NoError(t, err)
	require.Equal(t, "gpu1", name)

	_, _, err = one.Host("gpu2")
	require.EqualError(t, err, `/c has no host "gpu2"; its hosts are gpu1`)
	_, _, err = strange.Host("")
	require.EqualError(t, err, `/c has no host "`+machine+`"; its hosts are not.this.1, not.this.2`)
}

func TestProject(t *testing.T) {
	one := Host{Projects: map[string]Project{"shop": {Directory: "/srv/shop"}}}
	two := Host{Projects: map[string]Project{"shop": {Directory: "/srv/shop"}, "blog": {Directory: "/srv/blog"}}}

	name, project, err := one.Project("")
	require.NoError(t, err)
	require.Equal(t, "shop", name)
	require.Equal(t, "/srv/shop", project.Directory)

	name, project, err = two.Project("blog")
	require.NoError(t, err)
	require.Equal(t, "blog", name)
	require.Equal(t, "/srv/blog", project.Directory)

	_, _, err = two.Project("")
	require.EqualError(t, err, "the host has several projects: blog, shop")
	_, _, err = one.Project("blog")
	require.EqualError(t, err, `the host has no project "blog"; it has shop`)
}
