package identity

import (
	"maps"
	"slices"
	"strings"
)

// Kind is the way in which an identity is proven.
type Kind string

// The kinds of evidence.
const (
	SSH  Kind = "ssh"  // a signature by the person's own key
	Host Kind = "host" // the kernel of a host said who called its worker
	// Slack is the word of the worker of a host in slack.ingress for who pressed a button, filled in a form or typed a
	// command. Slack has signed what came in.
	Slack Kind = "slack"
)

// The kinds of evidence that are no person's: the worker of a host in ingress.hosts signs what it let in. They prove a
// start and nothing else.
const (
	Alertmanager Kind = "alertmanager" // an Alertmanager with the bearer token
	Hook         Kind = "hook"         // the sender of a hook, by the hook's secret
)

// hookPrefix stands before the name of a hook.
const hookPrefix = "hook:"

// HookName is who a delivery of a hook is said to be by.
func HookName(hook string) string { return hookPrefix + hook }

// Machine says whether evidence of the kind is no person's.
func (k Kind) Machine() bool { return k == Alertmanager || k == Hook }

// names says whether the kind, which is no person's, is that of who speaks.
func (k Kind) names(who string) bool {
	hook, isHook := strings.CutPrefix(who, hookPrefix)
	return k == Alertmanager && who == string(Alertmanager) || k == Hook && isHook && hook != ""
}

// Person is one human, by all the identities that she has.
type Person struct {
	// SSH are principals of the allowed signers, Host are USER@HOST.
	SSH  []string `yaml:"ssh"`
	Host []string `yaml:"host"`
	// Slack is the id of the user in the workspace; empty is none.
	Slack string `yaml:"slack"`
}

// has says whether an identity is the person's.
func (p Person) has(kind Kind, name string) bool {
	switch kind {
	case SSH:
		return slices.Contains(p.SSH, name)
	case Host:
		return slices.ContainsFunc(p.Host, func(own string) bool { return sameAccount(own, name) })
	case Slack:
		_, user, ok := CutSlack(name)
		return ok && p.Slack == user
	case Alertmanager, Hook: // nobody's
	}
	return false
}

// People are the persons of the configuration, by name.
type People map[string]Person

// Named returns the person that an identity belongs to; empty where it is nobody's.
func (all People) Named(kind Kind, name string) string {
	//workflowcheck:ignore // one identity is one person's at most, which Load sees to
	for person, p := range all {
		if p.has(kind, name) {
			return person
		}
	}
	return ""
}

// InSlack returns the person with that user id in the workspace; empty where there is none.
func (all People) InSlack(user string) string {
	for _, person := range slices.Sorted(maps.Keys(all)) {
		if user != "" && all[person].Slack == user {
			return person
		}
	}
	return ""
}

// users are the persons who have an account of that user's name.
func (all People) users(user string) (persons []string) {
	for _, person := range slices.Sorted(maps.Keys(all)) {
		if slices.ContainsFunc(all[person].Host, func(own string) bool { name, _, _ := CutHost(own); return name == user }) {
			persons = append(persons, person)
		}
	}
	return persons
}

// Counts is what an identity counts as where persons are counted: the person, and for an account that is nobody's the one
// person who has an account of that user's name on another host, or else that name. So one user of two hosts is one person,
// unless the configuration says that they are two. It is empty for a kind that is no person's.
func (all People) Counts(kind Kind, name string) string {
	if kind.Machine() {
		return ""
	}
	if person := all.Named(kind, name); person != "" {
		return person
	}
	if user, _, ok := CutHost(name); kind == Host && ok {
		if persons := all.users(user); len(persons) == 1 {
			return persons[0]
		}
		return user
	}
	if kind == Slack { // its names say so themselves
		return name
	}
	return string(kind) + ":" + name
}

// CountsAny is Counts of a name of which the kind is not kept: that of an account, a principal, or a user of Slack.
func (all People) CountsAny(name string) string {
	if person := all.Named(SSH, name); person != "" {
		return person
	}
	if _, _, ok := CutSlack(name); ok {
		return all.Counts(Slack, name)
	}
	return all.Counts(Host, name)
}

// AtMost is how many persons members of groups may be counted as; false where nothing bounds it, because a member is any
// user, or a group of Slack. A member is a person's name, or USER@HOST with * for either.
func (all People) AtMost(members []string) (int, bool) {
	counted := map[string]bool{}
	for _, m := range members {
		user, host, ok := CutHost(m)
		_, inSlack := CutSlackGroup(m)
		switch {
		case user == "*", inSlack:
			return 0, false
		case !ok: // a person
			counted[m] = true
		case host != "*":
			counted[all.Counts(Host, m)] = true
		default:
			counted[user] = true
			//workflowcheck:ignore // the order does not show
			for person, p := range all {
				if slices.ContainsFunc(p.Host, func(own string) bool { return Matches(m, own) }) {
					counted[person] = true
				}
			}
		}
	}
	return len(counted), true
}

// CutHost splits USER@HOST at the last @: a user's name may have one, a host's cannot.
func CutHost(name string) (user, host string, ok bool) {
	at := strings.LastIndex(name, "@")
	if at < 1 || at == len(name)-1 {
		return "", "", false
	}
	return name[:at], name[at+1:], true
}

// sameAccount compares two USER@HOST. The names of hosts do not tell upper from lower case.
func sameAccount(a, b string) bool {
	user, host, ok := CutHost(a)
	other, there, okToo := CutHost(b)
	return ok && okToo && user == other && strings.EqualFold(host, there)
}

// Matches says whether an account is one that a member of a group means: USER@HOST with * for either.
func Matches(member, account string) bool {
	wantUser, wantHost, ok := CutHost(member)
	user, host, okToo := CutHost(account)
	return ok && okToo && (wantUser == "*" || wantUser == user) && (wantHost == "*" || strings.EqualFold(wantHost, host))
}
