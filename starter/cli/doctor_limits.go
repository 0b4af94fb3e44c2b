package cli

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// limits finds services that may take the whole machine, and containers whose limits are not those of the
// Compose file.
func (p *projectDoctor) limits(context.Context) finding {
	services, err := p.services()
	if err != nil {
		return notAsked("needs the Compose project")
	}
	var without, other []string
	for _, s := range services {
		if s.Provider != "" || s.Fault != "" {
			continue
		}
		if missingLimits(s) != "" {
			without = append(without, s.Name)
		}
		if differs := p.otherLimits(s); differs != "" {
			other = append(other, differs)
		}
	}
	var details, hints []string
	if len(without) > 0 {
		details = append(details, "services without limits: "+strings.Join(without, ", "))
		hints = append(hints, "write cpus and mem_limit, or deploy.resources.limits, for them into the Compose file")
	}
	if len(other) > 0 {
		details = append(details, "with others than planned: "+strings.Join(other, "; "))
		hints = append(hints, "containers have the limits that they were made with")
	}
	if len(details) == 0 {
		return well(fmt.Sprintf("services with limits for CPU and memory %d", len(services)))
	}
	return noted(strings.Join(details, "; "), strings.Join(hints, "; "))
}

// otherLimits says in which limits a running container of a service is not what its file says.
func (p *projectDoctor) otherLimits(s scaling.Service) string {
	seen, _ := p.seen() // without an engine there is nothing to compare
	for _, c := range seen.of(s.Name) {
		d, ok := p.details()[c.ID]
		if !ok || !c.running() {
			continue
		}
		cpu := float64(d.HostConfig.NanoCPUs) / 1e9
		if d.HostConfig.CPUQuota > 0 && d.HostConfig.CPUPeriod > 0 {
			cpu = float64(d.HostConfig.CPUQuota) / float64(d.HostConfig.CPUPeriod)
		}
		memory := (d.HostConfig.Memory + 1<<20 - 1) >> 20
		var differs []string
		if math.Abs(cpu-s.CPULimit) > 1e-6 {
			differs = append(differs, fmt.Sprintf("CPU %s, planned %s", limitText(cpu, ""), limitText(s.CPULimit, "")))
		}
		if memory != s.MemoryLimitMB {
			differs = append(differs, fmt.Sprintf("memory %s, planned %s", limitText(float64(memory), " MB"), limitText(float64(s.MemoryLimitMB), " MB")))
		}
		if len(differs) > 0 {
			return fmt.Sprintf("%s (%s)", c.name(), strings.Join(differs, ", "))
		}
	}
	return ""
}

func limitText(value float64, unit string) string {
	if value == 0 {
		return "none"
	}
	return fmt.Sprintf("%g%s", value, unit)
}
