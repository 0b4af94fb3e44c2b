//go:build e2e

package compose

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/dockerd"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// layout is a way of keeping a project, and what a person types there.
type layout struct {
	files map[string]string
	// in is the folder below the project's own where the command is run.
	in  string
	env []string
	// args stand before the command, options are the same for us.
	args    []string
	options Options
	// named is for a layout that decides the project's name itself: NAME in its files.
	named bool
	// services are those that are made, all that are switched on where there are none.
	services []string
	// first are made before the others: where replicas are made at once, Compose itself refers to whichever
	// comes first.
	first []string
	want  int
}

func layouts(t *testing.T) map[string]layout {
	all, err := os.ReadFile("testdata/options.yaml")
	require.NoError(t, err)
	return map[string]layout{
		"override with name and scale": {files: map[string]string{
			"compose.yaml":          "name: NAME\nservices: {a: {image: IMAGE, environment: {A: '1'}}}\n",
			"compose.override.yaml": "services: {a: {scale: 2, environment: {B: '2'}}}\n",
		}, named: true, want: 2},
		"names, files and profiles in .env": {files: map[string]string{
			".env":   "COMPOSE_FILE=a.yaml:sub/b.yaml\nCOMPOSE_PROJECT_NAME=NAME\nCOMPOSE_PROFILES=extra\nTAG=x\n",
			"a.yaml": "services: {a: {image: IMAGE, labels: {tag: '${TAG}'}}}\n", "sub/b.yaml": "services: {b: {image: IMAGE, profiles: [extra]}, c: {image: IMAGE, profiles: [off]}}\n",
		}, named: true, want: 2},
		"a separator of paths": {files: map[string]string{
			".env":   "COMPOSE_FILE=a.yaml;b.yaml\nCOMPOSE_PATH_SEPARATOR=;\n",
			"a.yaml": "services: {a: {image: IMAGE}}\n", "b.yaml": "services: {a: {labels: {b: '${PWD}'}}}\n",
		}, want: 1},
		"one env file": {files: map[string]string{
			"compose.yaml": "services: {a: {image: IMAGE, environment: {A: '${A}', B: '${B:-none}'}}}\n",
			".env":         "A=wrong\nB=wrong\n", "prod.env": "A=right\n",
		}, args: []string{"--env-file", "prod.env"}, options: Options{EnvFiles: []string{"prod.env"}}, want: 1},
		"two env files": {files: map[string]string{
			"compose.yaml": "services: {a: {image: IMAGE, environment: {A: '${A}', B: '${B}'}}}\n",
			"one.env":      "A=1\nB=1\n", "two.env": "B=${A}2\n",
		}, args: []string{"--env-file", "one.env", "--env-file", "two.env"}, options: Options{EnvFiles: []string{"one.env", "two.env"}}, want: 1},
		"COMPOSE_ENV_FILES": {files: map[string]string{
			"compose.yaml": "services: {a: {image: IMAGE, environment: {A: '${A}'}}}\n",
			".env":         "A=wrong\n", "one.env": "A=1\n", "two.env": "COMPOSE_PROJECT_NAME=NAME\n",
		}, env: []string{"COMPOSE_ENV_FILES=one.env,two.env"}, named: true, want: 1},
		"include with an env file": {files: map[string]string{
			"compose.yaml": "include: [{path: sub/inc.yaml, env_file: sub/inc.env}]\nservices: {a: {image: IMAGE, environment: {A: '${A:-outer}'}}}\n",
			"sub/inc.yaml": "services: {b: {image: IMAGE, environment: {A: '${A}'}, volumes: ['./data:/data']}}\n", "sub/inc.env": "A=inner\n",
		}, want: 2},
		"extends": {files: map[string]string{
			"compose.yaml":  "services: {a: {extends: {file: sub/base.yaml, service: base}, command: [x]}}\n",
			"sub/base.yaml": "services: {base: {image: IMAGE, env_file: base.env, cap_add: [SYS_PTRACE], ports: ['127.0.0.1::80']}}\n", "sub/base.env": "FROM=base\n",
		}, want: 1},
		"label_file and env_file": {files: map[string]string{
			"compose.yaml": "services: {a: {image: IMAGE, label_file: a.labels, labels: {own: '1'}, env_file: [a.env, {path: raw.env, format: raw}, {path: gone.env, required: false}], environment: {A: own, PASSED:}}}\n",
			"a.labels":     "com.example.a=1\nown=2\n", "a.env": "A=file\nB=${A}-${SHELL_TEST}\nC='single $A'\n", "raw.env": "D=\"quoted ${A}\" # kept\n# comment\nPASSED\nEMPTY=\n",
		}, env: []string{"SHELL_TEST=from the shell", "PASSED=through"}, want: 1},
		"references": {files: map[string]string{
			"compose.yaml": `
services:
  z: {image: IMAGE, ipc: shareable, volumes: ['/data'], scale: 2}
  net: {image: IMAGE, network_mode: 'service:z'}
  ipc: {image: IMAGE, ipc: 'service:z'}
  pid: {image: IMAGE, pid: 'service:z'}
  vol: {image: IMAGE, volumes_from: ['z:ro']}
  all: {image: IMAGE, network_mode: 'service:z', pid: 'service:net', volumes_from: [z, 'vol:rw']}
`,
		}, first: []string{"z"}, want: 7},
		"secrets, configs and deploy": {files: map[string]string{
			"compose.yaml": `
services:
  a:
    image: IMAGE
    scale: 2
    secrets: [s, {source: e, target: /e, uid: '0'}]
    configs: [{source: f, target: /f, mode: 0400}, c]
    depends_on: [b]
    deploy: {replicas: 2, labels: {x: y}, resources: {limits: {cpus: '0.25', memory: 32M}}, restart_policy: {condition: on-failure, max_attempts: 3}}
  b: {image: IMAGE, networks: {n: {aliases: [bb], ipv4_address: 10.213.71.9}}, volumes: ['vol:/v', './:/here:ro'], healthcheck: {test: exit 0, interval: 90s}, ulimits: {nofile: 512}, extra_hosts: ['h:127.0.0.1']}
secrets: {s: {file: compose.yaml}, e: {environment: HOME}}
configs: {f: {file: compose.yaml}, c: {content: 'a=${HOME}'}}
networks: {n: {ipam: {config: [{subnet: 10.213.71.0/24}]}}}
volumes: {vol: {}}
`,
		}, want: 3},
		"below the folder of the file": {files: map[string]string{
			"compose.yaml": "services: {a: {image: IMAGE, environment: {A: '${A}', B: '${B}', P: '${PWD}'}, volumes: ['./x:/x']}}\n",
			".env":         "A=outer\nB=outer\n", "below/.env": "A=inner\n",
		}, in: "below", want: 1},
		"a file of another folder": {files: map[string]string{
			"sub/a.yaml": "services: {a: {image: IMAGE, environment: {A: '${A:-none}', P: '${PWD}'}}}\n",
			".env":       "A=wrong\n", "sub/.env": "A=right\n",
		}, args: []string{"-f", "sub/a.yaml"}, options: Options{Files: []string{"sub/a.yaml"}}, want: 1},
		"unset variables and another's fault": {files: map[string]string{
			"compose.yaml": "services: {a: {image: IMAGE, environment: {A: '${NOT_SET_1}', B: $NOT_SET_2, C:}}, b: {image: IMAGE, env_file: gone.env}}\n",
		}, services: []string{"a"}, want: 1},
		"a platform for what is built": {files: map[string]string{
			"compose.yaml": "services: {a: {image: IMAGE, build: ., pull_policy: never}, b: {image: IMAGE}}\n",
		}, env: []string{"DOCKER_DEFAULT_PLATFORM=linux/amd64"}, want: 2},
		"all options": {
			files: map[string]string{"compose.yaml": string(all)},
			env:   []string{"OPTIONS_TOKEN=a token of the test"}, want: 1,
		},
	}
}

// seen lists a project's containers as the labels have them.
func seen(t *testing.T, engine *client.Client, name string) Seen {
	t.Helper()
	list, err := engine.ContainerList(t.Context(), container.ListOptions{
		All: true, Filters: filters.NewArgs(filters.Arg("label", "com.docker.compose.project="+name)),
	})
	require.NoError(t, err)
	out := Seen{Project: name}
	split := func(text string) []string {
		if text == "" {
			return nil
		}
		return strings.Split(text, ",")
	}
	for _, c := range list {
		inspected, err := engine.ContainerInspect(t.Context(), c.ID)
		require.NoError(t, err)
		at, err := time.Parse(time.RFC3339Nano, inspected.Created)
		require.NoError(t, err)
		label := func(of string) string { return c.Labels["com.docker.compose."+of] }
		out.Containers = append(out.Containers, SeenContainer{
			ID: c.ID, Name: strings.TrimPrefix(c.Names[0], "/"), Service: label("service"), Created: at, Hash: label("config-hash"),
			WorkingDir: label("project.working_dir"), ConfigFiles: split(label("project.config_files")), EnvFiles: split(label("project.environment_file")),
		})
	}
	return out
}

// The hash of every service, network and volume is the label that Compose writes, and Discover finds the
// way back from the labels alone.
func TestHashesAreTheLabels(t *testing.T) {
	engine := dockertest.Client(t)
	docker, err := dockerd.New()
	require.NoError(t, err)
	image := dockertest.Image(t, nil, `CMD ["/nothing"]`)
	t.Setenv("OPTIONS_APP", image)
	for what, l := range layouts(t) {
		t.Run(what, func(t *testing.T) {
			name := dockertest.Name("evenkeel-compose")
			dir := filepath.Join(t.TempDir(), name)
			for file, text := range l.files {
				write(t, dir, map[string]string{file: strings.NewReplacer("IMAGE", image, "NAME", name).Replace(text)})
			}
			for _, set := range l.env {
				key, value, _ := strings.Cut(set, "=")
				t.Setenv(key, value)
			}
			place := filepath.Join(dir, l.in)
			args := slices.Concat(dockertest.Compose()[1:], l.args)
			if !l.named {
				args = append(args, "-p", name)
				l.options.Name = name
			}
			run := func(args ...string) {
				cmd := exec.Command(dockertest.Compose()[0], args...)
				cmd.Dir = place
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, string(out))
			}
			t.Cleanup(func() {
				run(append(dockertest.Compose()[1:], "-p", name, "down", "-v", "-t", "0", "--remove-orphans")...)
			})
			if l.first != nil {
				run(slices.Concat(args, []string{"create"}, l.first)...)
			}
			run(slices.Concat(args, []string{"create", "--no-build"}, l.services)...)
			l.options.Directory = place
			p := New(l.options)
			has := seen(t, engine, name)
			require.Len(t, has.Containers, l.want)
			for _, c := range has.Containers {
				hash, err := p.Hash(t.Context(), c.Service, has.ids())
				require.NoError(t, err)
				require.Equal(t, c.Hash, hash, c.Service)
				requireResources(t, engine, p, c.Service)
				file, err := p.Shape(t.Context(), c.Service)
				require.NoError(t, err)
				has, err := docker.Shape(t.Context(), c.ID)
				require.NoError(t, err)
				if d := scaling.Differences(file, has); len(d) > 0 {
					t.Errorf("%s %v", c.Service, d)
				}
			}
			if l.options.Name == "" {
				services, err := p.load(t.Context())
				require.NoError(t, err)
				require.Equal(t, name, services.Name)
			}
			found, err := Discover(t.Context(), has, false)
			require.NoError(t, err)
			// Where a person stood is in no label: what only that folder's .env or ${PWD} says cannot be found.
			if l.in != "" || len(l.options.Files) > 0 {
				require.Equal(t, []string{"a"}, found.Unfit)
				return
			}
			require.Empty(t, found.Unfit)
		})
	}
}

func requireResources(t *testing.T, engine *client.Client, p *Project, service string) {
	t.Helper()
	resources, err := p.Resources(t.Context(), service)
	require.NoError(t, err)
	for _, r := range resources {
		var labels map[string]string
		if r.Kind == "network" {
			found, err := engine.NetworkInspect(t.Context(), r.Name, network.InspectOptions{})
			require.NoError(t, err)
			labels = found.Labels
		} else {
			found, err := engine.VolumeInspect(t.Context(), r.Name)
			require.NoError(t, err)
			labels = found.Labels
		}
		require.Equal(t, labels["com.docker.compose.config-hash"], r.Hash, r.Name)
	}
}
