//go:build e2e

// Package compose_test starts the worker of compose.yaml on this machine's engine.
package compose_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
	"github.com/evenkeel/evenkeel/activities/ledger"
	"github.com/evenkeel/evenkeel/internal/gpu"
)

// TestWorker runs the worker's container with the settings of compose.yaml against a real Temporal
// server and a real PostgreSQL. Only what a second evenkeel on this machine would fight over is
// replaced: its ports, and the folders of the host.
func TestWorker(t *testing.T) {
	w := start(t)

	answer, err := http.Get("http://127.0.0.1:" + w.http + "/readyz") // healthy by the file's own check by now
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)

	t.Run("gpuprobe answers", func(t *testing.T) {
		ask := exec.Command("docker", "exec", "--interactive", w.container, "gpuprobe")
		ask.Stdin = strings.NewReader(`{"id":7,"ask":"open"}` + "\n")
		out, err := ask.Output()
		require.NoError(t, err)
		var a gpu.Answer
		require.NoError(t, json.Unmarshal(out, &a))
		require.Equal(t, uint64(7), uint64(a.ID))
		require.NotNil(t, a.Failure, "this image has no NVML")
	})
	t.Run("the ledger is in PostgreSQL", func(t *testing.T) {
		store, err := ledger.Open(t.Context(), ledger.Options{DSN: w.dsn, StateDir: t.TempDir(), ReadOnly: true})
		require.NoError(t, err, "the worker has made its tables")
		require.NoError(t, store.Close())
		require.NoFileExists(t, filepath.Join(w.state, "ledger.db"))
		require.FileExists(t, filepath.Join(w.state, "ledger.lock"))
		require.NotContains(t, docker(t, "inspect", w.container), password)
	})
	t.Run("Compose makes a replica", func(t *testing.T) {
		file := filepath.Join(w.product, "compose.yaml")
		project := dockertest.Name("evenkeel-product")
		t.Cleanup(func() { docker(t, "compose", "-p", project, "-f", file, "down", "--timeout", "1") })
		docker(t, "exec", w.container, "docker", "compose", "-p", project, "-f", file, "up", "-d", "--no-deps", "app")
		require.NotEmpty(t, docker(t, "ps", "-q", "--filter", "label=com.docker.compose.project="+project))
	})
	t.Run("of the product it writes to the upstreams only", func(t *testing.T) {
		write := func(path string) error {
			return exec.Command("docker", "exec", w.container, "bash", "-c", "echo x > "+path).Run()
		}
		require.NoError(t, write(filepath.Join(w.product, "upstreams", "app.conf")))
		for _, path := range []string{filepath.Join(w.product, "compose.yaml"), "/etc/evenkeel/evenkeel.yaml", "/usr/local/bin/worker"} {
			require.Error(t, write(path), path)
		}
	})
	t.Run("it stops in its time and starts on the same state", func(t *testing.T) {
		w.compose(t, "stop", "worker")
		require.Equal(t, "0", docker(t, "inspect", "--format", "{{.State.ExitCode}}", w.container))
		w.compose(t, "up", "-d", "--wait", "--wait-timeout", "120", "worker")
	})
}

// TestGPU reads compose.gpu.yaml, which cannot be run without a GPU: it adds to the worker and changes
// nothing else of it.
func TestGPU(t *testing.T) {
	plain := read(t, nil, "compose.yaml").object("services").object("worker")
	with := read(t, nil, "compose.yaml", "compose.gpu.yaml").object("services").object("worker")
	require.Equal(t, "host", with["pid"])
	require.Contains(t, with.object("deploy").object("resources").object("reservations"), "devices")
	delete(with, "pid")
	delete(with, "deploy")
	require.Equal(t, plain, with)
}

// worker is the container of the file's worker.
type worker struct {
	project, file, container string
	http, dsn                string
	product, state           string
}

func start(t *testing.T) *worker {
	t.Helper()
	dir := t.TempDir()
	w := &worker{
		project: dockertest.Name("evenkeel-worker"), file: filepath.Join(dir, "worker.json"),
		http: freePort(t), product: filepath.Join(dir, "product"), state: filepath.Join(dir, "state"),
	}
	upstreams, etc := filepath.Join(w.product, "upstreams"), filepath.Join(dir, "etc")
	for _, folder := range []string{upstreams, etc, w.state} {
		require.NoError(t, os.MkdirAll(folder, 0o700))
	}
	m := read(t, []string{"EVENKEEL_PRODUCT=" + w.product, "EVENKEEL_UPSTREAMS=" + upstreams}, "compose.yaml")
	w.dsn = fmt.Sprintf("postgres://ledger:%s@127.0.0.1:%s/evenkeel", password, database(t, m.object("services").object("ledger")))
	write(t, filepath.Join(etc, "ledger-dsn"), w.dsn+"\n")
	write(t, filepath.Join(etc, "evenkeel.yaml"), configuration("product", w.product)+"ledger: {dsn_file: /etc/evenkeel/ledger-dsn}\n")
	write(t, filepath.Join(w.product, "compose.yaml"), "services: {app: {image: '"+dockertest.App(t)+"'}}\n")
	// The product belongs to somebody else, as it mostly does.
	for _, path := range []string{w.product, filepath.Join(w.product, "compose.yaml"), upstreams} {
		require.NoError(t, os.Chown(path, 12345, 12345))
	}
	service := m.object("services").object("worker")
	w.move(t, service, map[string]string{"/etc/evenkeel": etc, "/var/lib/evenkeel": w.state})
	service["image"] = image(t, service.object("build")["dockerfile_inline"].(string))
	service["command"] = []string{"--http", "127.0.0.1:" + w.http}
	service.object("environment")["TEMPORAL_ADDRESS"] = "127.0.0.1:" + temporal(t, dir)
	delete(service, "build")      // it was made above
	delete(service, "depends_on") // and so was all that
	text, err := json.Marshal(object{"name": w.project, "services": object{"worker": service}})
	require.NoError(t, err)
	write(t, w.file, strings.ReplaceAll(string(text), "/127.0.0.1/9464", "/127.0.0.1/"+w.http))
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(w.compose(t, "logs", "--tail", "40"))
		}
		w.compose(t, "down")
	})
	w.compose(t, "up", "-d", "--wait", "--wait-timeout", "120", "worker")
	w.container = w.compose(t, "ps", "-q", "worker")
	return w
}

// move mounts other folders of the host than the file names.
func (w *worker) move(t *testing.T, service object, folders map[string]string) {
	t.Helper()
	for _, mount := range service.objects("volumes") {
		if folder, ok := folders[mount["source"].(string)]; ok {
			mount["source"] = folder
			delete(folders, mount["target"].(string))
		}
	}
	require.Empty(t, folders, "the file does not mount them")
}

func (w *worker) compose(t *testing.T, args ...string) string {
	t.Helper()
	return docker(t, append([]string{"compose", "-p", w.project, "-f", w.file}, args...)...)
}

// temporal starts a Temporal server on a port of its own, that of the single process, and returns the port.
func temporal(t *testing.T, dir string) string {
	t.Helper()
	port, health := freePort(t), "127.0.0.1:"+freePort(t)
	config := filepath.Join(dir, "server.yaml")
	write(t, config, configuration("server", dir))
	server := exec.Command(built(t, "evenkeel"), "--config", config, "--port", port, "--ui-port", freePort(t), "--http", health)
	server.Env = append(os.Environ(), "EVENKEEL_STATE="+filepath.Join(dir, "server"))
	server.Stderr = t.Output()
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(os.Interrupt)
		_ = server.Wait()
	})
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + health + "/readyz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, time.Minute, 100*time.Millisecond)
	return port
}

// configuration is that of a host with one project.
func configuration(host, directory string) string {
	return fmt.Sprintf("apiVersion: evenkeel/v1\ntime_zone: UTC\nhosts: {%s: {projects: {product: {directory: '%s'}}}}\n", host, directory)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}
