package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// PlanRequest asks for one plan over several services of one project.
type PlanRequest struct {
	Project  string           `json:"project"`
	Targets  []scaling.Target `json:"targets"`
	BelowMin bool             `json:"below_min,omitempty"`
	// SharedVolume allows several replicas of a database on one volume, because a person said so.
	SharedVolume bool `json:"shared_volume,omitempty"`
	// Configuration is the SHA-256 of the configuration that the person's command has read, in hexadecimal digits;
	// empty in a run.
	Configuration string `json:"configuration,omitempty"`
	// Restore takes the services back to numbers that they had, whatever the bounds.
	Restore bool `json:"restore,omitempty"`
	// Starter is who starts the run by a name alone, and Allowed what persons said that allows the change; only a run has
	// them.
	Starter *Starter `json:"starter,omitempty"`
	Allowed *Allowed `json:"allowed,omitempty"`
}

// PlanScale reads the engine and the Compose project and says what the request would do and every
// reason against it. It touches nothing. In a plan for a person an engine that cannot be reached is the one refusal of
// each change; in a run it is Unavailable, because it may be back at the next attempt. What is asked wrongly is
// InvalidInput, and a Compose project that cannot be read NotFound, PermissionDenied or InvalidInput.
func (d *Docker) PlanScale(ctx context.Context, req PlanRequest) (scaling.Plan, error) {
	defer Heartbeat(ctx)()
	plan, err := d.plan(ctx, req)
	return plan, Classify(ctx, err)
}

func (d *Docker) plan(ctx context.Context, req PlanRequest) (scaling.Plan, error) {
	project, err := d.Projects.Of(req.Project)
	if err != nil {
		return scaling.Plan{}, err
	}
	if err := checkTargets(req.Targets); err != nil {
		return scaling.Plan{}, err
	}
	inventory, err := d.Engine.Inventory(ctx, req.Project)
	if ClassOf(err) == Unavailable && forPerson(ctx) {
		return d.unreachable(req, err), ctx.Err()
	}
	if err != nil {
		return scaling.Plan{}, err
	}
	var names []string
	for _, t := range req.Targets {
		names = append(names, t.Service)
	}
	seen, err := d.lookAt(ctx, project, inventory, names)
	if err != nil {
		return scaling.Plan{}, err
	}
	seen.Targets, seen.BelowMin, seen.SharedVolume, seen.Restore = req.Targets, req.BelowMin, req.SharedVolume, req.Restore
	plan := scaling.MakePlan(seen)
	if err := d.checkFiles(ctx, project, plan.Changes); err != nil {
		return scaling.Plan{}, err
	}
	if !forPerson(ctx) {
		if err := d.refuseUnproven(ctx, project, req, plan.Changes); err != nil {
			return scaling.Plan{}, err
		}
	}
	d.VRAM.gate(ctx, req.Project, plan.Changes)
	if req.Configuration != "" && d.Configuration != "" && req.Configuration != d.Configuration {
		for i := range plan.Changes {
			plan.Changes[i].Warnings = append(plan.Changes[i].Warnings, fmt.Sprintf("the worker on %s was started with another text of evenkeel.yaml, and does what that says; restart it", d.Host))
		}
	}
	return plan, ctx.Err()
}

// forPerson says whether no run waits for the activity.
func forPerson(ctx context.Context) bool {
	if !activity.IsActivity(ctx) {
		return true
	}
	info := activity.GetInfo(ctx)
	return !info.IsWorkflowActivity()
}

func checkTargets(targets []scaling.Target) error {
	if len(targets) == 0 {
		return Fail(InvalidInput, errors.New("no service is named; write SERVICE=N"))
	}
	for i, t := range targets {
		if t.Replicas < 0 {
			return Fail(InvalidInput, fmt.Errorf("%s: the number of replicas must be 0 or more", t))
		}
		if slices.ContainsFunc(targets[:i], func(o scaling.Target) bool { return o.Service == t.Service }) {
			return Fail(InvalidInput, fmt.Errorf("%s: the service is named twice", t.Service))
		}
	}
	return nil
}

// RestartPlanRequest asks how a service would be restarted.
type RestartPlanRequest struct {
	Project string `json:"project"`
	Service string `json:"service"`
	// Allowed is what persons said that allows it.
	Allowed *Allowed `json:"allowed,omitempty"`
}

// PlanRestart says which replicas a restart would restart, in which order, and every reason against it: in a run,
// that nobody is proven to have allowed it is one. It touches nothing. Its errors are those of PlanScale in a run.
func (d *Docker) PlanRestart(ctx context.Context, req RestartPlanRequest) (scaling.Restart, error) {
	defer Heartbeat(ctx)()
	restart, err := d.planRestart(ctx, req)
	return restart, Classify(ctx, err)
}

func (d *Docker) planRestart(ctx context.Context, req RestartPlanRequest) (scaling.Restart, error) {
	project, err := d.Projects.Of(req.Project)
	if err != nil {
		return scaling.Restart{}, err
	}
	inventory, err := d.Engine.Inventory(ctx, req.Project)
	if err != nil {
		return scaling.Restart{}, err
	}
	seen, err := d.lookAt(ctx, project, inventory, []string{req.Service})
	if err != nil {
		return scaling.Restart{}, err
	}
	seen.PolicyFaults = map[string]string{req.Service: project.restartFault(req.Service)}
	seen.Policies[req.Service] = project.restartPolicy(req.Service) // one that is not scaled can be restarted, too
	restart := scaling.MakeRestart(seen, req.Service)
	if len(restart.Refusals) == 0 && !forPerson(ctx) {
		err = d.mayRestart(ctx, req, &restart)
	}
	return restart, err
}

// checkFiles says of the changes that copy a replica what would become of its configs and secrets. That nobody could
// look is an error.
func (d *Docker) checkFiles(ctx context.Context, project *Project, changes []scaling.Change) error {
	for i := range changes {
		c := &changes[i]
		if len(c.Refusals) > 0 || c.Sibling.ID == "" {
			continue
		}
		files, err := project.Compose.Files(ctx, c.Service)
		var warnings []string
		if err == nil {
			warnings, err = d.Engine.CheckFiles(ctx, c.Sibling.ID, files)
		}
		if err != nil && !Final(err) {
			return err
		}
		if err != nil {
			c.Refusals = append(c.Refusals, scaling.Refusal{Code: scaling.UnknownFile, Message: err.Error()})
		}
		c.Warnings = append(c.Warnings, warnings...)
	}
	return nil
}

func (d *Docker) unreachable(req PlanRequest, err error) scaling.Plan {
	plan := scaling.Plan{Host: d.Host, Project: req.Project}
	for _, t := range req.Targets {
		plan.Changes = append(plan.Changes, scaling.Change{Service: t.Service, To: t.Replicas, Refusals: []scaling.Refusal{{
			Code: scaling.EngineUnreachable, Message: fmt.Sprintf("the Docker engine on %s cannot be asked: %v", d.Host, err),
		}}})
	}
	return plan
}
