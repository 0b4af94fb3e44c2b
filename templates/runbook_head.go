package templates

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

func (r *runbookReader) metadata() {
	m, d := r.draft.content.Metadata, &r.draft.definition
	r.doc.Require("metadata.owner", "metadata.severity")
	oneOf(&r.reader, "metadata.severity", "severity", m.Severity, request.Severities)
	r.few("metadata.aliases", len(m.Aliases))
	for i, alias := range m.Aliases {
		at := fmt.Sprintf("metadata.aliases[%d]", i)
		switch {
		case !strictyaml.IsName(alias):
			r.doc.Fault(at, "%s is not a name; %s", strictyaml.Quote(alias), strictyaml.NameRule)
		case alias == m.Name || slices.Contains(m.Aliases[:i], alias):
			r.doc.Fault(at, "%s is there twice; remove it", strictyaml.Quote(alias))
		}
	}
	d.Name, d.Aliases, d.Description, d.Owner, d.Severity, d.ReviewBy = m.Name, m.Aliases, m.Description, m.Owner, m.Severity, string(m.ReviewBy)
}

// scope reads what a run is about: one project of a host, or the host.
func (r *runbookReader) scope() {
	r.draft.definition.Scope = runbook.ScopeProject
	if !r.doc.Has("scope") {
		return
	}
	if scope, ok := oneOf(&r.reader, "scope", "scope", r.draft.content.Scope, []string{runbook.ScopeProject, runbook.ScopeHost}); ok {
		r.draft.definition.Scope = scope
	}
}

var alertLabel = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func (r *runbookReader) triggers() {
	f, d := r.draft.content.Triggers, &r.draft.definition.Triggers
	if r.few("triggers.alerts", len(f.Alerts)) {
		for i, alert := range f.Alerts {
			r.alert(fmt.Sprintf("triggers.alerts[%d]", i), alert)
			d.Alerts = append(d.Alerts, runbook.Alert{Match: alert.Match, Inputs: alert.Inputs})
		}
	}
	d.Dedup = r.expression("triggers.dedup", f.Dedup, r.names, condition.String)
	r.within("triggers.cooldown", time.Duration(f.Cooldown), time.Second, 30*day)
	d.CooldownSeconds = f.Cooldown.Seconds()
	if r.doc.Has("triggers.breaker") {
		r.doc.Require("triggers.breaker.max_runs", "triggers.breaker.window")
		r.number("triggers.breaker.max_runs", f.Breaker.MaxRuns, 1, 100)
		r.within("triggers.breaker.window", time.Duration(f.Breaker.Window), time.Minute, 30*day)
		d.Breaker = runbook.Breaker{MaxRuns: f.Breaker.MaxRuns, WindowSeconds: f.Breaker.Window.Seconds()}
	}
}

// alert checks that the labels make a start that has all its inputs.
func (r *runbookReader) alert(at string, a alertFile) {
	r.doc.Require(at + ".match")
	if r.doc.Has(at+".match") && len(a.Match) == 0 {
		r.doc.Fault(at+".match", "is empty and would match every alert; write alertname: NAME")
	}
	for _, name := range slices.Sorted(maps.Keys(a.Match)) {
		r.alertLabel(at+".match."+name, name)
	}
	inputs := r.draft.definition.Inputs
	var names []string
	for _, in := range inputs {
		names = append(names, in.Name)
		if _, given := a.Inputs[in.Name]; !given && in.Default == nil && r.doc.Sound("inputs."+in.Name) {
			r.doc.Fault(at, "gives no value to the input %s, which has no default; write inputs: {%s: LABEL}", in.Name, in.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Inputs)) {
		if !slices.Contains(names, name) && !r.doc.Has("inputs."+name) {
			r.doc.Fault(at+".inputs."+name, "there is no input %s; %s", strictyaml.Quote(name), strictyaml.Instead(name, names))
		}
		r.alertLabel(at+".inputs."+name, a.Inputs[name])
	}
}

func (r *runbookReader) alertLabel(at, name string) {
	if !alertLabel.MatchString(name) {
		r.doc.Fault(at, "%s is no label of an alert; write letters, digits and '_'", strictyaml.Quote(name))
	}
}

func (r *runbookReader) concurrency() {
	f, d := r.draft.content.Concurrency, &r.draft.definition.Concurrency
	d.Key = r.expression("concurrency.key", f.Key, r.names, condition.String)
	d.Policy = runbook.Reject
	if r.doc.Has("concurrency.policy") {
		d.Policy, _ = oneOf(&r.reader, "concurrency.policy", "policy", f.Policy, []string{runbook.Reject, runbook.Join})
	}
}

func (r *runbookReader) probes() {
	probes := r.draft.content.Probes
	if !r.few("probes", len(probes)) {
		return
	}
	outputs := condition.Types{}
	for _, name := range inFileOrder(r.doc, "probes", probes) {
		p, at := probes[name], "probes."+name
		r.isLabel(at, name)
		r.doc.Require(at+".uses", at+".unit", at+".max_age")
		r.within(at+".max_age", time.Duration(p.MaxAge), time.Second, time.Hour)
		op, ok := r.operation(at+".uses", p.Uses, runbook.Read)
		if !ok {
			r.unknown = append(r.unknown, at+".")
		}
		for output, t := range op.Outputs {
			outputs[at+"."+output] = t
		}
		probe := runbook.Probe{Name: name, Uses: p.Uses, Unit: p.Unit, MaxAgeSeconds: p.MaxAge.Seconds()}
		if ok {
			probe.With = r.fill(at, operationTarget(op), p.With, r.names)
		}
		r.draft.definition.Probes = append(r.draft.definition.Probes, probe)
	}
	// A probe's arguments cannot use probes.
	maps.Copy(r.names, outputs)
}

func (r *runbookReader) guards() {
	guards := r.draft.content.Guards
	if !r.few("guards", len(guards)) {
		return
	}
	for i, g := range guards {
		at := fmt.Sprintf("guards[%d]", i)
		r.doc.Require(at+".check", at+".message")
		r.draft.definition.Guards = append(r.draft.definition.Guards, runbook.Guard{
			Check: r.expression(at+".check", g.Check, r.names, condition.Bool), Message: g.Message,
		})
	}
}
