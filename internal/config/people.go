package config

import (
	"maps"
	"regexp"
	"slices"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Approvals say who may order runbooks about, and whose word counts.
type Approvals struct {
	// Operators are the groups whose members may pause, resume, skip, retry and abort runs. Load sets every
	// group when the file has none; an empty list is nobody.
	Operators []string `yaml:"operators"`
	// AuthenticatedFrom is the risk, write or destructive, from which an approval needs a name that somebody
	// else than the operating system vouches for; empty is none.
	AuthenticatedFrom string `yaml:"authenticated_from"`
}

// member is USER@HOST as the operating system says, a * for either, or a Slack user's id.
var member = regexp.MustCompile(`^(?:(?:\*|[^\s@*:]+)@(?:\*|[A-Za-z0-9][A-Za-z0-9._-]*)|slack:[A-Z0-9]+)$`)

func (c *Config) checkPeople(doc *strictyaml.Document) {
	groups := slices.Sorted(maps.Keys(c.Groups))
	for _, name := range groups {
		at := "groups." + name
		checkName(doc, at, name)
		if len(c.Groups[name]) == 0 {
			doc.Fault(at, "has no member; write at least one, such as [anna@gpu-1]")
		}
		for i, m := range c.Groups[name] {
			if !member.MatchString(m) {
				doc.Fault(index(at, i), "%s is not a member; write USER@HOST, with * for any user or host, or slack:ID", strictyaml.Quote(m))
			}
		}
	}
	for i, name := range c.Approvals.Operators {
		at := index("approvals.operators", i)
		switch near, ok := strictyaml.Nearest(name, groups); {
		case slices.Contains(groups, name) || !doc.Sound("groups"):
		case ok:
			doc.Fault(at, "no group is named %s; did you mean %q?", strictyaml.Quote(name), near)
		default:
			doc.Fault(at, "no group is named %s; write it under groups", strictyaml.Quote(name))
		}
	}
	if !slices.Contains([]string{"", "write", "destructive"}, c.Approvals.AuthenticatedFrom) {
		doc.Fault("approvals.authenticated_from", "%s is not a risk that needs an approval; write write or destructive", strictyaml.Quote(c.Approvals.AuthenticatedFrom))
	}
	if !doc.Has("approvals.operators") || c.Approvals.Operators == nil {
		c.Approvals.Operators = groups
	}
}
