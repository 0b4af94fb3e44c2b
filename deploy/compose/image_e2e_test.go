//go:build e2e

package compose_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
)

// image builds the worker's image by the file's own Dockerfile. Its two base images are replaced by
// such of this machine's files as are used of them, at the same paths, because a test asks no registry.
func image(t *testing.T, dockerfile string) string {
	t.Helper()
	for base, files := range map[string]map[string]string{
		"docker": {
			"usr/local/bin/docker":                                program(t, "docker"),
			"usr/local/libexec/docker/cli-plugins/docker-compose": composePlugin(t),
			"etc/ssl/certs/ca-certificates.crt":                   "/etc/ssl/certs/ca-certificates.crt",
		},
		"debian": linked(t, map[string]string{"usr/bin/bash": program(t, "bash")}, built(t, "gpuprobe")),
	} {
		from := regexp.MustCompile(`(?m)^FROM ` + base + `:\S+`)
		require.Len(t, from.FindAllString(dockerfile, -1), 1, "the Dockerfile's base %s", base)
		dockerfile = from.ReplaceAllString(dockerfile, "FROM "+dockertest.Image(t, files))
	}
	folder := t.TempDir()
	for _, name := range []string{"worker", "gpuprobe"} {
		data, err := os.ReadFile(built(t, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), data, 0o755))
	}
	tag := dockertest.Name("evenkeel-worker") + ":1"
	build := exec.Command("docker", "build", "--tag", tag, "--file", "-", folder)
	build.Stdin = strings.NewReader(dockerfile)
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	t.Cleanup(func() { docker(t, "rmi", tag) })
	return tag
}

// built is one of the programs that `make build` made.
func built(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("EVENKEEL_ROOT")
	require.NotEmpty(t, root, "run it with make e2e")
	return filepath.Join(root, "bin", name)
}

func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	require.NoError(t, err)
	return path
}

func composePlugin(t *testing.T) string {
	t.Helper()
	return docker(t, "info", "--format", `{{range .ClientInfo.Plugins}}{{if eq .Name "compose"}}{{.Path}}{{end}}{{end}}`)
}

// linked adds to files what they and others need of this machine's C library.
func linked(t *testing.T, files map[string]string, others ...string) map[string]string {
	t.Helper()
	for _, path := range files {
		others = append(others, path)
	}
	for _, path := range others {
		out, err := exec.Command("ldd", path).Output()
		require.NoError(t, err, "ldd %s", path)
		for field := range strings.FieldsSeq(string(out)) {
			if filepath.IsAbs(field) {
				files[strings.TrimPrefix(field, "/")] = field
			}
		}
	}
	return files
}

// docker runs the docker command and returns what it printed.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("docker", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "docker %s: %s%s", strings.Join(args, " "), out, stderr.String())
	return strings.TrimSpace(string(out))
}
