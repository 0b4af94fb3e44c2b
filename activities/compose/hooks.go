package compose

import (
	"context"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/evenkeel/evenkeel/activities"
)

// Hooks returns what Compose runs in a container of the service behind its start and before its stop.
func (p *Project) Hooks(ctx context.Context, service string) (activities.Hooks, error) {
	_, s, err := p.named(ctx, service)
	if err != nil {
		return activities.Hooks{}, err
	}
	return activities.Hooks{PostStart: hooks(s, s.PostStart), PreStop: hooks(s, s.PreStop)}, nil
}

func hooks(s types.ServiceConfig, written []types.ServiceHook) []activities.Hook {
	var out []activities.Hook
	for _, h := range written {
		var environment []string
		for name, value := range h.Environment {
			if value != nil {
				name += "=" + *value
			}
			environment = append(environment, name)
		}
		slices.Sort(environment)
		out = append(out, activities.Hook{
			Command: h.Command, User: h.User, Privileged: h.Privileged, Environment: environment,
			WorkingDir: h.WorkingDir, TTY: s.Tty,
		})
	}
	return out
}
