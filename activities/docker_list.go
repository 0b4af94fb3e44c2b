package activities

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// ServiceRow is one service as `starter service list` shows it.
type ServiceRow struct {
	Service  string            `json:"service"`
	Min      int               `json:"min"`
	Max      int               `json:"max"`
	Scalable bool              `json:"scalable"`
	Replicas []scaling.Replica `json:"replicas"`
}

// ListServices returns every service of the Compose file with its replicas.
func (d *Docker) ListServices(ctx context.Context) ([]ServiceRow, error) {
	services, err := d.Compose.Services(ctx)
	if err != nil {
		return nil, Classify(ctx, err)
	}
	inventory, err := d.Engine.Inventory(ctx, d.Project)
	if err != nil {
		return nil, Classify(ctx, err)
	}
	rows := make([]ServiceRow, len(services))
	for i, s := range services {
		policy, ok := d.Policies[s.Name]
		rows[i] = ServiceRow{Service: s.Name, Min: policy.Min, Max: policy.Max, Scalable: ok, Replicas: inventory.Of(s.Name)}
	}
	return rows, nil
}

// ReplicaUsage is one running replica and what it uses.
type ReplicaUsage struct {
	Replica scaling.Replica `json:"replica"`
	Usage   Usage           `json:"usage"`
}

// ServiceStats measures every running replica of the project for about one second, all at once.
func (d *Docker) ServiceStats(ctx context.Context) ([]ReplicaUsage, error) {
	inventory, err := d.Engine.Inventory(ctx, d.Project)
	if err != nil {
		return nil, Classify(ctx, err)
	}
	var out []ReplicaUsage
	for _, r := range inventory.Replicas {
		if r.Running() {
			out = append(out, ReplicaUsage{Replica: r})
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var group errgroup.Group
	for i := range out {
		group.Go(func() (err error) {
			out[i].Usage, err = d.Engine.Stats(ctx, out[i].Replica.ID)
			return err
		})
	}
	return out, Classify(ctx, group.Wait())
}
