package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/internal/vram"
)

// headroom is the free share of the host's GPUs. One that does not answer leaves nothing to be said: it may be
// the fullest. One whose memory belongs to MIG instances or to the host is left out.
func (o *Operations) headroom(ctx context.Context, _ task) (condition.Values, error) {
	snapshot, err := o.GPUs.Snapshot(ctx)
	var class *Error
	if errors.As(err, &class) && class.Class == NotFound {
		return nil, Fail(NotFound, fmt.Errorf("this host has no GPU: %w", err))
	}
	if err != nil {
		return nil, err
	}
	for _, g := range snapshot.GPUs {
		if g.Fault != nil {
			return nil, Fail(Unavailable, fmt.Errorf("GPU %d: %s", g.Index, g.Fault))
		}
	}
	known, others := vram.Known(snapshot)
	if len(known) == 0 {
		return nil, Fail(NotFound, fmt.Errorf("this host has no GPU whose memory can be told %q", others))
	}
	var free []float64
	for _, g := range known {
		free = append(free, float64(g.FreeMB)/float64(g.TotalMB))
	}
	return condition.Values{"gpus": len(free), "min_free_ratio": slices.Min(free), "max_free_ratio": slices.Max(free)}, nil
}

const noPrometheus = "the configuration has no Prometheus; write prometheus.url"

func (o *Operations) query(ctx context.Context, t task) (condition.Values, error) {
	if o.Metrics == nil {
		return nil, Fail(NotFound, errors.New(noPrometheus))
	}
	value, err := o.Metrics.Value(ctx, t.text("query"))
	return condition.Values{"value": value}, err
}

// runCommand runs a command of the configuration. Nothing of what it prints is kept: it may hold secrets.
func (o *Operations) runCommand(ctx context.Context, t task) (condition.Values, error) {
	name := t.text("command")
	command, argv, err := o.command(t)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, time.Duration(command.Timeout))
	defer cancel()
	status, err := o.Runner.Run(bounded, argv)
	if err != nil {
		if bounded.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("it took longer than %s: %w", command.Timeout, err)
		}
		if class, ok := errors.AsType[*Error](err); ok && class.Class == Unknown && !t.once {
			err = Fail(Unavailable, err) // to run it again is to have run it once
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if status != 0 {
		return nil, Fail(PreconditionFailed, fmt.Errorf("%s ended with exit status %d", name, status))
	}
	return nil, nil
}

// command is what a step wants to run, if it may.
func (o *Operations) command(t task) (command config.Command, argv []string, err error) {
	name := t.text("command")
	command, ok := o.Commands[name]
	switch {
	case !ok:
		return command, nil, Fail(NotFound, errors.New(noCommand(name)))
	case t.risk.Below(runbook.Risk(command.Risk)):
		return command, nil, Fail(InvalidInput, fmt.Errorf("the command %s is %s, and the step declares %q", name, command.Risk, t.risk))
	case !t.once && !command.Idempotent:
		return command, nil, Fail(InvalidInput, fmt.Errorf("the configuration does not call the command %s idempotent, and the step does", name))
	}
	argv = slices.Clone(command.Argv)
	for _, arg := range command.Args {
		value, given := t.with[arg.Name]
		text, _ := value.(string)
		switch {
		case !given:
			return command, nil, Fail(InvalidInput, fmt.Errorf("the command %s needs %s", name, arg.Name))
		case !arg.Accepts(text):
			return command, nil, Fail(InvalidInput, fmt.Errorf("the command %s takes no %s for %s; it must match %s and not begin with -",
				name, strictyaml.Quote(text), arg.Name, arg.Pattern))
		}
		argv = append(argv, text)
	}
	if len(t.with) > 1+len(command.Args) {
		return command, nil, Fail(InvalidInput, fmt.Errorf("the command %s takes only %s", name, names(command.Args)))
	}
	return command, argv, nil
}

func noCommand(name string) string {
	return fmt.Sprintf("the configuration has no command %s; write it under commands", strictyaml.Quote(name))
}

func names(args []config.CommandArg) []string {
	out := []string{"command"}
	for _, a := range args {
		out = append(out, a.Name)
	}
	return out
}
