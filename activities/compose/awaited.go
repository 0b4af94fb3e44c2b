package compose

import (
	"context"
	"maps"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
)

// Awaited returns the services whose end another one waits for (`service_completed_successfully`): jobs that run
// once. Each has the first that waits, by name. Errors are those of Services.
func (p *Project) Awaited(ctx context.Context) (map[string]string, error) {
	m, err := p.load(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(m.services)) {
		for of, dependency := range m.services[name].DependsOn {
			if _, known := out[of]; !known && dependency.Condition == types.ServiceConditionCompletedSuccessfully {
				out[of] = name
			}
		}
	}
	return out, nil
}
