package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/config"
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
	for _, g := range groups {
		if fault := config.GroupFault(r.operations.Groups, g); fault != "" {
			r.add(at, "%s", fault)
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
		for _, fault := range config.CommandFaults(o.Commands, with, risk, idempotent) {
			r.add(at, "%s", fault)
		}
	}
}

func (r *refusals) service(at, uses string, with []runbook.Filled) {
	name, ok := runbook.Constant(with, "service")
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
