package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

func (s *starter) gpuReleaseCommand() *cobra.Command {
	var lasts string
	cmd := &cobra.Command{
		Use: "release", Short: "Make a host's worker let go of its GPUs for a while",
		Long: `Make a host's worker let go of its GPUs for a while, so that you can reset one or change its mode: both work
only while no process holds the GPU. When this returns, the probe has ended. No other is started until the
time is over or you run starter gpu resume. Until then the metrics show no GPU, and no service that claims
VRAM is scaled up. Other processes that hold the GPU, such as a container or a starter gpu status, are not
touched.`,
		Example: "  starter gpu release --for 5m\n  sudo nvidia-smi --gpu-reset -i 0\n  starter gpu resume",
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := strictyaml.ParseDuration(lasts)
			if err == nil && (time.Duration(d) < time.Second || time.Duration(d) > activities.MaxGPURelease) {
				err = fmt.Errorf("%s is too short or too long", lasts)
			}
			if err != nil {
				return usage("--for", err.Error(), "write 1s to 24h")
			}
			return s.gpuRelease(cmd.Context(), d)
		},
	}
	cmd.Flags().StringVar(&lasts, "for", "2m", "how long, at most 24h")
	return s.onHost(cmd)
}

func (s *starter) gpuResumeCommand() *cobra.Command {
	return s.onHost(&cobra.Command{
		Use: "resume", Short: "Let a host's worker read its GPUs again",
		Long: "Let a host's worker read its GPUs again, before the time of starter gpu release is over.",
		RunE: func(cmd *cobra.Command, _ []string) error { return s.gpuResume(cmd.Context()) },
	})
}

func (s *starter) gpuRelease(ctx context.Context, d strictyaml.Duration) error {
	var vram *activities.VRAM
	var until time.Time
	summary := fmt.Sprintf("let go of the GPUs for %s, by %s", time.Duration(d), by())
	s.begun = "the worker may still let go of them; see starter gpu status"
	name, err := s.askHost(ctx, summary, &until, vram.ReleaseGPUs, activities.GPURelease{ForSeconds: d.Seconds()})
	if err != nil {
		return err
	}
	if s.output == "json" {
		return s.printJSON(map[string]any{"host": name, "released_until": until})
	}
	s.Out.Printf("%s has let go of its GPUs until %s; starter gpu resume takes them back\n", name, until.Local().Format(time.DateTime))
	return nil
}

func (s *starter) gpuResume(ctx context.Context) error {
	var vram *activities.VRAM
	s.begun = "the worker may still read them again; see starter gpu status"
	name, err := s.askHost(ctx, "read the GPUs again, by "+by(), nil, vram.ResumeGPUs)
	if err != nil {
		return err
	}
	if s.output == "json" {
		return s.printJSON(map[string]any{"host": name, "released_until": nil})
	}
	s.Out.Printf("%s reads its GPUs again\n", name)
	return nil
}
