package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/activities/nvml"
	"github.com/evenkeel/evenkeel/internal/placement"
	"github.com/evenkeel/evenkeel/internal/vram"
)

// planOptions are the flags of `starter gpu plan`.
type planOptions struct {
	gpus      []string
	models    []string
	objective string
	offload   bool
}

func (s *starter) gpuPlanCommand() *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use: "plan", Short: "Show which model goes on which GPU",
		Long: `Show which model goes on which GPU, so that the headroom stays free once all are loaded.

Without --gpu it plans with this machine's GPUs as they are now: what others use, and what the driver
keeps for itself, counts. Without --model it plans the models of the configuration.

The last line is "Status: OK" when every model is on a GPU, "Status: DEGRADED" when some are on the
CPU and "Status: INCOMPLETE" when some are nowhere; in the latter two cases the exit code is 1.`,
		Example: "  starter gpu plan\n  starter gpu plan --gpu 24576 --gpu 24576\n  starter gpu plan --gpu 24576 --model big=16000:9 --model small=4000 --objective sum",
		RunE: func(cmd *cobra.Command, _ []string) error {
			source := nvml.New(nvml.Options{})
			defer source.Close()
			return s.gpuPlan(cmd.Context(), source, o, cmd.Flags().Changed("offload"))
		},
	}
	cmd.Flags().StringArrayVar(&o.gpus, "gpu", nil, "total MB of an empty GPU to plan with, instead of this machine's; may be repeated")
	cmd.Flags().StringArrayVar(&o.models, "model", nil, "name=MB[:priority] of a model to plan, instead of the configuration's; may be repeated; priority 1 to 9, 9 is kept longest (default 5)")
	cmd.Flags().StringVar(&o.objective, "objective", string(placement.Strict), "what is kept when not all fit: strict keeps the highest priority, sum the largest sum of priorities")
	cmd.Flags().BoolVar(&o.offload, "offload", false, "plan models that fit on no GPU on the CPU (default: the configuration's gpu.offload)")
	return s.configured(cmd)
}

func (s *starter) gpuPlan(ctx context.Context, source snapshots, o planOptions, offloadSet bool) error {
	c, err := s.configurationOrDefault()
	if err != nil {
		return err
	}
	request := placement.Request{
		Models: wantedModels(c), Objective: placement.Objective(o.objective), Arrangement: placement.Pack,
		HeadroomRatio: c.GPU.HeadroomRatio, Offload: c.GPU.Offload,
	}
	if request.Objective != placement.Strict && request.Objective != placement.Sum {
		return usage("--objective", fmt.Sprintf("%q is not known", o.objective), "say strict or sum")
	}
	if offloadSet {
		request.Offload = o.offload
	}
	if len(o.models) > 0 {
		if request.Models, err = parseModels(o.models); err != nil {
			return err
		}
	}
	if len(request.Models) == 0 {
		return usage("gpu plan", "the configuration has no models", "name some with --model")
	}
	var others []string
	if len(o.gpus) > 0 {
		request.GPUs, err = parseGPUs(o.gpus)
	} else {
		request.GPUs, others, err = thisMachine(ctx, source)
	}
	if err != nil {
		return err
	}
	late := time.Now().Add(strategyWithin)
	plan, err := placement.Solve(request, func() bool { return time.Now().After(late) })
	if err != nil {
		return usage("gpu plan", err.Error(), "see starter gpu plan --help")
	}
	if s.output == "json" {
		if err := s.printJSON(plan); err != nil {
			return err
		}
	} else {
		fmt.Fprint(s.Out, plan.Text())
	}
	for _, line := range others {
		s.Err.Printf("starter: gpu plan: %s\n", line)
	}
	if !plan.Complete() {
		return answered(exitNo)
	}
	return nil
}

// thisMachine returns the GPUs that can be planned with, and a line for each that cannot.
func thisMachine(ctx context.Context, source snapshots) (known []vram.GPU, others []string, err error) {
	seen, err := source.Snapshot(ctx)
	if err != nil {
		return nil, nil, noGPU(err)
	}
	if known, others = vram.Known(seen); len(known) == 0 {
		return nil, nil, missing("gpu plan", strings.Join(append(others, "no GPU to plan with"), "; "), "name GPUs with --gpu")
	}
	return known, others, nil
}

func parseGPUs(flags []string) ([]vram.GPU, error) {
	var gpus []vram.GPU
	for i, flag := range flags {
		mb, err := strconv.ParseInt(flag, 10, 64)
		if err != nil || mb <= 0 {
			return nil, usage("--gpu", fmt.Sprintf("%q is not a size in MB", flag), "write the total of a GPU, such as 24576")
		}
		gpus = append(gpus, vram.GPU{Index: i, TotalMB: mb, FreeMB: mb})
	}
	return gpus, nil
}

// parseModels reads name=MB[:priority]. A name may hold = and :, such as an engine's tags.
func parseModels(flags []string) ([]placement.Model, error) {
	var models []placement.Model
	for _, flag := range flags {
		at := strings.LastIndex(flag, "=")
		size, level, leveled := strings.Cut(flag[at+1:], ":")
		m := placement.Model{Priority: 5}
		var err, levelErr error
		if m.MB, err = strconv.ParseInt(size, 10, 64); leveled {
			m.Priority, levelErr = strconv.Atoi(level)
		}
		if at < 1 || err != nil || levelErr != nil || strings.ContainsFunc(flag[:max(at, 0)], unprintable) {
			return nil, usage("--model", fmt.Sprintf("%q is not name=MB[:priority]", flag), "write a model, such as qwen_32b=16000:9")
		}
		m.Name = flag[:at]
		models = append(models, m)
	}
	return models, nil
}

// unprintable is what would break a line of the plan.
func unprintable(r rune) bool { return r <= ' ' || !strconv.IsPrint(r) }
