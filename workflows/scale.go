package workflows

import (
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// ScaleRequest asks for a number of replicas of one service of one host's Compose project.
type ScaleRequest struct {
	Host     string `json:"host"`
	Project  string `json:"project"`
	Service  string `json:"service"`
	Replicas int    `json:"replicas"`
	// BelowMin allows fewer than the policy's minimum, and SharedVolume several replicas of a database on
	// one volume; only a person may set them.
	BelowMin     bool `json:"below_min,omitempty"`
	SharedVolume bool `json:"shared_volume,omitempty"`
	// Restore takes the service back to a number that it had, whatever the bounds; an undo sets it.
	Restore bool `json:"restore,omitempty"`
	// By is who asked, such as "anna@gpu-1"; Why is the reason in a sentence.
	By  string `json:"by"`
	Why string `json:"why,omitempty"`
	// Claimed says of a run that starts it that nobody vouches for By.
	Claimed bool `json:"claimed,omitempty"`
	// Until is when the approval of the change ends; zero where it needs none. It is not begun later.
	Until time.Time `json:"until,omitzero"`
	// Allowed is the step of a runbook that allows it; nil where a person has started it, or no word is needed.
	Allowed *activities.Allowed `json:"allowed,omitempty"`
	identity.Said
}

// ScaleService takes a service to a number of replicas without losing a request: up by start,
// warm-up, healthy, observe, route, verify; down by unroute, drain, stop, verify, remove. A failure or a
// cancellation puts things back. Its id is ServiceID, so that a service has one change at a time.
func ScaleService(ctx workflow.Context, req ScaleRequest) (ServiceResult, error) {
	if err := spoken(req.By, req.Why, req.Said); err != nil {
		return ServiceResult{}, err
	}
	run := newServiceRun(req.Host, req.Project, req.Service, ServiceResult{To: req.Replicas, By: req.By, Why: req.Why})
	run.approved.Until = req.Until
	run.asked, run.allowed, run.starter = &req.Replicas, req.Allowed, req.startedBy(ctx)
	run.result.Claimed = req.Claimed || run.starter != nil
	return run.follow(ctx, Scaled, func() error { return run.scale(ctx, req) })
}

func (r *serviceRun) scale(ctx workflow.Context, req ScaleRequest) (err error) {
	if err := r.planScale(ctx, req); err != nil {
		return err
	}
	switch {
	case r.change.Grows():
		err = r.up(ctx)
	case len(r.change.Remove) > 0:
		err = r.down(ctx)
	default:
		err = r.reroute(ctx)
	}
	if err != nil {
		return err
	}
	return r.remove(ctx)
}

// planScale makes the plan again: what held when a person saw it may have changed since.
func (r *serviceRun) planScale(ctx workflow.Context, req ScaleRequest) error {
	return r.phase(ctx, "preflight", "", func() error {
		var docker *activities.Docker
		var plan scaling.Plan
		err := r.queue.run(ctx, looking("preflight of "+r.service), lookLimit, docker.PlanScale, activities.PlanRequest{
			Project: r.project, Targets: []scaling.Target{{Service: r.service, Replicas: req.Replicas}},
			BelowMin: req.BelowMin, SharedVolume: req.SharedVolume, Restore: req.Restore, Starter: r.starter, Allowed: r.allowed,
		}, &plan)
		if err != nil {
			return err
		}
		return r.take(ctx, plan.Changes[0])
	})
}

// take makes a planned change the one that the run follows to its end, unless it is refused: by the plan, or because
// its approval has ended meanwhile.
func (r *serviceRun) take(ctx workflow.Context, c scaling.Change) error {
	if refusal := r.approved.Refusal(workflow.Now(ctx), nothingDone); refusal != nil {
		c.Refusals = append(c.Refusals, *refusal)
	}
	r.change = c
	r.result.From, r.result.Warnings, r.result.Refusals = &c.From, c.Warnings, c.Refusals
	if len(c.Refusals) == 0 {
		return nil
	}
	var reasons []string
	for _, refusal := range c.Refusals {
		reasons = append(reasons, refusal.Message)
	}
	return temporal.NewNonRetryableApplicationError(strings.Join(reasons, "; "), activities.PreconditionFailed, nil)
}
