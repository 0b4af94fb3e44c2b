//go:build e2e

package prom

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

// waitFor is ten times and more what a scrape each second should take.
const waitFor = time.Minute

// prometheus starts the real server, which scrapes target each second, and ends it with the test.
func prometheus(t *testing.T, target string) *Client {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: exporter
    static_configs: [{targets: [%q]}]
`, target), 0o600))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	cmd := exec.Command("prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	defer log.Close()
	cmd.Stderr = log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		cmd.Wait()
		if t.Failed() {
			said, _ := os.ReadFile(log.Name())
			t.Logf("%s", said)
		}
	})
	c := New("http://" + address)
	require.Eventually(t, func() bool {
		value, err := c.Value(t.Context(), `up{job="exporter"}`)
		return err == nil && value == 1
	}, waitFor, 50*time.Millisecond)
	return c
}

func TestRealPrometheus(t *testing.T) {
	var page atomic.Value
	page.Store("")
	var down atomic.Bool
	exporter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, page.Load().(string))
	}))
	defer exporter.Close()
	old := time.Now().Add(-4 * time.Minute)
	page.Store(fmt.Sprintf(`queue{mode="fast"} 3
queue{mode="creative"} 4
nothing NaN
old 5 %d
requests_bucket{le="1"} 0
requests_bucket{le="+Inf"} 0
`, old.UnixMilli()))
	c := prometheus(t, strings.TrimPrefix(exporter.URL, "http://"))

	for query, want := range map[string]float64{
		`queue{mode="fast"}`: 3, "sum(queue)": 7, "scalar(sum(queue)) * 2": 14, "42": 42, "sum(queue) # all": 7, `absent(gone)`: 1,
	} {
		value, err := c.Value(t.Context(), query)
		require.NoError(t, err, query)
		require.Equal(t, want, value, query)
	}
	for query, says := range map[string]string{
		"queue":        "2 samples, and one is wanted",
		"gone":         "no sample",
		"nothing":      "the sample is NaN",
		"sum(queue)/0": "the sample is +Inf",
		"old":          "the sample is stale: the query timestamp(QUERY) says that it was taken at ",
		"histogram_quantile(0.95, sum by (le) (requests_bucket))": "the sample is NaN",
		"queue[5m]":          "the query gives a matrix",
		`"text"`:             "the query gives a string",
		"sum(queue":          "prometheus.url answers 400",
		"queue * on() queue": "prometheus.url answers 422",
	} {
		_, err := c.Value(t.Context(), query)
		require.ErrorContains(t, err, says, query)
		var e *activities.Error
		require.ErrorAs(t, err, &e, query)
		require.Contains(t, []string{activities.InvalidInput, activities.PreconditionFailed}, e.Class, query)
	}

	down.Store(true)
	require.Eventually(t, func() bool {
		_, err := c.Value(t.Context(), "sum(queue)")
		return err != nil && strings.Contains(err.Error(), "no sample")
	}, waitFor, 50*time.Millisecond, "a target that is gone has no value, and not its last one")
}
