package dockerd

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Resources returns the networks and volumes that the engine has, sorted by kind and name, with the
// hash of the definition that Compose made them from. Errors are those of Inventory.
func (e *Engine) Resources(ctx context.Context) ([]scaling.Resource, error) {
	networks, err := e.api.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return nil, classed("list networks", err)
	}
	volumes, err := e.api.VolumeList(ctx, volume.ListOptions{})
	if err != nil {
		return nil, classed("list volumes", err)
	}
	var out []scaling.Resource
	for _, n := range networks {
		out = append(out, scaling.Resource{Kind: "network", Name: n.Name, Hash: n.Labels[labelHash]})
	}
	for _, v := range volumes.Volumes {
		out = append(out, scaling.Resource{Kind: "volume", Name: v.Name, Hash: v.Labels[labelHash]})
	}
	slices.SortFunc(out, func(a, b scaling.Resource) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
	return out, nil
}
