package operations

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// computed depends on the input x, which is Ap; probed on more than the inputs.
func computed(t *testing.T, name string) runbook.Filled { return from(t, "inputs.x", name) }
func probed(t *testing.T, name string) runbook.Filled   { return from(t, "steps.x", name) }

func from(t *testing.T, text, name string) runbook.Filled {
	e := expression(t, text, condition.Types{text: condition.String}, condition.String)
	return runbook.Filled{Name: name, Value: runbook.Value{Expression: e}}
}

func TestRefusals(t *testing.T) {
	app, wrong := constantly("service", "app"), constantly("service", "ap")
	step := func(uses string, risk runbook.Risk, with ...runbook.Filled) runbook.Step {
		return runbook.Step{ID: "s", Kind: runbook.Action, Uses: uses, Risk: risk, With: with}
	}
	all := func(steps ...runbook.Step) runbook.Definition { return runbook.Definition{Steps: steps} }
	run := func(risk runbook.Risk, with ...runbook.Filled) runbook.Definition {
		return all(step("command.run", risk, with...))
	}
	reload := constantly("command", "reload")
	for name, c := range map[string]struct {
		d      runbook.Definition
		change func(p *environment, o *Options)
		want   []string
	}{
		"all is there": {d: runbook.Definition{
			Probes: []runbook.Probe{{Name: "p", Uses: "prometheus.query"}, {Name: "g", Uses: "gpu.headroom"}, {Name: "m", Uses: "service.metric", With: []runbook.Filled{app}}},
			Steps: []runbook.Step{
				step("service.restart", runbook.Destructive, app), step("service.scale", runbook.Write, app), step("product.breaker", runbook.Write),
				step("command.run", runbook.Write, reload, constantly("model", "m")), step("command.run", runbook.Write, reload, probed(t, "model")),
				{ID: "g", Kind: runbook.GateStep, Groups: []string{"oncall"}, Gate: &runbook.Gate{EscalateTo: []string{"sre"}}},
			},
		}},
		"no service": {d: all(step("service.restart", runbook.Destructive, wrong)), want: []string{`step s: the Compose file has no service "ap"; did you mean "app"?`}},
		"a service of another file that has containers": {
			d:      all(step("service.restart", runbook.Destructive, constantly("service", "postgres"))),
			change: func(p *environment, _ *Options) { p.replicas = []scaling.Replica{{Service: "postgres"}} },
		},
		"a service of an input": {
			d:    all(step("service.restart", runbook.Destructive, computed(t, "service"))),
			want: []string{`step s: the Compose file has no service "Ap"; did you mean "app"?`},
		},
		"a service of a probe": {d: all(step("service.restart", runbook.Destructive, probed(t, "service")))},
		"a word of an input": {
			d:    all(step("product.breaker", runbook.Write, constantly("model", "m"), computed(t, "state"))),
			want: []string{`step s: state is "Ap"; write one of [open closed]`},
		},
		"no metrics":         {d: all(step("service.metric", runbook.Read, constantly("service", "redis"))), want: []string{"step s: the configuration has no services.redis.metrics; write port and metrics there"}},
		"the default policy": {d: all(step("service.scale", runbook.Write, constantly("service", "redis")))},
		"no Prometheus": {
			d:      runbook.Definition{Probes: []runbook.Probe{{Name: "p", Uses: "prometheus.query"}}},
			change: func(_ *environment, o *Options) { o.Metrics = nil },
			want:   []string{"probe p: the configuration has no Prometheus; write prometheus.url"},
		},
		"no GPU": {
			d: all(step("gpu.headroom", runbook.Read)),
			change: func(p *environment, _ *Options) {
				p.gpuErr = activities.Fail(activities.NotFound, errors.New("no NVIDIA driver"))
			},
			want: []string{"step s: this host has no GPU: no NVIDIA driver"},
		},
		"a GPU that does not answer now": {
			d: all(step("gpu.headroom", runbook.Read)),
			change: func(p *environment, _ *Options) {
				p.gpuErr = activities.Fail(activities.Unavailable, errors.New("busy"))
			},
		},
		"no path": {
			d:      all(step("product.breaker", runbook.Write)),
			change: func(_ *environment, o *Options) { o.Projects["shop"].Admin.Paths = config.AdminPaths{} },
			want:   []string{"step s: this installation's product has no breaker; name its path as breaker in admin.paths"},
		},
		"no product": {
			d:      all(step("product.breaker", runbook.Write)),
			change: func(_ *environment, o *Options) { o.Projects["shop"].Admin = config.Admin{} },
			want:   []string{"step s: the configuration does not say where the product's API is; write admin.service"},
		},
		"the product's service is not in the Compose file": {
			d:      all(step("product.breaker", runbook.Write)),
			change: func(_ *environment, o *Options) { o.Projects["shop"].Admin.Service = "web" },
			want:   []string{`step s: the Compose file has no service "web"`},
		},
		"groups": {
			d: all(
				runbook.Step{ID: "g", Kind: runbook.GateStep, Groups: []string{"oncal"}, Gate: &runbook.Gate{EscalateTo: []string{"managers"}}},
				runbook.Step{ID: "n", Kind: runbook.Notify, Groups: []string{"managers"}},
			),
			want: []string{
				`step g: the configuration has no group "managers"; write it under groups`,
				`step g: the configuration has no group "oncal"; did you mean "oncall"?`,
				`step n: the configuration has no group "managers"; write it under groups`,
			},
		},
		"no command":         {d: run(runbook.Write, constantly("command", "relod")), want: []string{`step s: the configuration has no command "relod"; did you mean "reload"?`}},
		"command computed":   {d: run(runbook.Write, computed(t, "command")), want: []string{"step s: the name of the command must be written out, not computed"}},
		"command's risk":     {d: run(runbook.Write, constantly("command", "wipe")), want: []string{"step s: the command wipe is destructive, and the step declares \"write\""}},
		"command's argument": {d: run(runbook.Write, reload, constantly("model", "-x")), want: []string{`step s: the command reload takes no "-x" for model; it must match [a-z0-9_]+ and not begin with -`}},
		"command's arguments": {d: run(runbook.Write, reload, constantly("modell", "m")), want: []string{
			"step s: the command reload needs model",
			"step s: the command reload takes no modell; it takes command, model",
		}},
		"command's argument of an input": {
			d:    run(runbook.Write, reload, computed(t, "model")),
			want: []string{`step s: the command reload takes no "Ap" for model; it must match [a-z0-9_]+ and not begin with -`},
		},
		"undo": {
			d: all(runbook.Step{ID: "s", Uses: "product.breaker", Risk: runbook.Write, Undo: &runbook.Undo{
				Uses: "command.run", With: []runbook.Filled{reload, constantly("model", "m")},
			}}),
			want: []string{"step s, undo: the configuration does not call the command reload idempotent, and here it may be run more than once"},
		},
		"undo by a destructive command": {
			d: all(runbook.Step{ID: "s", Uses: "product.breaker", Risk: runbook.Destructive, Undo: &runbook.Undo{
				Uses: "command.run", With: []runbook.Filled{constantly("command", "wipe")},
			}}),
			want: []string{
				"step s, undo: an undo runs as write, whatever its step declares, and the command wipe is destructive; write a command of risk write",
				"step s, undo: the configuration does not call the command wipe idempotent, and here it may be run more than once",
			},
		},
		"undo that may be done again": {
			d: all(runbook.Step{ID: "s", Uses: "product.breaker", Risk: runbook.Write, Undo: &runbook.Undo{Uses: "command.run", With: []runbook.Filled{constantly("command", "again")}}}),
		},
		"wherever it stands, once": {
			d: runbook.Definition{
				Steps: []runbook.Step{
					{ID: "w", Kind: runbook.Switch, Cases: []runbook.Case{{Steps: []runbook.Step{step("service.state", runbook.Read, wrong)}}}},
					{ID: "c", Kind: runbook.Call, Uses: "other", Called: &runbook.Definition{
						Probes: []runbook.Probe{{Name: "p", Uses: "service.state", With: []runbook.Filled{wrong}}},
						Steps:  []runbook.Step{step("service.state", runbook.Read, wrong)},
					}},
				},
				OnFailure: []runbook.Step{step("service.state", runbook.Read, wrong), {ID: "f", Uses: "service.state", With: []runbook.Filled{wrong}}},
			},
			want: []string{
				`step s: the Compose file has no service "ap"; did you mean "app"?`,
				`probe c/p: the Compose file has no service "ap"; did you mean "app"?`,
				`step c/s: the Compose file has no service "ap"; did you mean "app"?`,
				`step f: the Compose file has no service "ap"; did you mean "app"?`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &environment{}
			o := p.operations(t, func(o *Options) {
				if c.change != nil {
					c.change(p, o)
				}
			})
			got, err := o.Refusals(t.Context(), "shop", runbook.Settle(c.d, "gpu1", "anna@gpu1", condition.Values{"x": "Ap"}))
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}
