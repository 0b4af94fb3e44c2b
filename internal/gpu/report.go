package gpu

import (
	"fmt"
	"strings"

	"github.com/evenkeel/evenkeel/internal/terminal"
)

const notAvailable = "not available"

// Report is the text of a snapshot for people. It ends with a line break.
func Report(s Snapshot, h Headroom) string {
	blocks := make([]string, len(s.GPUs))
	for i, g := range s.GPUs {
		blocks[i] = g.report(h)
	}
	return strings.Join(blocks, "\n")
}

func (g GPU) report(h Headroom) string {
	var b strings.Builder
	out := terminal.NewWriter(&b)
	line := func(format string, args ...any) { out.Printf("  "+format+"\n", args...) }
	if g.Name != "" {
		out.Printf("GPU %d: %s\n", g.Index, g.Name)
	} else {
		out.Printf("GPU %d\n", g.Index)
	}
	if g.Fault == nil {
		if g.Unified {
			line("Unified memory: shared with the host")
		}
		line("Total VRAM: %s", mb(g.TotalMB, nil))
		line("Used: %s", mb(g.UsedMB, g.TotalMB))
		line("Free: %s", mb(g.FreeMB, g.TotalMB))
		line("Utilization: %s", optional(g.UtilizationRatio, func(ratio float64) string { return fmt.Sprintf("%.0f%%", ratio*100) }))
		line("Temperature: %s", optional(g.TemperatureCelsius, func(celsius int) string { return fmt.Sprintf("%d°C", celsius) }))
		if g.MIG != nil && g.MIG.Enabled {
			line("MIG: enabled, %d instances", len(g.MIG.Instances))
			for _, i := range g.MIG.Instances {
				id := "?"
				if i.GPUInstance != nil {
					id = fmt.Sprint(*i.GPUInstance)
				}
				line("  GPU instance %s: %s, free %s", id, mb(i.TotalMB, nil), mb(i.FreeMB, i.TotalMB))
			}
		}
	}
	line("%s", h.line(g))
	return b.String()
}

// mb is an amount and, when total is given, its share of it.
func mb(amount, total *int64) string {
	if amount != nil && total != nil && *total > 0 {
		return fmt.Sprintf("%d MB (%s)", *amount, percent(float64(*amount)/float64(*total)))
	}
	return optional(amount, func(n int64) string { return fmt.Sprintf("%d MB", n) })
}

func optional[T any](value *T, format func(T) string) string {
	if value == nil {
		return notAvailable
	}
	return format(*value)
}
