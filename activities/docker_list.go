package activities

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// ServiceRow is one service of a project as `starter service list` shows it.
type ServiceRow struct {
	Project string `json:"project"`
	Service string `json:"service"`
	Min     int    `json:"min"`
	Max     int    `json:"max"`
	// Scalable says whether it has a policy, which gives Min and Max; Fault is why its definition cannot be read.
	Scalable bool              `json:"scalable"`
	Fault    string            `json:"fault,omitempty"`
	Replicas []scaling.Replica `json:"replicas"`
}

// ListServices returns every service of the named projects with its replicas; of all projects of the host
// where none is named. A project that this host does not have is InvalidInput, one whose files cannot be read NotFound,
// PermissionDenied or InvalidInput, an engine that does not answer Unavailable.
func (d *Docker) ListServices(ctx context.Context, projects []string) ([]ServiceRow, error) {
	rows, err := d.listServices(ctx, projects)
	return rows, Classify(ctx, err)
}

func (d *Docker) listServices(ctx context.Context, projects []string) ([]ServiceRow, error) {
	var rows []ServiceRow
	for _, name := range d.named(projects) {
		project, err := d.Projects.Of(name)
		if err != nil {
			return nil, err
		}
		services, err := project.Compose.Services(ctx)
		if err != nil {
			return nil, fmt.Errorf("project %s: %w", name, err)
		}
		inventory, err := d.Engine.Inventory(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, s := range services {
			policy, scalable := project.Policies[s.Name]
			rows = append(rows, ServiceRow{
				Project: name, Service: s.Name, Min: policy.Min, Max: policy.Max, Scalable: scalable, Fault: s.Fault, Replicas: inventory.Of(s.Name),
			})
		}
	}
	return rows, nil
}

// named are the projects that are asked for: all where none is named.
func (d *Docker) named(projects []string) []string {
	if len(projects) == 0 {
		return d.Projects.Names()
	}
	return projects
}

// StartedWith is what a worker has read when it started, each as its SHA-256 in hexadecimal digits.
type StartedWith struct {
	Configuration string `json:"configuration"`
	// Definitions are those of templates_dir; empty without such a folder.
	Definitions string `json:"definitions,omitempty"`
	// Key is the public key of the worker's host, as hosts.NAME.key has it.
	Key string `json:"key,omitempty"`
}

// ConfiguredWith returns what the worker has read. It reads nothing of that again until it is restarted.
func (d *Docker) ConfiguredWith(context.Context) (StartedWith, error) {
	return StartedWith{Configuration: d.Configuration, Definitions: d.Definitions, Key: d.Key}, nil
}

// ReplicaUsage is one running replica and what it uses.
type ReplicaUsage struct {
	Project string          `json:"project"`
	Replica scaling.Replica `json:"replica"`
	Usage   Usage           `json:"usage"`
}

// ServiceStats measures every running replica of the named projects, or of all, for about one second, all
// at once. A project that this host does not have is InvalidInput, a replica that goes meanwhile NotFound, and an engine
// that does not answer Unavailable.
func (d *Docker) ServiceStats(ctx context.Context, projects []string) ([]ReplicaUsage, error) {
	var out []ReplicaUsage
	for _, name := range d.named(projects) {
		if _, err := d.Projects.Of(name); err != nil {
			return nil, Classify(ctx, err)
		}
		inventory, err := d.Engine.Inventory(ctx, name)
		if err != nil {
			return nil, Classify(ctx, err)
		}
		for _, r := range inventory.Replicas {
			if r.Running() {
				out = append(out, ReplicaUsage{Project: name, Replica: r})
			}
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
