//go:build e2e

// Package compose_test starts the worker of compose.yaml on this machine's engine.
package compose_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
		probe := exec.Command("docker", "exec", "--interactive", w.container, "gpuprobe")
		questions, err := probe.StdinPipe() // at whose end it leaves, answered or not
		require.NoError(t, err)
		answers, err := probe.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, probe.Start())
		require.NoError(t, json.NewEncoder(questions).Encode(gpu.Question{ID: 7, Ask: gpu.AskOpen}))
		var a gpu.Answer
		require.NoError(t, json.NewDecoder(answers).Decode(&a))
		require.NoError(t, questions.Close())
		require.NoError(t, probe.Wait())
		require.Equal(t, 7, a.ID)
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
	t.Run("it scales", func(t *testing.T) {
		file := filepath.Join(w.product, "compose.yaml")
		t.Cleanup(func() { docker(t, "compose", "-p", w.productName, "-f", file, "down", "--timeout", "1") })
		// The first replica is made by Compose in the container, the second is a copy of it.
		scale := exec.Command(built(t, "starter"), "scale", "app=2")
		scale.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+w.temporal, "EVENKEEL_CONFIG="+filepath.Join(w.etc, "evenkeel.yaml"))
		out, err := scale.CombinedOutput()
		require.NoError(t, err, string(out))
		running := docker(t, "ps", "-q", "--filter", "label=com.docker.compose.project="+w.productName)
		require.Len(t, strings.Fields(running), 2)
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
