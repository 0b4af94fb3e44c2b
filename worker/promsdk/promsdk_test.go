package promsdk

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
)

// scrape returns the lines that a Prometheus server would get, without comments. A registry that
// cannot be gathered answers 500 and fails the test.
func scrape(t *testing.T, reg *prometheus.Registry) []string {
	t.Helper()
	server := httptest.NewServer(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	defer server.Close()
	resp, err := http.Get(server.URL)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s", body)
	var lines []string
	for line := range strings.Lines(string(body)) {
		if !strings.HasPrefix(line, "# HELP") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func TestScrape(t *testing.T) {
	reg := prometheus.NewRegistry()
	h := New(reg).WithTags(map[string]string{"namespace": "default"})
	h.WithTags(map[string]string{"operation": "Poll"}).Counter("temporal_request").Inc(2)
	h.WithTags(map[string]string{"operation": "Poll"}).Counter("temporal_request").Inc(1)
	h.Gauge("temporal_worker_task_slots_available").Update(3.5)
	h.Gauge("temporal_worker_task_slots_available").Update(7)
	h.Timer("temporal_request_latency").Record(30 * time.Millisecond)
	h.Timer("temporal_request_latency").Record(48 * time.Hour)
	lines := scrape(t, reg)
	require.Subset(t, lines, []string{
		"# TYPE temporal_request_total counter",
		`temporal_request_total{namespace="default",operation="Poll"} 3`,
		"# TYPE temporal_worker_task_slots_available gauge",
		`temporal_worker_task_slots_available{namespace="default"} 7`,
		"# TYPE temporal_request_latency_seconds histogram",
		`temporal_request_latency_seconds_bucket{namespace="default",le="0.025"} 0`,
		`temporal_request_latency_seconds_bucket{namespace="default",le="0.05"} 1`,
		`temporal_request_latency_seconds_bucket{namespace="default",le="86400"} 1`,
		`temporal_request_latency_seconds_bucket{namespace="default",le="+Inf"} 2`,
		`temporal_request_latency_seconds_sum{namespace="default"} 172800.03`,
		`temporal_request_latency_seconds_count{namespace="default"} 2`,
	})
}

func TestTagsAreReplacedAndNotShared(t *testing.T) {
	reg := prometheus.NewRegistry()
	parent := New(reg).WithTags(map[string]string{"queue": "none"})
	child := parent.WithTags(map[string]string{"queue": "evenkeel"})
	child.Counter("polls").Inc(1)
	parent.Counter("polls").Inc(4)
	require.Subset(t, scrape(t, reg), []string{`polls_total{queue="none"} 4`, `polls_total{queue="evenkeel"} 1`})
}

func TestOneNameWithTwoLabelSetsKeepsBoth(t *testing.T) {
	reg := prometheus.NewRegistry()
	h := New(reg)
	h.Counter("polls").Inc(1)
	h.WithTags(map[string]string{"queue": "evenkeel"}).Counter("polls").Inc(2)
	h.WithTags(map[string]string{"poller": "sticky"}).Counter("polls").Inc(3)
	require.Subset(t, scrape(t, reg), []string{
		"polls_total 1", `polls_total{queue="evenkeel"} 2`, `polls_total{poller="sticky"} 3`,
	})
}

func TestWhatPrometheusRefusesDoesNotPanic(t *testing.T) {
	for name, c := range map[string]struct {
		use  func(h *testHandler)
		want string
	}{
		"a counter that falls":      {func(h *testHandler) { h.Counter("polls").Inc(5); h.Counter("polls").Inc(-3) }, "polls_total 5"},
		"a name of two kinds":       {func(h *testHandler) { h.Gauge("polls_total").Update(1); h.Counter("polls").Inc(5) }, "polls_total 1"},
		"a name that has a suffix":  {func(h *testHandler) { h.Counter("polls_total").Inc(1) }, "polls_total 1"},
		"characters in a name":      {func(h *testHandler) { h.Counter("9 polls-é").Inc(1) }, "_9_polls___total 1"},
		"an empty name":             {func(h *testHandler) { h.Gauge("").Update(1) }, "_ 1"},
		"characters in a label":     {func(h *testHandler) { h.tag("task-queue", "q").Gauge("g").Update(1) }, `g{task_queue="q"} 1`},
		"a label that is taken":     {func(h *testHandler) { h.tag("a-b", "1").tag("a_b", "2").Gauge("g").Update(1) }, `g{a_b="1",a_b_="2"} 1`},
		"a label of Prometheus":     {func(h *testHandler) { h.tag("__name__", "x").Gauge("g").Update(1) }, `g{_name__="x"} 1`},
		"a label of histograms":     {func(h *testHandler) { h.tag("le", "x").Timer("t").Record(0) }, `t_seconds_count{_le="x"} 1`},
		"a value that is empty":     {func(h *testHandler) { h.Counter("c").Inc(1); h.tag("a", "").Counter("c").Inc(1) }, "c_total 2"},
		"an empty label":            {func(h *testHandler) { h.tag("", "x").Gauge("g").Update(1) }, `g{_="x"} 1`},
		"a value that is not UTF-8": {func(h *testHandler) { h.tag("a", "x\xff").Gauge("g").Update(1) }, `g{a="x` + "\uFFFD" + `"} 1`},
	} {
		t.Run(name, func(t *testing.T) {
			reg := prometheus.NewRegistry()
			c.use(&testHandler{New(reg).(handler)})
			require.Contains(t, scrape(t, reg), c.want)
		})
	}
}

type testHandler struct{ handler }

func (h *testHandler) tag(name, value string) *testHandler {
	return &testHandler{h.WithTags(map[string]string{name: value}).(handler)}
}

// TestUseWhileScraped is for the race detector.
func TestUseWhileScraped(t *testing.T) {
	reg := prometheus.NewRegistry()
	h := New(reg)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 200 {
				tagged := h.WithTags(map[string]string{"worker": fmt.Sprint(i), fmt.Sprintf("label_%d", j%5): "x"})
				tagged.Counter("polls").Inc(1)
				tagged.Gauge("slots").Update(float64(j))
				tagged.Timer("latency").Record(time.Millisecond)
			}
		})
	}
	for range 20 {
		scrape(t, reg)
	}
	all.Wait()
	require.Contains(t, scrape(t, reg), `polls_total{label_0="x",worker="7"} 40`)
}
