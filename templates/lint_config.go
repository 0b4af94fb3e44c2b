package templates

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// configured looks whether the configuration has what a runbook needs of it: its groups, commands and services. What
// only a host can tell, such as the services of its Compose files, a plan says.
func (l *lintRunbook) configured(c *config.Config) {
	l.needs("steps", l.draft.definition.Steps, c)
	l.needs("on_failure", l.draft.definition.OnFailure, c)
	for _, p := range l.draft.definition.Probes {
		l.uses("probes."+p.Name, p.Uses, p.With, runbook.Read, true, c)
	}
}

func (l *lintRunbook) needs(at string, steps []runbook.Step, c *config.Config) {
	for i, s := range steps {
		at := fmt.Sprintf("%s[%d]", at, i)
		if s.Kind != runbook.Call {
			l.uses(at, s.Uses, s.With, s.Risk, s.Idempotent, c)
		}
		switch {
		case s.Undo == nil:
		case s.Undo.Uses == runbook.CommandOperation:
			l.commands(at+".undo", config.UndoFaults(c.Commands, s.Undo.With))
		default:
			l.uses(at+".undo", s.Undo.Uses, s.Undo.With, runbook.Write, true, c) // it is tried several times
		}
		l.groups(at+".groups", s.Groups, c)
		if s.Gate != nil {
			l.groups(at+".escalate_to", s.Gate.EscalateTo, c)
			l.enough(at+".min", s, c)
		}
		for j, branch := range s.Cases {
			l.needs(fmt.Sprintf("%s.cases[%d].steps", at, j), branch.Steps, c)
		}
	}
}

func (l *lintRunbook) groups(at string, groups []string, c *config.Config) {
	for i, g := range groups {
		if fault := config.GroupFault(c.Groups, g); fault != "" {
			l.lacks(fmt.Sprintf("%s[%d]", at, i), fault)
		}
	}
}

// enough warns of a gate that needs more persons than its groups have.
func (l *lintRunbook) enough(at string, s runbook.Step, c *config.Config) {
	groups := slices.Concat(s.Groups, s.Gate.EscalateTo)
	var members []string
	for _, g := range groups {
		if config.GroupFault(c.Groups, g) != "" { // which is told already
			return
		}
		members = append(members, c.Groups[g]...)
	}
	if most, bounded := c.People.AtMost(members); bounded && most < s.Gate.Min {
		l.warn(at, "%d persons must approve, and %s count as %d at most, so it never passes; add members or write less", s.Gate.Min, strings.Join(groups, ", "), most)
	}
}

func (l *lintRunbook) uses(at, uses string, with []runbook.Filled, risk runbook.Risk, idempotent bool, c *config.Config) {
	value, _ := runbook.Constant(with, "service")
	service, written := value.(string)
	switch {
	case uses == runbook.CommandOperation:
		l.commands(at, config.UseFaults(c.Commands, with, risk, idempotent))
	case uses == "service.scale" && written && !listed(c, service, func(config.Service) bool { return true }):
		l.lacks(at+".with.service", fmt.Sprintf("no project of the configuration has a service %q to scale; write it under services", service))
	case uses == "service.metric" && written && !listed(c, service, func(s config.Service) bool { return s.Metrics != "" }):
		l.lacks(at+".with.service", fmt.Sprintf("no project of the configuration has a service %q with metrics; write its metrics under services", service))
	}
}

func (l *lintRunbook) commands(at string, faults []string) {
	if len(faults) > 0 {
		l.lacks(at, strings.Join(faults, "; "))
	}
}

// listed says whether any project has a service of that name for which good holds.
func listed(c *config.Config, service string, good func(config.Service) bool) bool {
	for _, host := range c.Hosts {
		for _, project := range host.Projects {
			if s, ok := project.Services[service]; ok && good(s) {
				return true
			}
		}
	}
	return false
}

// lacks tells of something that the configuration does not have: an error where somebody wrote the runbook for it. A
// built-in one is there whether it is wanted or not.
func (l *lintRunbook) lacks(at, problem string) {
	if l.draft.builtIn {
		l.warn(at, "%s", problem)
		return
	}
	l.draft.doc.Fault(at, "%s", problem)
}
