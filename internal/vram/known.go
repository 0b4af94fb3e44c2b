package vram

import (
	"fmt"

	"github.com/evenkeel/evenkeel/internal/gpu"
)

// Known returns the GPUs of a snapshot whose memory can be planned with, and for each other one a line
// that says why it cannot. A figure that is not available is not guessed. The memory of a GPU in MIG mode
// belongs to its instances, and unified memory is the host's.
func Known(s gpu.Snapshot) (known []GPU, others []string) {
	for _, g := range s.GPUs {
		why := ""
		switch {
		case g.Fault != nil:
			why = g.Fault.String()
		case g.MIG != nil && g.MIG.Enabled:
			why = "it is in MIG mode"
		case g.Unified:
			why = "its memory is the host's"
		case g.TotalMB == nil || g.FreeMB == nil || *g.TotalMB <= 0:
			why = "its memory is not available"
		case g.UUID == "":
			why = "it has no UUID"
		default:
			known = append(known, GPU{UUID: g.UUID, Index: g.Index, TotalMB: *g.TotalMB, FreeMB: *g.FreeMB})
			continue
		}
		others = append(others, fmt.Sprintf("GPU %d does not count: %s", g.Index, why))
	}
	return known, others
}
