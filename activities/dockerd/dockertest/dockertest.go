//go:build e2e

// Package dockertest gives tests a real image and a real Compose project on this host's engine, and
// takes both away again.
package dockertest

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"
)

// Client returns a client of the engine that the environment names.
func Client(t testing.TB) *client.Client {
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// Said returns when the container's log holds the text.
func Said(t testing.TB, id, text string) {
	t.Helper()
	c := Client(t)
	require.Eventually(t, func() bool {
		log, err := c.ContainerLogs(t.Context(), id, container.LogsOptions{ShowStdout: true, ShowStderr: true})
		require.NoError(t, err)
		defer log.Close()
		said, err := io.ReadAll(log)
		return err == nil && strings.Contains(string(said), text)
	}, 30*time.Second, 20*time.Millisecond, "the container never said %q", text)
}

// Name returns a name that nothing on this host has.
func Name(prefix string) string { return prefix + "-" + strings.ToLower(rand.Text()[:8]) }

// App builds the app of testdata and returns the reference of an image that holds nothing else. The
// image declares a volume at /image.
func App(t testing.TB) string {
	bin := filepath.Join(t.TempDir(), "app")
	build := exec.Command("go", "build", "-o", bin, "github.com/evenkeel/evenkeel/activities/dockerd/dockertest/testdata/app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return Image(t, map[string]string{"app": bin}, `ENTRYPOINT ["/app"]`, "VOLUME /image", "EXPOSE 8080")
}

// Image imports files, keyed by their path in the image, and returns the reference of the image.
func Image(t testing.TB, files map[string]string, changes ...string) string {
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for path, from := range files {
		data, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, w.WriteHeader(&tar.Header{Name: path, Mode: 0o755, Size: int64(len(data))}))
		_, err = w.Write(data)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	c, ref := Client(t), Name("evenkeel-test")+":1"
	resp, err := c.ImageImport(context.Background(), image.ImportSource{Source: &layer, SourceName: "-"}, ref,
		image.ImportOptions{Changes: changes})
	require.NoError(t, err)
	defer resp.Close()
	var said bytes.Buffer
	_, err = said.ReadFrom(resp)
	require.NoError(t, err)
	require.NotContains(t, said.String(), "errorDetail")
	t.Cleanup(func() {
		_, err := c.ImageRemove(context.Background(), ref, image.RemoveOptions{Force: true})
		require.NoError(t, err)
	})
	return ref
}

// Compose returns the command of the Compose that EVENKEEL_COMPOSE names, else `docker compose`.
func Compose() []string {
	if bin := os.Getenv("EVENKEEL_COMPOSE"); bin != "" {
		return []string{bin}
	}
	return []string{"docker", "compose"}
}

// Project is a Compose project that is taken down when the test ends.
type Project struct {
	t          testing.TB
	Name, File string
}

// NewProject writes the Compose file of a project with a name of its own. It starts nothing.
func NewProject(t testing.TB, yaml string) *Project {
	p := &Project{t: t, Name: Name("evenkeel"), File: filepath.Join(t.TempDir(), "compose.yaml")}
	require.NoError(t, os.WriteFile(p.File, []byte(yaml), 0o600))
	t.Cleanup(func() { p.Run("--profile", "*", "down", "--volumes", "--timeout", "1") })
	return p
}

// Run runs Compose on the project and returns what it wrote to both outputs; it must succeed.
func (p *Project) Run(args ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	command := append(Compose(), "-p", p.Name, "-f", p.File)
	command = append(command, args...)
	out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	require.NoError(p.t, err, "%s: %s", strings.Join(args, " "), out)
	return string(out)
}
