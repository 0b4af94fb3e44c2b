package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Refusals names everything of a runbook that this worker cannot do, one line each: what its configuration,
// its Compose file or its host does not have. What only a run can tell, such as a service named by an input, is
// left to the run.
func (o *Operations) Refusals(ctx context.Context, project string, d runbook.Definition) ([]string, error) {
	r := refusals{operations: o}
	of, err := o.project(project)
	if err != nil {
		return nil, Classify(ctx, err)
	}
	if r.project = of; of != nil {
		services, err := of.Compose.Services(ctx)
		if err != nil {
			return nil, Classify(ctx, err)
		}
		for _, s := range services {
			r.services = append(r.services, s.Name)
		}
	}
	_, err = o.GPUs.Snapshot(ctx)
	if class, ok := errors.AsType[*Error](err); ok && class.Class == NotFound {
		r.noGPU = err.Error()
	}
	r.definition("", d)
	return r.lines, Classify(ctx, ctx.Err())
}

// refusals collects the lines.
type refusals struct {
	operations *Operations
	// project is nil for a runbook about the host.
	project  *Project
	services []string
	noGPU    string
	lines    []string
}

func (r *refusals) add(at, format string, args ...any) {
	line := at + ": " + fmt.Sprintf(format, args...)
	if !slices.Contains(r.lines, line) {
		r.lines = append(r.lines, line)
	}
}

func (r *refusals) definition(scope string, d runbook.Definition) {
	for _, p := range d.Probes {
		r.use("probe "+scope+p.Name, p.Uses, p.With, runbook.Read, true)
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
			r.use(at, s.Uses, s.With, s.Risk, s.Idempotent)
		}
		if s.Undo != nil {
			// What is put back is tried several times.
			r.use(at+", undo", s.Undo.Uses, s.Undo.With, runbook.Write, true)
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

func (r *refusals) groups(at string, groups []string) {
	known := slices.Sorted(maps.Keys(r.operations.Groups))
	for _, g := range groups {
		if slices.Contains(known, g) {
			continue
		}
		if near, ok := strictyaml.Nearest(g, known); ok {
			r.add(at, "the configuration has no group %q; did you mean %q?", g, near)
		} else {
			r.add(at, "the configuration has no group %q; write it under groups", g)
		}
	}
}

// use says what keeps this worker from doing an operation.
func (r *refusals) use(at, uses string, with []runbook.Filled, risk runbook.Risk, idempotent bool) {
	o := r.operations
	family, key, _ := strings.Cut(uses, ".")
	switch {
	case (family == "service" || family == "product") && r.project == nil:
		r.add(at, "the runbook is about the host and has no services; write scope: project")
	case family == "service":
		r.service(at, uses, with)
	case family == "product" && r.project.Admin.Service == "":
		r.add(at, "the configuration does not say where the product's API is; write admin.service")
	case family == "product" && r.project.Admin.Paths.Of(key) == "":
		r.add(at, "%s", noPath(key))
	case family == "product":
		r.known(at, r.project.Admin.Service)
	case uses == "prometheus.query" && o.Metrics == nil:
		r.add(at, noPrometheus)
	case uses == "gpu.headroom" && r.noGPU != "":
		r.add(at, "this host has no GPU: %s", r.noGPU)
	case uses == "command.run":
		r.command(at, with, risk, idempotent)
	}
}

func (r *refusals) service(at, uses string, with []runbook.Filled) {
	name, ok := constant(with, "service")
	service, isText := name.(string)
	if !ok || !isText || !r.known(at, service) {
		return
	}
	if uses == "service.metric" && r.project.Endpoints[service].Metrics == "" {
		r.add(at, "%s", noMetrics(service))
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

// command holds a step against the command that it runs. Which one that is must be written out: an approval
// would else be for whatever an input names.
func (r *refusals) command(at string, with []runbook.Filled, risk runbook.Risk, idempotent bool) {
	value, ok := constant(with, "command")
	name, isText := value.(string)
	if !ok || !isText {
		r.add(at, "the name of the command must be written out, not computed")
		return
	}
	command, ok := r.operations.Commands[name]
	if !ok {
		if near, ok := strictyaml.Nearest(name, slices.Sorted(maps.Keys(r.operations.Commands))); ok {
			r.add(at, "the configuration has no command %q; did you mean %q?", name, near)
		} else {
			r.add(at, "%s", noCommand(name))
		}
		return
	}
	if below(risk, runbook.Risk(command.Risk)) {
		r.add(at, "the command %s is %s, and the step declares %s", name, command.Risk, risk)
	}
	if idempotent && !command.Idempotent {
		r.add(at, "the configuration does not call the command %s idempotent, and here it may be run more than once", name)
	}
	for _, arg := range command.Args {
		given := slices.ContainsFunc(with, func(f runbook.Filled) bool { return f.Name == arg.Name })
		value, fixed := constant(with, arg.Name)
		text, _ := value.(string)
		if !given {
			r.add(at, "the command %s needs %s", name, arg.Name)
		} else if fixed && !arg.Accepts(text) {
			r.add(at, "the command %s takes no %s for %s; it must match %s and not begin with -", name, strictyaml.Quote(text), arg.Name, arg.Pattern)
		}
	}
	takes := names(command.Args)
	for _, f := range with {
		if !slices.Contains(takes, f.Name) {
			r.add(at, "the command %s takes no %s; it takes %s", name, f.Name, strings.Join(takes, ", "))
		}
	}
}

// constant returns an argument that is written out; false when it is computed or not there.
func constant(with []runbook.Filled, name string) (any, bool) {
	for _, f := range with {
		if f.Name == name && f.Value.Expression.Zero() {
			return f.Value.Constant, true
		}
	}
	return nil, false
}
