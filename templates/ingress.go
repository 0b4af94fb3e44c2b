package templates

import (
	"maps"
	"slices"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// checkHooks holds the hooks of a configuration against the runbooks that they start. One that is disabled or has a fault
// only keeps its hook from starting anything.
func checkHooks(c *config.Config, set *Set) error {
	for _, name := range slices.Sorted(maps.Keys(c.Ingress.Hooks)) {
		hook, at := c.Ingress.Hooks[name], "ingress.hooks."+name
		d, ok := set.Runbook(hook.Runbook)
		switch {
		case !ok && (slices.Contains(c.Disabled, hook.Runbook) || set.RunbookFault(hook.Runbook) != ""):
			continue
		case !ok:
			return c.Fault(at+".runbook", "no runbook is named %s; %s", strictyaml.Quote(hook.Runbook), strictyaml.Instead(hook.Runbook, set.runbookNames()))
		case d.Scope == runbook.ScopeHost && hook.Project != "":
			return c.Fault(at+".project", "the runbook %s is about a host and not about a project; remove the line", d.Name)
		case d.Scope == runbook.ScopeProject && hook.Project == "" && severalProjects(c, hook.Host):
			return c.Fault(at+".project", "is missing; the host has several projects")
		}
		if err := checkHookInputs(c, at, hook, d); err != nil {
			return err
		}
	}
	return nil
}

// severalProjects says whether a host has several; empty is the only host.
func severalProjects(c *config.Config, host string) bool {
	if host == "" {
		host = slices.Collect(maps.Keys(c.Hosts))[0]
	}
	return len(c.Hosts[host].Projects) > 1
}

// checkHookInputs looks whether deliveries can give the runbook all that it needs.
func checkHookInputs(c *config.Config, at string, hook config.Hook, d runbook.Definition) error {
	var names []string
	for _, in := range d.Inputs {
		names = append(names, in.Name)
		if _, given := hook.Inputs[in.Name]; !given && in.Default == nil {
			return c.Fault(at+".inputs", "gives no value to the input %s, which has no default; write inputs: {%s: PATH}", in.Name, in.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(hook.Inputs)) {
		if !slices.ContainsFunc(d.Inputs, func(in input.Field) bool { return in.Name == name }) {
			return c.Fault(at+".inputs."+name, "the runbook %s has no input %s; %s", d.Name, strictyaml.Quote(name), strictyaml.Instead(name, names))
		}
	}
	return nil
}
