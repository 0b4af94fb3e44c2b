package cli

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/nvml"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

func (s *starter) gpuCommand() *cobra.Command {
	return group("gpu", "Show the GPUs of this machine, or let go of those of a host",
		s.gpuStatusCommand(), s.gpuPlanCommand(), s.gpuReleaseCommand(), s.gpuResumeCommand())
}

// monitor is how long `starter gpu status` goes on.
type monitor struct {
	once               bool
	interval, duration string
	every, lasts       time.Duration // lasts is 0 for until stopped
}

func (s *starter) gpuStatusCommand() *cobra.Command {
	var m monitor
	cmd := &cobra.Command{
		Use: "status", Short: "Show VRAM, utilisation and headroom of this machine's GPUs",
		Long: "Show VRAM, utilisation and headroom of this machine's GPUs, until stopped or for a duration.\n\n" +
			"The exit code is 1 when any GPU had too little headroom or did not answer, and 3 when there is no driver.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := m.check(cmd.Flags().Changed("interval")); err != nil {
				return err
			}
			c, err := s.configurationOrDefault()
			if err != nil {
				return err
			}
			source := nvml.New(nvml.Options{})
			defer source.Close()
			return s.gpuStatus(cmd.Context(), c, source, m)
		},
	}
	cmd.Flags().BoolVar(&m.once, "once", false, "look once")
	cmd.Flags().StringVar(&m.interval, "interval", "10s", "time from one look to the next, such as 10s; a number is seconds")
	cmd.Flags().StringVar(&m.duration, "duration", "", "stop after this time, such as 10m; a number is seconds")
	return s.configured(cmd)
}

func (m *monitor) check(intervalSet bool) error {
	if m.once && (m.duration != "" || intervalSet) {
		return usage("gpu status", "--once looks only once", "leave out --once, or --interval and --duration")
	}
	every, err := orSeconds(m.interval)
	if err == nil && every <= 0 {
		err = errors.New("0s is too short")
	}
	if err != nil {
		return usage("--interval", err.Error(), "write 1s or more")
	}
	m.every = time.Duration(every)
	if m.duration == "" {
		return nil
	}
	lasts, err := orSeconds(m.duration)
	if err == nil && lasts <= 0 {
		err = errors.New("0s is too short")
	}
	if err != nil {
		return usage("--duration", err.Error(), "write 1s or more")
	}
	m.lasts = time.Duration(lasts)
	return nil
}

// orSeconds reads a duration; a number without a unit is seconds, as other tools that look again and again take it.
func orSeconds(text string) (strictyaml.Duration, error) {
	if _, err := strconv.ParseUint(text, 10, 63); err == nil {
		text += "s"
	}
	return strictyaml.ParseDuration(text)
}

// snapshots reads the GPUs of this machine.
type snapshots interface {
	Snapshot(ctx context.Context) (gpu.Snapshot, error)
}

// gpuStatus looks as often as m says. A driver that is not there at the first look ends it; later on
// a look that fails is told and counts, and the next may work again.
func (s *starter) gpuStatus(ctx context.Context, c *config.Config, source snapshots, m monitor) error {
	view := s.gpuView(m)
	defer view.end()
	var end <-chan time.Time
	if m.lasts > 0 {
		end = time.After(m.lasts)
	}
	tick := time.NewTicker(m.every)
	defer tick.Stop()
	code := exitDone
	for first := true; ; first = false {
		seen, err := source.Snapshot(ctx)
		switch {
		case ctx.Err() != nil:
			return answered(exitDetached)
		case err != nil && first:
			return noGPU(err)
		case err != nil:
			code = exitNo
			view.failed(noGPU(err))
		default:
			report, err := newGPUReport(c, seen)
			if err != nil {
				return err
			}
			if report.Verdict == gpu.Fail {
				code = exitNo
			}
			if err := view.show(report); err != nil {
				return err
			}
		}
		if m.once {
			break
		}
		select {
		case <-tick.C:
			continue
		case <-end:
		case <-ctx.Done():
			return answered(exitDetached)
		}
		break
	}
	if code != exitDone {
		return answered(code)
	}
	return nil
}

// noGPU is the one line that says why the GPUs cannot be read.
func noGPU(err error) error {
	f := &failure{code: exitMissing, class: activities.Unavailable, where: "gpu", what: firstLine(err)}
	if class, ok := errors.AsType[*activities.Error](err); ok {
		f.class = class.Class
	}
	if known, ok := errors.AsType[*nvml.Error](err); ok {
		f.what, f.hint = known.What, known.Hint
	}
	return f
}
