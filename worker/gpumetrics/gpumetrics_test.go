package gpumetrics

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

type fake struct {
	gpus  []gpu.GPU
	err   error
	now   time.Time
	reads int
}

func (f *fake) Snapshot(context.Context) (gpu.Snapshot, error) {
	f.reads++
	return gpu.Snapshot{At: f.now, DriverVersion: "590.48.01", GPUs: f.gpus}, f.err
}

func TestMetrics(t *testing.T) {
	f := &fake{now: time.Unix(1000, 0), gpus: []gpu.GPU{
		{
			Index: 0, UUID: "GPU-1", Name: "card",
			Memory:           gpu.Memory{TotalMB: new(int64(10000)), UsedMB: new(int64(7500)), FreeMB: new(int64(2500)), ReservedMB: new(int64(300))},
			UtilizationRatio: new(0.61), TemperatureCelsius: new(64), Processes: []gpu.Process{{PID: 1}},
		},
		{Index: 1, UUID: "GPU-2", Name: "card", Memory: gpu.Memory{TotalMB: new(int64(10000))}},
		{Index: 2, Fault: &gpu.Fault{Kind: gpu.Hung}},
	}}
	m := New(f, 10*time.Second, func() time.Time { return f.now })
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(m)
	served := func() string {
		t.Helper()
		recorder := httptest.NewRecorder()
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
		require.Equal(t, 200, recorder.Code)
		var series []string
		for line := range strings.Lines(recorder.Body.String()) {
			if !strings.HasPrefix(line, "#") {
				series = append(series, strings.TrimPrefix(line, "evenkeel_gpu_"))
			}
		}
		return strings.Join(series, "")
	}
	require.Equal(t, "probe_failures_total 0\nup 0\n", served(), "before the first snapshot")

	m.Take(t.Context())
	require.Equal(t, `answering{index="0",name="card",uuid="GPU-1"} 1
answering{index="1",name="card",uuid="GPU-2"} 1
answering{index="2",name="",uuid=""} 0
driver_info{driver_version="590.48.01"} 1
memory_free_bytes{index="0",name="card",uuid="GPU-1"} 2.62144e+09
memory_free_ratio{index="0",name="card",uuid="GPU-1"} 0.25
memory_reserved_bytes{index="0",name="card",uuid="GPU-1"} 3.145728e+08
memory_total_bytes{index="0",name="card",uuid="GPU-1"} 1.048576e+10
memory_total_bytes{index="1",name="card",uuid="GPU-2"} 1.048576e+10
memory_used_bytes{index="0",name="card",uuid="GPU-1"} 7.86432e+09
probe_duration_seconds 0
probe_failures_total 0
processes{index="0",name="card",uuid="GPU-1"} 1
snapshot_age_seconds 0
temperature_celsius{index="0",name="card",uuid="GPU-1"} 64
up 1
utilization_ratio{index="0",name="card",uuid="GPU-1"} 0.61
`, served())
	require.Equal(t, 1, f.reads, "a scrape does not touch the driver")

	// A snapshot grows old while the driver does not answer, and then is not served.
	f.err = errors.New("hung")
	f.now = f.now.Add(25 * time.Second)
	m.Take(t.Context())
	require.Contains(t, served(), "memory_free_bytes")
	f.now = f.now.Add(time.Second)
	require.Equal(t, "probe_failures_total 1\nsnapshot_age_seconds 26\nup 0\n", served())

	f.err = nil
	m.Take(t.Context())
	require.Contains(t, served(), "up 1\n")

	// Of GPUs that were let go of nothing is served, not even what is fresh, and that is no failure.
	f.err = fmt.Errorf("a reset: %w", gpu.ErrReleased)
	m.Take(t.Context())
	require.Equal(t, "probe_failures_total 1\nup 0\n", served())
}

func TestRunEnds(t *testing.T) {
	f := &fake{now: time.Unix(1000, 0)}
	m := New(f, time.Millisecond, func() time.Time { return f.now })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	m.Run(ctx)
	require.Greater(t, f.reads, 1)
}
