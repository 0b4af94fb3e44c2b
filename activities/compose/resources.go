package compose

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Resources returns the networks and volumes of a service, sorted by kind and name. An external one has
// no hash.
func (p *Project) Resources(ctx context.Context, service string) ([]scaling.Resource, error) {
	m, s, err := p.named(ctx, service)
	if err != nil {
		return nil, err
	}
	found := map[scaling.Resource]bool{}
	add := func(kind, name string, external types.External, definition any) error {
		r := scaling.Resource{Kind: kind, Name: name, External: bool(external)}
		if !r.External {
			text, err := json.Marshal(definition)
			if err != nil {
				return fmt.Errorf("the definition of %s %s cannot be written out: %w", kind, name, err)
			}
			r.Hash = sum(text)
		}
		found[r] = true
		return nil
	}
	for key := range s.Networks {
		if n, ok := m.Networks[key]; ok && s.NetworkMode == "" {
			if err := add("network", n.Name, n.External, n); err != nil {
				return nil, err
			}
		}
	}
	for _, mount := range s.Volumes {
		if v, ok := m.Volumes[mount.Source]; ok && mount.Type == types.VolumeTypeVolume {
			v.Driver = cmp.Or(v.Driver, "local")
			if err := add("volume", v.Name, v.External, v); err != nil {
				return nil, err
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b scaling.Resource) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	}), nil
}
