//go:build e2e

package compose

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
)

// states returns "NAME ID STATE" for each container of a project, sorted.
func states(t *testing.T, engine *client.Client, project string) []string {
	t.Helper()
	list, err := engine.ContainerList(t.Context(), container.ListOptions{
		All: true, Filters: filters.NewArgs(filters.Arg("label", "com.docker.compose.project="+project)),
	})
	require.NoError(t, err)
	var out []string
	for _, c := range list {
		out = append(out, strings.TrimPrefix(c.Names[0], "/"+project)+" "+c.ID+" "+c.State)
	}
	slices.Sort(out)
	return out
}

func TestUp(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	compose := dockertest.NewProject(t, strings.NewReplacer("IMAGE", dockertest.App(t), "ADDRESS", taken.Addr().String()).Replace(`
services:
  web: {image: IMAGE, depends_on: [other], environment: {A: "${A:-1}"}}
  other: {image: IMAGE}
  extra: {image: IMAGE, profiles: [extra]}
  clash: {image: IMAGE, ports: ["ADDRESS:8080"]}
  broken: {image: IMAGE, entrypoint: [/nope]}
  hooked: {image: IMAGE, post_start: [{command: [/app, health]}]}
  small: {image: IMAGE, mem_limit: 5m}
  pulled: {image: IMAGE, pull_policy: always}
  built: {image: IMAGE, build: {context: nowhere}, pull_policy: build}
`))
	dir := filepath.Dir(compose.File)
	p := New(Options{Name: compose.Name, Directory: dir, Command: dockertest.Compose()})
	ctx, engine := t.Context(), dockertest.Client(t)

	version, err := p.Version(ctx)
	require.NoError(t, err)
	require.Regexp(t, `^\d+\.\d+\.\d+`, version)

	require.NoError(t, p.Up(ctx, "web", 1))
	up := states(t, engine, compose.Name)
	require.Len(t, up, 1, "the service that it depends on is not started")
	require.Regexp(t, `^-web-1 .* running$`, up[0])
	has := seen(t, engine, compose.Name)
	require.Equal(t, []string{compose.File}, has.Containers[0].ConfigFiles)
	require.Equal(t, dir, has.Containers[0].WorkingDir)

	// An edit changes the hash, and a second Up still leaves the replica alone.
	write(t, dir, map[string]string{".env": "A=2\nCOMPOSE_REMOVE_ORPHANS=1\n"})
	hash, err := p.Hash(ctx, "web", nil)
	require.NoError(t, err)
	require.NotEqual(t, has.Containers[0].Hash, hash)
	require.NoError(t, p.Up(ctx, "web", 1))
	require.Equal(t, up, states(t, engine, compose.Name))

	require.NoError(t, p.Up(ctx, "extra", 1))
	require.Len(t, states(t, engine, compose.Name), 2)

	// The dry run cannot run a hook; Up does.
	require.NoError(t, p.Up(ctx, "hooked", 1))
	require.Len(t, states(t, engine, compose.Name), 3)

	// What was planned is made from the image that is there: nothing is pulled or built.
	require.NoError(t, p.Up(ctx, "pulled", 1))
	require.NoError(t, p.Up(ctx, "built", 1))
	require.Len(t, states(t, engine, compose.Name), 5)

	requireClass(t, activities.NotFound, p.Up(ctx, "nobody", 1))
	requireClass(t, activities.PreconditionFailed, p.Up(ctx, "clash", 1))
	requireClass(t, activities.InvalidInput, p.Up(ctx, "broken", 1))
	err = p.Up(ctx, "small", 1)
	requireClass(t, activities.InvalidInput, err)
	require.ErrorContains(t, err, "inimum memory limit allowed")
}

// Whatever else Compose would do at an `up` is refused before it does anything.
func TestUpTouchesNothingElse(t *testing.T) {
	const text = `
services:
  web: {image: IMAGE, networks: [n], volumes: ['data:/data']}
  other: {image: IMAGE, networks: [n]}
networks: {n: {NETWORK}}
volumes: {data: {VOLUME}}
`
	image := dockertest.App(t)
	write := func(file, network, volume string) {
		t.Helper()
		edited := strings.NewReplacer("IMAGE", image, "NETWORK", network, "VOLUME", volume).Replace(text)
		require.NoError(t, os.WriteFile(file, []byte(edited), 0o600))
	}
	compose := dockertest.NewProject(t, "")
	write(compose.File, "", "")
	compose.Run("up", "-d", "--scale", "web=2")
	engine, ctx := dockertest.Client(t), t.Context()
	p := New(Options{Name: compose.Name, Directory: filepath.Dir(compose.File), Command: dockertest.Compose()})

	compose.Run("stop", "-t", "0", "web")
	compose.Run("rm", "-f", "web")
	before := states(t, engine, compose.Name)
	require.Len(t, before, 1)
	was, err := engine.NetworkInspect(ctx, compose.Name+"_n", network.InspectOptions{})
	require.NoError(t, err)

	write(compose.File, "labels: {edited: 'yes'}", "")
	err = p.Up(ctx, "web", 1)
	requireClass(t, activities.PreconditionFailed, err)
	require.ErrorContains(t, err, `"Network `+compose.Name+`_n Removing"`)
	require.Equal(t, before, states(t, engine, compose.Name))
	is, err := engine.NetworkInspect(ctx, compose.Name+"_n", network.InspectOptions{})
	require.NoError(t, err)
	require.Equal(t, was.ID, is.ID)

	write(compose.File, "", "labels: {edited: 'yes'}")
	err = p.Up(ctx, "web", 1)
	requireClass(t, activities.PreconditionFailed, err)
	require.ErrorContains(t, err, "data will be lost")
	require.Equal(t, before, states(t, engine, compose.Name))

	write(compose.File, "", "")
	require.NoError(t, p.Up(ctx, "web", 1))
	compose.Run("up", "-d", "--no-recreate", "--scale", "web=2", "web")
	compose.Run("stop", "-t", "0", "web")
	require.NoError(t, engine.ContainerRemove(ctx, compose.Name+"-web-1", container.RemoveOptions{}))
	before = states(t, engine, compose.Name)
	err = p.Up(ctx, "web", 1)
	requireClass(t, activities.PreconditionFailed, err)
	require.ErrorContains(t, err, "-web-2 Starting")
	require.Equal(t, before, states(t, engine, compose.Name))
	require.NoError(t, p.Up(ctx, "web", 2))
}

// The project that the tests of faithful copies use starts on this engine.
func TestUpWithAllOptions(t *testing.T) {
	text, err := os.ReadFile("testdata/options.yaml")
	require.NoError(t, err)
	t.Setenv("OPTIONS_APP", dockertest.App(t))
	t.Setenv("OPTIONS_TOKEN", "a token of the test")
	compose := dockertest.NewProject(t, string(text))
	p := New(Options{Name: compose.Name, Directory: filepath.Dir(compose.File), Command: dockertest.Compose()})
	require.NoError(t, p.Up(t.Context(), "app", 1))
	has := seen(t, dockertest.Client(t), compose.Name)
	require.Len(t, has.Containers, 1)
	hash, err := p.Hash(t.Context(), "app", nil)
	require.NoError(t, err)
	require.Equal(t, has.Containers[0].Hash, hash)
}
