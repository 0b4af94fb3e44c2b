package nvml

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/nvml/nvmltest"
)

func eight(b *testing.B) *Supervisor {
	b.Helper()
	gpus := make([]nvmltest.GPU, nvmltest.MaxGPUs)
	for i := range gpus {
		gpus[i] = nvmltest.Card(i, 18000)
	}
	lib, err := nvmltest.New(b.TempDir(), gpus...)
	require.NoError(b, err)
	s := New(Options{Probe: probe, Library: lib.File})
	b.Cleanup(func() { s.Close(); lib.Close() })
	return s
}

// measure reports the median and the 99th percentile of look beside its mean.
func measure(b *testing.B, look func()) {
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		look()
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}

// BenchmarkWarmProbe reads 8 GPUs through a probe that is there.
func BenchmarkWarmProbe(b *testing.B) {
	s := eight(b)
	measure(b, func() {
		_, err := s.Snapshot(b.Context())
		require.NoError(b, err)
	})
	status, err := os.ReadFile("/proc/" + strconv.Itoa(s.probe.cmd.Process.Pid) + "/status")
	require.NoError(b, err)
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kb, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
	require.NoError(b, err)
	b.ReportMetric(kb/1024, "RSS-MB")
}

// BenchmarkColdProbe starts a process for every reading, as a call of nvidia-smi does.
func BenchmarkColdProbe(b *testing.B) {
	s := eight(b)
	measure(b, func() {
		_, err := s.Snapshot(b.Context())
		require.NoError(b, err)
		s.dismiss()
	})
}
