package vram

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

func TestKnown(t *testing.T) {
	zero, total, free := int64(0), int64(24576), int64(24142)
	memory := gpu.Memory{TotalMB: &total, FreeMB: &free}
	known, others := Known(gpu.Snapshot{GPUs: []gpu.GPU{
		{Index: 0, UUID: "GPU-a", Memory: memory},
		{Index: 1, UUID: "GPU-b", Fault: &gpu.Fault{Kind: gpu.Hung}},
		{Index: 2, UUID: "GPU-c", Memory: memory, MIG: &gpu.MIG{Enabled: true}},
		{Index: 3, UUID: "GPU-d", Memory: memory, Unified: true},
		{Index: 4, UUID: "GPU-e", Memory: gpu.Memory{TotalMB: &total}},
		{Index: 5, UUID: "GPU-f", Memory: gpu.Memory{TotalMB: &zero, FreeMB: &zero}},
		{Index: 6, Memory: memory},
		{Index: 7, UUID: "GPU-h", Memory: memory, MIG: &gpu.MIG{}},
	}})
	require.Equal(t, []GPU{
		{UUID: "GPU-a", Index: 0, TotalMB: total, FreeMB: free}, {UUID: "GPU-h", Index: 7, TotalMB: total, FreeMB: free},
	}, known)
	require.Equal(t, []string{
		"GPU 1 does not count: no answer in time",
		"GPU 2 does not count: it is in MIG mode",
		"GPU 3 does not count: its memory is the host's",
		"GPU 4 does not count: its memory is not available",
		"GPU 5 does not count: its memory is not available",
		"GPU 6 does not count: it has no UUID",
	}, others)
}
