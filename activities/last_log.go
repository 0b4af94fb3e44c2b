package activities

import (
	"cmp"
	"context"
	"slices"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// LogRequest names a service of a project.
type LogRequest struct {
	Project string `json:"project"`
	Service string `json:"service"`
}

// ServiceLog is the end of the log of one replica of a service: 20 lines and 4 KiB at most, with what may be a secret masked.
type ServiceLog struct {
	Replica string   `json:"replica,omitempty"`
	Lines   []string `json:"lines,omitempty"`
}

// LastLog returns the end of the log of the replica that people want to see most: of those that take part one that is
// unhealthy, else any of them, else one that has ended. A service without replicas has none.
func (d *Docker) LastLog(ctx context.Context, req LogRequest) (ServiceLog, error) {
	log, err := d.lastLog(ctx, req)
	return log, Classify(ctx, err)
}

func (d *Docker) lastLog(ctx context.Context, req LogRequest) (ServiceLog, error) {
	replicas, err := d.Engine.Replicas(ctx, req.Project, req.Service)
	if err != nil || len(replicas) == 0 {
		return ServiceLog{}, err
	}
	rank := func(r scaling.Replica) int {
		switch {
		case r.Unhealthy():
			return 0
		case r.Live():
			return 1
		}
		return 2
	}
	first := slices.MinFunc(replicas, func(a, b scaling.Replica) int { return cmp.Or(rank(a)-rank(b), a.Number-b.Number) })
	life, err := d.Engine.Life(ctx, first.ID, true)
	return ServiceLog{Replica: first.Name, Lines: life.LastLines}, err
}
