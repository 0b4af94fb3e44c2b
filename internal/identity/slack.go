package identity

import (
	"fmt"
	"strings"
	"time"
)

// slackPrefix stands before the name of a user of Slack.
const slackPrefix = "slack:"

// SlackName is the name by which a user of a workspace speaks, given the ids of both: slack:TEAM/USER.
func SlackName(team, user string) string { return slackPrefix + team + "/" + user }

// CutSlack takes a SlackName apart. What is none is not ok.
func CutSlack(name string) (team, user string, ok bool) {
	rest, ok := strings.CutPrefix(name, slackPrefix)
	team, user, cut := strings.Cut(rest, "/")
	if !ok || !cut || team == "" || user == "" || strings.ContainsAny(user, "/@") {
		return "", "", false
	}
	return team, user, true
}

// inSlack holds the signature of a host over what somebody does in Slack: an answer, or the start of a run.
func (t Trust) inSlack(p Proof, text, signature string, at time.Time) (string, error) {
	_, _, ok := CutSlack(p.Who)
	starts := p.Namespace == StartNamespace && hasLine(text, "do", Start)
	switch {
	case !ok:
		return "", fmt.Errorf("%s is not who speaks by %s", p.Who, p.Kind)
	case p.Namespace != AnswerNamespace && !starts:
		return "", fmt.Errorf("%s answers and starts runs, and says nothing else", p.Who)
	}
	return t.Hosts.Verify(HostPrincipal(p.By), p.Namespace, text, signature, at)
}
