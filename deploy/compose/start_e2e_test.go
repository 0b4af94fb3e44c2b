//go:build e2e

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
)

// worker is the container of the file's worker.
type worker struct {
	project, file, container string
	http, dsn, temporal      string
	// product is the folder of a Compose project of the name productName.
	product, productName string
	etc, state           string
}

func start(t *testing.T) *worker {
	t.Helper()
	dir := t.TempDir()
	w := &worker{
		project: dockertest.Name("evenkeel-worker"), file: filepath.Join(dir, "worker.json"),
		http: freePort(t), product: filepath.Join(dir, "product"), productName: dockertest.Name("evenkeel-product"),
		etc: filepath.Join(dir, "etc"), state: filepath.Join(dir, "state"),
	}
	upstreams := filepath.Join(w.product, "upstreams")
	for _, folder := range []string{upstreams, w.etc, w.state} {
		require.NoError(t, os.MkdirAll(folder, 0o700))
	}
	m := read(t, []string{"EVENKEEL_PRODUCT=" + w.product, "EVENKEEL_UPSTREAMS=" + upstreams}, "compose.yaml")
	w.dsn = fmt.Sprintf("postgres://ledger:%s@127.0.0.1:%s/evenkeel", password, database(t, m.object("services").object("ledger")))
	write(t, filepath.Join(w.etc, "ledger-dsn"), w.dsn+"\n")
	write(t, filepath.Join(w.etc, "evenkeel.yaml"), configuration("product", w.productName, w.product)+"ledger: {dsn_file: /etc/evenkeel/ledger-dsn}\n")
	write(t, filepath.Join(w.product, "compose.yaml"), "services: {app: {image: '"+dockertest.App(t)+"'}}\n")
	// The product belongs to somebody else, as it mostly does.
	for _, path := range []string{w.product, filepath.Join(w.product, "compose.yaml"), upstreams} {
		require.NoError(t, os.Chown(path, 12345, 12345))
	}
	service := m.object("services").object("worker")
	w.move(t, service, map[string]string{"/etc/evenkeel": w.etc, "/var/lib/evenkeel": w.state})
	service["image"] = image(t, service.object("build")["dockerfile_inline"].(string))
	service["command"] = []string{"--http", "127.0.0.1:" + w.http}
	w.temporal = "127.0.0.1:" + temporal(t, dir)
	service.object("environment")["TEMPORAL_ADDRESS"] = w.temporal
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
	write(t, config, configuration("server", "none", dir))
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

// configuration is that of a host with one project, whose app can be scaled.
func configuration(host, project, directory string) string {
	return fmt.Sprintf("apiVersion: evenkeel/v1\ntime_zone: UTC\nhosts: {%s: {projects: {%s: {directory: '%s', services: {app: {}}}}}}\n",
		host, project, directory)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}
