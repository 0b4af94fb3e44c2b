package activities

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// groupHolds is for how long the last answer about a user group counts while Slack does not answer.
	groupHolds = 15 * time.Minute
	// groupFresh is for how long it is not asked again: Slack lets a workspace ask 20 times a minute.
	groupFresh = 10 * time.Second
	// groupWait bounds one question: a person waits for the answer.
	groupWait = 4 * time.Second
)

// SlackGroups knows who is in a user group of Slack: as Slack says now, and while it does not answer as it said at most 15
// minutes ago. Several may use it at once.
type SlackGroups struct {
	Chat Chat
	// Now is the clock.
	Now func() time.Time

	mu   sync.Mutex
	last map[string]slackGroup
}

// slackGroup is an answer about one group.
type slackGroup struct {
	members []string
	at      time.Time
}

// Members returns the ids of the users of a group, by its id, and when Slack has said so. The error is that nobody knows:
// then nobody is a member. A group that is not there, or is disabled, has no last answer.
func (g *SlackGroups) Members(ctx context.Context, group string) ([]string, time.Time, error) {
	g.mu.Lock()
	known, ok := g.last[group]
	g.mu.Unlock()
	age := g.Now().Sub(known.at)
	if ok && age >= 0 && age < groupFresh {
		return known.members, known.at, nil
	}
	asked, cancel := context.WithTimeout(ctx, groupWait)
	defer cancel()
	at := g.Now()
	members, err := g.Chat.Members(asked, group)
	class := ClassOf(err)
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err == nil:
		if g.last == nil {
			g.last = map[string]slackGroup{}
		}
		g.last[group] = slackGroup{members, at}
		return members, at, nil
	case class == NotFound || class == PermissionDenied: // an answer, too
		delete(g.last, group)
	case ok && age >= 0 && age <= groupHolds:
		return known.members, known.at, nil
	}
	return nil, time.Time{}, fmt.Errorf("Slack does not say who is in %s: %w", group, err)
}

// inSlackGroup says whether a user is in a group of Slack, and how that is known: as of when, or why it is not. Nobody is
// asked about no user.
func (p *People) inSlackGroup(ctx context.Context, group, user string) (is bool, why string) {
	if user == "" || p.SlackGroups == nil {
		return false, ""
	}
	members, at, err := p.SlackGroups.Members(ctx, group)
	if err != nil {
		return false, " is not known: " + err.Error()
	}
	return slices.Contains(members, user), " as of " + at.UTC().Format(time.RFC3339)
}
