package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/oncall"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Approvals say who may order runbooks about, and whose word counts.
type Approvals struct {
	// Operators are the groups whose members may pause, resume, skip, retry and abort runs. Load sets every
	// group when the file has none; an empty list is nobody.
	Operators []string `yaml:"operators"`
	// Starters are the groups whose members may start runs; without any, anybody may.
	Starters []string `yaml:"starters"`
	// AuthenticatedFrom is the risk, write or destructive, from which an approval has to prove who gives it; Load sets
	// destructive when the file has none.
	AuthenticatedFrom string `yaml:"authenticated_from"`
}

// Identity is what proves who somebody is.
type Identity struct {
	// AllowedSigners is a file in the format of ssh-keygen's ALLOWED SIGNERS, with the keys of people; empty when there
	// are none.
	AllowedSigners string `yaml:"allowed_signers"`
}

// account is USER@HOST as the operating system says, and member the same with * for either.
var (
	account = regexp.MustCompile(`^(?:uid:[0-9]+|[^\s@*:]+)@[A-Za-z0-9][A-Za-z0-9._-]*$`)
	member  = regexp.MustCompile(`^(?:\*|uid:[0-9]+|[^\s@*:]+)@(?:\*|[A-Za-z0-9][A-Za-z0-9._-]*)$`)
)

// slackPerson is the id of a user of Slack.
var slackPerson = regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`)

func (c *Config) checkPeople(doc *strictyaml.Document) {
	c.checkPersons(doc)
	groups := slices.Sorted(maps.Keys(c.Groups))
	for _, name := range groups {
		at := "groups." + name
		checkName(doc, at, name)
		if len(c.Groups[name]) == 0 {
			doc.Fault(at, "has no member; write at least one, such as [anna@gpu-1]")
		}
		for i, m := range c.Groups[name] {
			_, person := c.People[m]
			near, ok := strictyaml.Nearest(m, slices.Sorted(maps.Keys(c.People)))
			switch {
			case person || member.MatchString(m):
			case oncall.IsGroup(m):
				c.checkRole(doc, index(at, i), m)
			case strings.HasPrefix(m, "slack:"):
				c.checkSlackGroup(doc, index(at, i), m)
			case ok && !strings.Contains(m, "@"):
				doc.Fault(index(at, i), "%s is no person; did you mean %q?", strictyaml.Quote(m), near)
			default:
				doc.Fault(index(at, i), "%s is not a member; write a name of people, or USER@HOST with * for any user or host", strictyaml.Quote(m))
			}
		}
	}
	c.addRoles()
	c.checkGroups(doc, "approvals.operators", c.Approvals.Operators)
	c.checkGroups(doc, "approvals.starters", c.Approvals.Starters)
	if !slices.Contains([]string{"", "write", "destructive"}, c.Approvals.AuthenticatedFrom) {
		doc.Fault("approvals.authenticated_from", "%s is not a risk that needs an approval; write write or destructive", strictyaml.Quote(c.Approvals.AuthenticatedFrom))
	}
	if c.Approvals.AuthenticatedFrom == "" {
		c.Approvals.AuthenticatedFrom = "destructive"
	}
	if !doc.Has("approvals.operators") || c.Approvals.Operators == nil {
		c.Approvals.Operators = groups
	}
}

// AsksSlackGroups says whether a group has a user group of Slack among its members.
func (c *Config) AsksSlackGroups() bool {
	for _, members := range c.Groups {
		if slices.ContainsFunc(members, func(m string) bool { _, ok := identity.CutSlackGroup(m); return ok }) {
			return true
		}
	}
	return false
}

// checkSlackGroup reports a member that is no user group of Slack, and one where there is no Slack.
func (c *Config) checkSlackGroup(doc *strictyaml.Document, at, member string) {
	switch _, ok := identity.CutSlackGroup(member); {
	case !ok:
		doc.Fault(at, "%s is no group of Slack; write slack: and its id, such as slack:S0123456789, which stands in the group's address", strictyaml.Quote(member))
	case c.Slack == nil:
		doc.Fault(at, "needs Slack to know who is in it; write slack, or name people")
	}
}

// checkGroups reports names that no group has.
func (c *Config) checkGroups(doc *strictyaml.Document, field string, names []string) {
	groups := slices.Sorted(maps.Keys(c.Groups))
	for i, name := range names {
		at := index(field, i)
		switch near, ok := strictyaml.Nearest(name, groups); {
		case oncall.IsGroup(name):
			c.checkRole(doc, at, name)
		case slices.Contains(groups, name) || !doc.Sound("groups"):
		case ok:
			doc.Fault(at, "no group is named %s; did you mean %q?", strictyaml.Quote(name), near)
		default:
			doc.Fault(at, "no group is named %s; write it under groups", strictyaml.Quote(name))
		}
	}
}

// checkPersons reports what is no account, and an account of two people: each of them could then be the other.
func (c *Config) checkPersons(doc *strictyaml.Document) {
	owners := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.People)) {
		at := "people." + name
		checkName(doc, at, name)
		if p := c.People[name]; doc.Sound(at) && len(p.Host)+len(p.SSH) == 0 && p.Slack == "" {
			doc.Fault(at, "has no account and no principal; write at least one, such as {host: [%s@gpu-1]}", name)
		}
		if user := c.People[name].Slack; doc.Has(at + ".slack") {
			switch owner, taken := owners["slack "+user]; {
			case !slackPerson.MatchString(user):
				doc.Fault(at+".slack", "%s is not the id of a user of Slack; write one such as U0123456789, which stands in the user's profile", strictyaml.Quote(user))
			case taken:
				doc.Fault(at+".slack", "%s is %s's already; a user of Slack is one person", strictyaml.Quote(user), owner)
			default:
				owners["slack "+user] = name
			}
		}
		for i, principal := range c.People[name].SSH {
			switch owner, taken := owners["ssh "+principal]; {
			case principal == "":
				doc.Fault(index(at+".ssh", i), "is empty; write a principal of identity.allowed_signers")
			case taken:
				doc.Fault(index(at+".ssh", i), "%s is %s's already; a principal is one person's", strictyaml.Quote(principal), owner)
			default:
				owners["ssh "+principal] = name
			}
		}
		for i, own := range c.People[name].Host {
			user, host, _ := strings.Cut(own, "@")
			key := user + "@" + strings.ToLower(host)
			switch owner, taken := owners[key]; {
			case !account.MatchString(own):
				doc.Fault(index(at+".host", i), "%s is not an account; write USER@HOST", strictyaml.Quote(own))
			case taken:
				doc.Fault(index(at+".host", i), "%s is %s's already; an account is one person's", strictyaml.Quote(own), owner)
			default:
				owners[key] = name
			}
		}
	}
}
