package operations

import (
	"context"
	"fmt"
	"slices"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Refusals names everything of a runbook that this worker cannot do, one line each: what its configuration,
// its Compose file or its host does not have. What only a run can tell, such as a service named by a probe, is
// left to the run; of a definition that runbook.Settle returned, a service named by an input is not. It is part of a
// plan, and no activity.
func (o *Operations) Refusals(ctx context.Context, project string, d runbook.Definition) ([]string, error) {
	r := &refusals{operations: o}
	of, err := o.project(project)
	if err != nil {
		return nil, activities.Classify(ctx, err)
	}
	if r.project = of; of != nil {
		services, err := of.Compose.Services(ctx)
		if err != nil {
			return nil, activities.Classify(ctx, err)
		}
		for _, s := range services {
			r.services = append(r.services, s.Name)
		}
		r.services = append(r.services, o.running(ctx, of.Name)...)
	}
	if _, err = o.gpus.Snapshot(ctx); activities.ClassOf(err) == activities.NotFound {
		r.noGPU = err.Error()
	}
	r.definition("", d)
	return r.lines, activities.Classify(ctx, ctx.Err())
}

// running are the services of which the project has containers, which may come from another file than that of the
// configuration; none where Docker does not answer, which is said by what needs it.
func (o *Operations) running(ctx context.Context, project string) []string {
	inventory, err := o.replicas.Engine.Inventory(ctx, project)
	if err != nil {
		return nil
	}
	var services []string
	for _, replica := range inventory.Replicas {
		services = append(services, replica.Service)
	}
	return services
}

// refusals collects the lines.
type refusals struct {
	operations *Operations
	// project is nil for a runbook about the host.
	project  *activities.Project
	services []string
	noGPU    string
	lines    []string
}

// use is one place of a definition that uses an operation.
type use struct {
	at         string
	with       []runbook.Filled
	risk       runbook.Risk
	idempotent bool
}

// text returns an argument that is known to be a text; false when only the run can tell, and for another type or none.
func (u use) text(name string) (string, bool) {
	value, _ := runbook.Known(u.with, name)
	text, ok := value.(string)
	return text, ok
}

func (r *refusals) add(at, format string, args ...any) {
	line := at + ": " + fmt.Sprintf(format, args...)
	if !slices.Contains(r.lines, line) {
		r.lines = append(r.lines, line)
	}
}

func (r *refusals) definition(scope string, d runbook.Definition) {
	for _, p := range d.Probes {
		r.use(p.Uses, use{"probe " + scope + p.Name, p.With, runbook.Read, true})
	}
	r.steps(scope, d.Steps)
	r.steps(scope, d.OnFailure)
}

func (r *refusals) steps(scope string, steps []runbook.Step) {
	for _, s := range steps {
		at := "step " + scope + s.ID
		switch {
		case s.Kind == runbook.Call && s.Called != nil:
			r.definition(scope+s.ID+"/", *s.Called)
		case s.Uses != "":
			r.use(s.Uses, use{at, s.With, s.Risk, s.Idempotent})
		}
		if s.Undo != nil {
			r.undo(at+", undo", *s.Undo)
		}
		if s.Gate != nil {
			r.groups(at, s.Gate.EscalateTo)
		}
		r.groups(at, s.Groups)
		for _, c := range s.Cases {
			r.steps(scope, c.Steps)
		}
	}
}

// use says what keeps this worker from doing an operation.
func (r *refusals) use(name string, u use) {
	e, ok := r.operations.table[name]
	if !ok {
		return
	}
	for _, p := range e.Params {
		if text, known := u.text(p.Name); known && offEnum(p, text) {
			r.add(u.at, "%s is %s; write one of %v", p.Name, strictyaml.Quote(text), p.Enum)
		}
	}
	e.refuse(r, u)
}

// undo says what keeps this worker from taking a step back, which is tried several times.
func (r *refusals) undo(at string, u runbook.Undo) {
	if u.Uses != runbook.CommandOperation {
		r.use(u.Uses, use{at, u.With, runbook.Write, true})
		return
	}
	for _, fault := range config.UndoFaults(r.operations.commands, u.With) {
		r.add(at, "%s", fault)
	}
}

func (r *refusals) groups(at string, groups []string) {
	for _, g := range groups {
		if fault := config.GroupFault(r.operations.groups, g); fault != "" {
			r.add(at, "%s", fault)
		}
	}
}

// known says whether the Compose file has a service.
func (r *refusals) known(at, service string) bool {
	if slices.Contains(r.services, service) {
		return true
	}
	if near, ok := strictyaml.Nearest(service, r.services); ok {
		r.add(at, "the Compose file has no service %q; did you mean %q?", service, near)
	} else {
		r.add(at, "the Compose file has no service %q", service)
	}
	return false
}
