package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/placement"
	"github.com/evenkeel/evenkeel/internal/vram"
)

// configurationOrDefault is the configuration. Without one the rules that ship
// hold; one that is named and not there, or that is wrong, is an error.
func (s *starter) configurationOrDefault() (*config.Config, error) {
	c, err := config.Load(s.configFile)
	var notFound *config.NotFoundError
	if errors.As(err, &notFound) && notFound.AskedBy == "" {
		return config.Default(), nil
	}
	if err != nil {
		return nil, badConfiguration(err)
	}
	return c, nil
}

// wantedModels are the models of the configuration, by falling priority.
func wantedModels(c *config.Config) []placement.Model {
	var models []placement.Model
	for name, m := range c.Models {
		models = append(models, placement.Model{Name: name, MB: m.VRAMMB, Priority: m.Priority})
	}
	slices.SortFunc(models, func(a, b placement.Model) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Name, b.Name))
	})
	return models
}

// strategyWithin bounds the search for a plan; a machine's own GPUs take microseconds.
const strategyWithin = 250 * time.Millisecond

// gpuReport is what `starter gpu status -o json` prints.
type gpuReport struct {
	At               time.Time    `json:"at"`
	DriverVersion    string       `json:"driver_version,omitempty"`
	NVMLVersion      string       `json:"nvml_version,omitempty"`
	MissingFunctions []string     `json:"missing_functions,omitempty"`
	MinFreeRatio     float64      `json:"min_free_ratio"`
	WarnFreeRatio    float64      `json:"warn_free_ratio"`
	Verdict          gpu.Verdict  `json:"verdict"`
	GPUs             []gpuVerdict `json:"gpus"`
	// Strategy is the plan for the models; nil when there are none, or no GPU to plan with.
	Strategy *placement.Plan `json:"strategy"`

	snapshot gpu.Snapshot
	headroom gpu.Headroom
}

// gpuVerdict is one GPU and what the rule says of it.
type gpuVerdict struct {
	gpu.GPU
	FreeRatio *float64    `json:"free_ratio"`
	Verdict   gpu.Verdict `json:"verdict"`
}

func newGPUReport(c *config.Config, seen gpu.Snapshot) (gpuReport, error) {
	headroom := gpu.Headroom{MinRatio: c.GPU.HeadroomRatio, WarnRatio: c.GPU.WarnRatio}
	r := gpuReport{
		At: seen.At, DriverVersion: seen.DriverVersion, NVMLVersion: seen.NVMLVersion, MissingFunctions: seen.MissingFunctions,
		MinFreeRatio: headroom.MinRatio, WarnFreeRatio: headroom.WarnRatio, Verdict: headroom.Worst(seen), snapshot: seen, headroom: headroom,
	}
	for _, g := range seen.GPUs {
		v := gpuVerdict{GPU: g, Verdict: headroom.Judge(g)}
		if ratio, ok := g.FreeRatio(); ok {
			v.FreeRatio = &ratio
		}
		r.GPUs = append(r.GPUs, v)
	}
	known, _ := vram.Known(seen)
	if len(known) == 0 || len(c.Models) == 0 {
		return r, nil
	}
	late := time.Now().Add(strategyWithin)
	plan, err := placement.Solve(placement.Request{
		GPUs: known, Models: wantedModels(c), Objective: placement.Strict, Arrangement: placement.Pack,
		HeadroomRatio: headroom.MinRatio, Offload: c.GPU.Offload,
	}, func() bool { return time.Now().After(late) })
	if err != nil {
		return r, failed("gpu", err.Error(), "")
	}
	r.Strategy = &plan
	return r, nil
}

// text is the report for people.
func (r gpuReport) text() string {
	text := gpu.Report(r.snapshot, r.headroom)
	if r.Strategy != nil {
		text += "\n" + r.Strategy.Text()
	}
	return text
}

// processes is the table of who holds memory, for the live view.
func (r gpuReport) processes() [][]string {
	rows := [][]string{{"GPU", "PID", "VRAM", "CONTAINER"}}
	for _, g := range r.GPUs {
		for _, p := range g.Processes {
			mb := "not available"
			if p.UsedMB != nil {
				mb = fmt.Sprintf("%d MB", *p.UsedMB)
			}
			rows = append(rows, []string{fmt.Sprint(g.Index), fmt.Sprint(p.PID), mb, strings.TrimSpace(fmt.Sprintf("%.12s", p.Container))})
		}
	}
	return rows
}
