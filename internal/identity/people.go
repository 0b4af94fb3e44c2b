// Package identity says who counts as whom.
package identity

import (
	"slices"
	"strings"
)

// Person is one human, by all the accounts that she has.
type Person struct {
	// Host are USER@HOST, as the operating systems say.
	Host []string `yaml:"host"`
}

// People are the persons of the configuration, by name.
type People map[string]Person

// Named returns the person that an account belongs to; empty where it is nobody's.
func (all People) Named(account string) string {
	//workflowcheck:ignore // an account is one person's at most, which config.Load sees to
	for person, p := range all {
		if slices.ContainsFunc(p.Host, func(own string) bool { return Same(own, account) }) {
			return person
		}
	}
	return ""
}

// Counts is what an account counts as where persons are counted: the person, and for one that is nobody's the name of
// its user. So one user of two hosts is one person, unless the configuration says that they are two.
func (all People) Counts(account string) string {
	if person := all.Named(account); person != "" {
		return person
	}
	if user, _, ok := cutHost(account); ok {
		return user
	}
	return account
}

// AtMost is how many persons members of groups may be counted as; false where nothing bounds it, because a member is any
// user. A member is a person's name, or USER@HOST with * for either.
func (all People) AtMost(members []string) (int, bool) {
	counted := map[string]bool{}
	for _, m := range members {
		user, host, ok := cutHost(m)
		switch {
		case user == "*":
			return 0, false
		case !ok: // a person
			counted[m] = true
		case host != "*":
			counted[all.Counts(m)] = true
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

// Same says whether two USER@HOST are one account. The names of hosts do not tell upper from lower case.
func Same(a, b string) bool {
	user, host, ok := cutHost(a)
	other, there, okToo := cutHost(b)
	return ok && okToo && user == other && strings.EqualFold(host, there)
}

// Matches says whether a member of a group, USER@HOST with * for either, means an account.
func Matches(member, account string) bool {
	wantUser, wantHost, ok := cutHost(member)
	user, host, okToo := cutHost(account)
	return ok && okToo && (wantUser == "*" || wantUser == user) && (wantHost == "*" || strings.EqualFold(wantHost, host))
}

// cutHost splits USER@HOST at the last @: a user's name may have one, a host's cannot.
func cutHost(account string) (user, host string, ok bool) {
	at := strings.LastIndex(account, "@")
	if at < 1 || at == len(account)-1 {
		return "", "", false
	}
	return account[:at], account[at+1:], true
}
