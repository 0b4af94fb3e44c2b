package compose

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// one returns the service a of a project that is given as the options of a.
func one(t *testing.T, options, others string) scaling.Service {
	t.Helper()
	got, err := project(t, map[string]string{"compose.yaml": "services:\n  a: {image: x, " + options + "}\n" + others}).Services(t.Context())
	require.NoError(t, err)
	return got[0]
}

func TestFields(t *testing.T) {
	plain := scaling.Service{Name: "a", Image: "x", Scale: 1}
	for name, c := range map[string]struct {
		options, others string
		want            func(*scaling.Service)
	}{
		"nothing":           {"", "", func(*scaling.Service) {}},
		"scale":             {"scale: 3", "", func(s *scaling.Service) { s.Scale = 3 }},
		"replicas":          {"deploy: {replicas: 4}", "", func(s *scaling.Service) { s.Scale = 4 }},
		"none":              {"scale: 0", "", func(s *scaling.Service) { s.Scale = 0 }},
		"stop_grace_period": {"stop_grace_period: 1m30s500ms", "", func(s *scaling.Service) { s.StopGraceSeconds = 91 }},
		"host network":      {"network_mode: host", "", func(s *scaling.Service) { s.NetworkMode = "host" }},
		"provider": {"provider: {type: model, options: {model: m}}", "", func(s *scaling.Service) {
			s.Provider, s.Image = "model", ""
		}},
		"port ranges": {"ports: ['127.0.0.1:8000-8003:80', '9000-9001:90/udp', '7000:70', '60']", "", func(s *scaling.Service) {
			s.PortRanges = []scaling.PortRange{
				{HostIP: "127.0.0.1", First: 8000, Last: 8003, Protocol: "tcp"}, {First: 9000, Last: 9001, Protocol: "udp"},
			}
			s.FixedPorts, s.Ports = []string{"7000"}, []int{60, 70, 80}
		}},
		"expose": {"expose: ['8080', '9000-9002', '53/udp', '8080/tcp']", "", func(s *scaling.Service) {
			s.Ports = []int{8080, 9000, 9001, 9002}
		}},
		"link local": {"networks: {n: {link_local_ips: [169.254.8.8, 169.254.8.9]}}", "networks: {n: {}}", func(s *scaling.Service) {
			s.LinkLocal = []string{"n 169.254.8.8", "n 169.254.8.9"}
		}},
		"hooks": {"post_start: [{command: x}], pre_stop: [{command: x}]", "", func(s *scaling.Service) {
			s.PostStart, s.PreStop = true, true
		}},
		"volumes": {
			"volumes: ['data:/d', 'data:/r:ro', '/anonymous', /dev:/host, {type: tmpfs, target: /t}, './compose.yaml:/f']", "volumes: {data: {}}",
			func(s *scaling.Service) { s.SharedVolumes = []string{"data at /d", "/dev at /host"} },
		},
		"data of a database": {"environment: {PGDATA: /srv/pg}, volumes: ['data:/srv']", "volumes: {data: {}}", func(s *scaling.Service) {
			s.SharedVolumes, s.Database = []string{"data at /srv"}, "a database, by its data in the volume at /srv"
		}},
		"a database's option": {"command: [--dbpath, /srv], volumes: ['data:/srv']", "volumes: {data: {}}", func(s *scaling.Service) {
			s.SharedVolumes, s.Database = []string{"data at /srv"}, "a database, by its data in the volume at /srv"
		}},
		"a database's folder, read only": {"volumes: ['data:/var/lib/mysql:ro']", "volumes: {data: {}}", func(*scaling.Service) {}},
		"links":                          {"links: [b]", "  b: {image: x}\n", func(s *scaling.Service) { s.Links = true }},
		"passed":                         {"environment: {EVENKEEL_TEST_UNSET: , B: '1'}", "", func(s *scaling.Service) { s.Passed = []string{"EVENKEEL_TEST_UNSET"} }},
		"a profile that is off":          {"profiles: [debug]", "", func(s *scaling.Service) { s.Off, s.Profiles = true, []string{"debug"} }},
		"awaited": {
			"", "  b: {image: x, depends_on: {a: {condition: service_completed_successfully}}}\n  c: {image: x, depends_on: {a: {condition: service_healthy}}}\n",
			func(s *scaling.Service) { s.AwaitedBy = []string{"b"} },
		},
		"references": {"network_mode: 'service:c', ipc: 'service:b', volumes_from: ['b:ro', 'container:elsewhere']", "  b: {image: x, ipc: shareable}\n  c: {image: x}\n", func(s *scaling.Service) {
			s.NetworkMode, s.References = "service:c", []string{"b", "c"}
		}},
		"used by":       {"ipc: shareable", "  b: {image: x, pid: 'service:a'}\n  c: {image: x, volumes_from: [a]}\n", func(s *scaling.Service) { s.UsedBy = []string{"b", "c"} }},
		"traefik":       {"labels: {traefik.http.routers.a.rule: x}", "", func(s *scaling.Service) { s.RoutedBy = "traefik" }},
		"traefik off":   {"labels: {traefik.enable: 'false', traefik.x: y}", "", func(*scaling.Service) {}},
		"caddy":         {"labels: {caddy: a.example.invalid, caddy.reverse_proxy: x}", "", func(s *scaling.Service) { s.RoutedBy = "caddy" }},
		"nginx-proxy":   {"environment: {VIRTUAL_HOST: a.example.invalid}", "", func(s *scaling.Service) { s.RoutedBy = "nginx-proxy" }},
		"empty content": {"configs: [c]", "configs: {c: {content: ''}}", func(s *scaling.Service) { s.EmptyFiles = []string{"config c"} }},
		"read only": {"read_only: true, configs: [c]", "configs: {c: {content: x}}", func(s *scaling.Service) {
			s.WrittenFiles = []string{"/c"}
			s.Fault = "the config c cannot be written into a service that is read_only; give it as a `file`"
		}},
		"external config": {"configs: [c]", "configs: {c: {external: true}}", func(s *scaling.Service) {
			s.Fault = "the config c is external or has a driver, which Compose does not support"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			want := plain
			c.want(&want)
			require.Equal(t, want, one(t, c.options, c.others))
		})
	}
}

func TestHealthChecks(t *testing.T) {
	for check, want := range map[string]scaling.Service{
		"{test: ['CMD', 'curl', '-f', 'http://localhost:8080/healthz'], interval: 90s}": {HealthCheck: true, HealthIntervalSeconds: 90, HealthPort: 8080, HealthPath: "/healthz"},
		"{test: 'wget -qO- http://127.0.0.1/ || exit 1', interval: 1500ms}":             {HealthCheck: true, HealthIntervalSeconds: 2, HealthPort: 80, HealthPath: "/"},
		"{test: 'curl -sf localhost:3000/live?x=1 | grep ok'}":                          {HealthCheck: true, HealthPort: 3000, HealthPath: "/live?x=1"},
		"{test: ['CMD', '/app', 'check', '--url=http://[::1]:9/h']}":                    {HealthCheck: true, HealthPort: 9, HealthPath: "/h"},
		"{test: 'redis-cli -u redis://localhost:6379 ping'}":                            {HealthCheck: true},
		"{test: 'nc -z localhost:5432'}":                                                {HealthCheck: true},
		"{test: 'curl -k https://localhost:8443/'}":                                     {HealthCheck: true},
		"{test: 'curl http://localhost:99999/'}":                                        {HealthCheck: true},
		"{test: ['NONE']}":                                                              {},
		"{disable: true}":                                                               {},
		"{test: [CMD, x], interval: 90s, start_interval: 2s, start_period: 60s}":        {HealthCheck: true, HealthIntervalSeconds: 2},
		"{test: [CMD, x], interval: 90s, start_interval: 2s}":                           {HealthCheck: true, HealthIntervalSeconds: 90},
		"{interval: 5s}": {HealthIntervalSeconds: 5},
	} {
		want.Name, want.Image, want.Scale = "a", "x", 1
		require.Equal(t, want, one(t, "healthcheck: "+check, ""), check)
	}
}

func TestRouters(t *testing.T) {
	for image, want := range map[string]string{
		"nginx": "nginx", "nginx:1.27-alpine": "nginx", "docker.io/library/nginx@sha256:00": "nginx", "localhost:5000/nginx": "nginx",
		"nginxinc/nginx-unprivileged:1": "nginx", "openresty/openresty:alpine": "nginx", "jwilder/nginx-proxy": "nginx-proxy",
		"traefik:v3": "traefik", "caddy": "caddy", "haproxy:lts": "haproxy", "envoyproxy/envoy:v1.30": "envoy",
		"nginx/nginx-prometheus-exporter": "", "trafex/php-nginx": "", "postgres": "", "": "",
	} {
		require.Equal(t, want, router(image), image)
	}
}

func TestUnset(t *testing.T) {
	t.Setenv("EMPTY", "")
	p := project(t, map[string]string{
		"compose.yaml": `
include: [{path: inc/compose.yaml, env_file: inc/inc.env}]
x-common: &common {labels: {c: "$COMMON"}}
services:
  a:
    <<: *common
    image: x:${TAG}
    environment: {A: "$$ESCAPED ${EMPTY} ${DEFAULTED:-d} ${OUTER:-${INNER}} ${PRESENT+p}", PASSED: }
    build: {context: ., args: {X: "${ONLY_BUILD}"}}
  b: {extends: {file: base.yaml, service: base}, networks: [n], configs: [c], secrets: [s]}
  c: {image: x, volumes: ["vol:/v"], mem_limit: "${LIMIT:-1g}"}
  d: {image: x}
networks: {n: {name: "${NETWORK}x"}}
volumes: {vol: {name: "${VOLUME}y"}}
configs: {c: {content: "a=${CONTENT}"}}
secrets: {s: {environment: SECRET}}
`,
		"base.yaml":        "services: {base: {image: x, command: ['${BASE}', '${BASE}']}}\n",
		"inc/compose.yaml": "services: {e: {image: 'x:${INC}${NOT_IN_INC}'}}\n",
		"inc/inc.env":      "INC=1\n",
	})
	got, err := p.Services(t.Context())
	require.NoError(t, err)
	unset := map[string][]string{}
	for _, s := range got {
		unset[s.Name] = s.Unset
	}
	require.Equal(t, map[string][]string{
		"a": {"COMMON", "INNER", "TAG"}, "b": {"BASE", "CONTENT", "NETWORK", "SECRET"}, "c": {"VOLUME"}, "d": nil, "e": {"NOT_IN_INC"},
	}, unset)
}

// A fault is the service's own, and quotes no line of the file.
func TestFaults(t *testing.T) {
	p := project(t, map[string]string{
		"compose.yaml": "services: {a: {image: x, env_file: gone.env}, b: {image: x, env_file: b.env}, c: {image: x, label_file: c.labels}, d: {image: x, env_file: [{path: d.env, format: raw}]}, e: {image: x}}",
		"b.env":        "A=1\nB=\"correct-horse\n", "c.labels": "correct horse=1\n", "d.env": "A=1\ncorrect horse=2\n",
	})
	got, err := p.Services(t.Context())
	require.NoError(t, err)
	dir := p.options.Directory
	require.Contains(t, got[0].Fault, filepath.Join(dir, "gone.env")+" not found")
	require.Equal(t, "env_file "+dir+"/b.env:3: a line is not of the form NAME=value", got[1].Fault)
	require.Contains(t, got[2].Fault, "label_file "+dir+"/c.labels")
	require.Equal(t, "env_file "+dir+"/d.env:2: a line is not of the form NAME=value", got[3].Fault)
	require.Empty(t, got[4].Fault)
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.NotContains(t, string(text), "correct")
	_, err = p.Hash(t.Context(), "a", nil)
	requireClass(t, "InvalidInput", err)
	_, err = p.Hash(t.Context(), "e", nil)
	require.NoError(t, err)
}

// What is remembered is what the files, .env and the environment say now.
func TestEditsAreSeen(t *testing.T) {
	files := map[string]string{"compose.yaml": "services: {a: {image: 'x:${TAG}', env_file: a.env}}", ".env": "TAG=1\n", "a.env": "A=1\n"}
	p := project(t, files)
	hashes := map[string]string{}
	see := func(what string) {
		t.Helper()
		hash, err := p.Hash(t.Context(), "a", nil)
		require.NoError(t, err)
		require.NotContains(t, hashes, hash, what)
		again, err := p.Hash(t.Context(), "a", nil)
		require.NoError(t, err)
		require.Equal(t, hash, again)
		hashes[hash] = what
	}
	see("at first")
	write(t, p.options.Directory, map[string]string{"a.env": "A=2\n"})
	see("env_file")
	write(t, p.options.Directory, map[string]string{".env": "TAG=2\n"})
	see(".env")
	t.Setenv("TAG", "3")
	see("the environment")
	write(t, p.options.Directory, map[string]string{"compose.yaml": strings.Replace(files["compose.yaml"], "x:", "y:", 1)})
	see("the file")
	write(t, p.options.Directory, map[string]string{"compose.override.yaml": "services: {a: {command: [x]}}"})
	see("another file")
	write(t, p.options.Directory, map[string]string{"compose.override.yaml": "include: [inc.yaml]\nservices: {a: {command: [x], extends: {file: base.yaml, service: b}}}", "inc.yaml": "services: {c: {image: x}}", "base.yaml": "services: {b: {user: '1'}}"})
	see("what it draws in")
	write(t, p.options.Directory, map[string]string{"base.yaml": "services: {b: {user: '2'}}"})
	see("an edit of that")
	require.NoError(t, os.Remove(filepath.Join(p.options.Directory, "base.yaml")))
	_, err := p.Hash(t.Context(), "a", nil)
	require.Error(t, err)
}
