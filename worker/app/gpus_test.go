package app

import (
	"errors"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/nvml"
	"github.com/evenkeel/evenkeel/activities/nvml/nvmltest"
	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/worker/gpumetrics"
)

// hostGPUs are the GPUs of a host as a worker has them: the real probe and the stand-in of NVML.
func hostGPUs(t *testing.T, cards ...nvmltest.GPU) (gpus, *nvmltest.Library) {
	t.Helper()
	probe, err := nvmltest.BuildProbe(t.TempDir())
	require.NoError(t, err)
	lib, err := nvmltest.New(t.TempDir(), cards...)
	require.NoError(t, err)
	g := gpus{nvml.New(nvml.Options{Probe: probe, Library: lib.File})}
	t.Cleanup(g.Close)
	return g, lib
}

// While a person resets a GPU the worker stays away from all of them, serves no figure of them and
// lets nothing start that claims VRAM.
func TestReleasedGPUs(t *testing.T) {
	g, _ := hostGPUs(t, nvmltest.Card(0, 400))
	monitor := gpumetrics.New(g, gpuInterval, time.Now)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(monitor)
	served := func() string {
		t.Helper()
		monitor.Take(t.Context())
		recorder := httptest.NewRecorder()
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
		return recorder.Body.String()
	}
	v := &activities.VRAM{GPUs: g, HeadroomRatio: 0.2}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(v)
	require.Contains(t, served(), "evenkeel_gpu_memory_free_bytes{")

	_, err := env.ExecuteActivity(v.ReleaseGPUs, activities.GPURelease{ForSeconds: 3600})
	require.NoError(t, err)
	require.NotContains(t, served(), "evenkeel_gpu_memory_free_bytes{")
	require.Contains(t, served(), "\nevenkeel_gpu_up 0\n")
	require.Contains(t, served(), "\nevenkeel_gpu_probe_failures_total 0\n")
	optional := scaling.Change{Service: "worker-llm", Add: []int{1}, Policy: scaling.Policy{Name: "worker-llm", ClaimMB: 2000, GPUOptional: true}}
	_, err = env.ExecuteActivity(v.ReserveVRAM, activities.ReserveRequest{Project: "shop", Change: optional})
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, activities.Unavailable, app.Type(), "it is not a host without a GPU")
	require.Contains(t, app.Message(), "the worker has let go of the GPUs, as starter gpu release asked: 1h0m0s to go")

	_, err = env.ExecuteActivity(v.ResumeGPUs)
	require.NoError(t, err)
	require.Contains(t, served(), "evenkeel_gpu_memory_free_bytes{")
}

// Only what is surely a host without a GPU may be taken for one.
func TestHostWithoutGPUs(t *testing.T) {
	g, lib := hostGPUs(t)
	for name, c := range map[string]struct {
		code  int64
		class string
	}{
		"no GPU":           {0, activities.NotFound},
		"not loaded":       {9, activities.NotFound},
		"no permission":    {4, activities.Unavailable},
		"version mismatch": {18, activities.Unavailable},
		"any other error":  {999, activities.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, lib.Set(func(s *nvmltest.State) { s.InitCode = c.code }))
			_, err := g.Snapshot(t.Context())
			class, ok := errors.AsType[*activities.Error](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, c.class, class.Class)
			require.NotErrorIs(t, err, gpu.ErrReleased)
		})
	}
	absent := gpus{nvml.New(nvml.Options{Probe: filepath.Join(t.TempDir(), "gpuprobe")})}
	defer absent.Close()
	_, err := absent.Snapshot(t.Context())
	class, ok := errors.AsType[*activities.Error](err)
	require.True(t, ok)
	require.Equal(t, activities.Unavailable, class.Class, "a host without a probe is not one without a GPU")
}
