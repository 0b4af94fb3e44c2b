//go:build e2e

package compose

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
)

func TestUpAndHash(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	p := dockertest.NewProject(t, strings.NewReplacer("IMAGE", dockertest.App(t), "ADDRESS", taken.Addr().String()).Replace(`
services:
  web: {image: IMAGE, depends_on: [other], environment: {A: "${A:-1}"}}
  other: {image: IMAGE}
  extra: {image: IMAGE, profiles: [extra]}
  clash: {image: IMAGE, ports: ["ADDRESS:8080"]}
`))
	f := New(p.File, p.Name, dockertest.Compose())
	ctx := t.Context()
	engine := dockertest.Client(t)
	list := func() []container.Summary {
		found, err := engine.ContainerList(ctx, container.ListOptions{
			All:     true,
			Filters: filters.NewArgs(filters.Arg("label", "com.docker.compose.project="+p.Name)),
		})
		require.NoError(t, err)
		return found
	}

	version, err := f.Version(ctx)
	require.NoError(t, err)
	require.Regexp(t, `^\d+\.\d+\.\d+`, version)

	require.NoError(t, f.Up(ctx, "web"))
	up := list()
	require.Len(t, up, 1, "the service that it depends on is not started")
	require.Equal(t, "running", up[0].State)
	hash, err := f.Hash(ctx, "web")
	require.NoError(t, err)
	require.Equal(t, up[0].Labels["com.docker.compose.config-hash"], hash)

	// An edit changes the hash, and a second Up still leaves the replica alone.
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(p.File), ".env"), []byte("A=2\n"), 0o600))
	changed, err := f.Hash(ctx, "web")
	require.NoError(t, err)
	require.NotEqual(t, hash, changed)
	require.NoError(t, f.Up(ctx, "web"))
	require.Equal(t, up[0].ID, list()[0].ID)

	_, err = f.Hash(ctx, "extra")
	require.NoError(t, err)
	require.NoError(t, f.Up(ctx, "extra"))
	require.Len(t, list(), 2)

	_, err = f.Hash(ctx, "nobody")
	requireClass(t, activities.NotFound, err)
	requireClass(t, activities.NotFound, f.Up(ctx, "nobody"))
	err = f.Up(ctx, "clash")
	requireClass(t, activities.PreconditionFailed, err)
}
