package placement

import (
	"fmt"
	"math"
	"strings"
)

var titles = map[Strategy]string{
	SingleGPU:    "Single GPU Deployment",
	MultiGPU:     "Multi-GPU Deployment",
	CPUOffload:   "CPU Offloading",
	TwoModel:     "Two-Model Deployment",
	Insufficient: "Insufficient VRAM",
}

// Text is the plan for people; it ends with a line break. Its last line is "Status: OK" when every
// model is on a GPU, "Status: DEGRADED" when the others are on the CPU, and "Status: INCOMPLETE" when
// some are nowhere; the latter two count them.
func (p Plan) Text() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("[STRATEGY] %s", titles[p.Strategy])
	placed := 0
	for _, g := range p.GPUs {
		placed += len(g.Models)
		if len(g.Models) == 0 {
			line("GPU %d: no model", g.Index)
			line("  Free: %d MB (%s)", g.FreeMB, g.percent())
			continue
		}
		line("GPU %d: %s", g.Index, strings.Join(g.Models, ", "))
		var sum int64
		for i, name := range g.Models {
			line("  - %s: ~%d MB", name, g.ModelsMB[i])
			sum += g.ModelsMB[i]
		}
		line("  VRAM required: %d MB", sum)
		line("  Free after loading: %d MB (%s)", g.FreeMB, g.percent())
	}
	for i, name := range p.Offloaded {
		line("On CPU: %s %s", name, p.OffloadReasons[i])
	}
	for _, u := range p.Unplaced {
		line("Not placed: %s %s", u.Model, u.Reason)
	}
	switch {
	case p.Optimal:
	case p.GapRatio > 0:
		line("Not proven: a plan that keeps up to %.1f%% more by priority may exist", 100*p.GapRatio)
	case p.GapGPUs > 0:
		line("Not proven: %d GPUs fewer may do", p.GapGPUs)
	default:
		line("Not proven: a more even plan may exist")
	}
	total := placed + len(p.Offloaded) + len(p.Unplaced)
	switch {
	case p.Complete():
		line("Status: OK")
	case len(p.Unplaced) == 0:
		line("Status: DEGRADED (%d of %d models on the CPU)", len(p.Offloaded), total)
	default:
		line("Status: INCOMPLETE (%d of %d models not placed)", len(p.Unplaced), total)
	}
	return b.String()
}

// percent is the free share, rounded down where rounding would make it reach the headroom.
func (g GPUPlan) percent() string {
	tenths := math.Round(g.FreeRatio * 1000)
	if g.FreeMB < g.HeadroomMB && tenths >= math.Round(1000*float64(g.HeadroomMB)/float64(g.TotalMB)) {
		tenths = math.Floor(g.FreeRatio * 1000)
	}
	return fmt.Sprintf("%.1f%%", tenths/10)
}
