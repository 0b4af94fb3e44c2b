package identity

import "regexp"

// slackGroup is a member of a group that stands for the members of a user group of Slack, by its id.
var slackGroup = regexp.MustCompile(`^slack:(S[A-Z0-9]{2,31})$`)

// CutSlackGroup returns the id of the user group of Slack that a member of a group stands for, slack:S0123456789.
func CutSlackGroup(member string) (id string, ok bool) {
	if m := slackGroup.FindStringSubmatch(member); m != nil {
		return m[1], true
	}
	return "", false
}

// SlackOf is the id of the user of Slack that an identity is, or whose person it is; empty for none.
func (all People) SlackOf(kind Kind, name string) string {
	if _, user, ok := CutSlack(name); ok && kind == Slack {
		return user
	}
	return all[all.Named(kind, name)].Slack
}
