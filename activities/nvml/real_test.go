//go:build gpu

package nvml

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// These tests need a real GPU and nvidia-smi: go test -tags gpu ./activities/nvml

// smi asks nvidia-smi for one line of values per GPU.
func smi(t testing.TB, fields string) [][]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "nvidia-smi", "--query-gpu="+fields, "--format=csv,noheader,nounits").Output()
	require.NoError(t, err)
	var rows [][]string
	for line := range strings.Lines(string(out)) {
		rows = append(rows, strings.Split(strings.TrimSpace(line), ", "))
	}
	return rows
}

func realGPU(t testing.TB) *Supervisor {
	t.Helper()
	s := New(Options{Probe: probe})
	t.Cleanup(s.Close)
	return s
}

func TestSameFiguresAsNvidiaSMI(t *testing.T) {
	s := realGPU(t)
	seen, err := s.Snapshot(t.Context())
	require.NoError(t, err)
	rows := smi(t, "index,uuid,name,memory.total,memory.reserved,memory.free,driver_version")
	require.Len(t, seen.GPUs, len(rows))
	for i, want := range rows {
		g := seen.GPUs[i]
		require.Equal(t, want, []string{
			strconv.Itoa(g.Index), g.UUID, g.Name, fmt.Sprint(*g.TotalMB), fmt.Sprint(*g.ReservedMB), fmt.Sprint(*g.FreeMB), seen.DriverVersion,
		})
	}
}

func TestAThousandRestarts(t *testing.T) {
	s := realGPU(t)
	before := xids(t)
	for range 1000 {
		_, err := s.Snapshot(t.Context())
		require.NoError(t, err)
		s.dismiss()
	}
	require.Equal(t, before, xids(t))
}

// xids counts the faults of GPUs in the kernel's log; those of another day are no fault of the test.
func xids(t *testing.T) int {
	t.Helper()
	log, err := exec.CommandContext(t.Context(), "dmesg").Output()
	require.NoError(t, err)
	return strings.Count(string(log), "NVRM: Xid")
}

func BenchmarkRealProbe(b *testing.B) {
	s := realGPU(b)
	measure(b, func() {
		_, err := s.Snapshot(b.Context())
		require.NoError(b, err)
	})
}

func BenchmarkNvidiaSMI(b *testing.B) {
	measure(b, func() { smi(b, "memory.total,memory.reserved,memory.used,memory.free,utilization.gpu,temperature.gpu") })
}
