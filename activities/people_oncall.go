package activities

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/oncall"
)

// onCall returns who a member of a group stands for at a time: for oncall:ROLE the person who has the role then, nobody
// before the start of the rota and without one; any other member stands for itself. The time is that at which something
// is said, as far as the host believes it: an approval that the primary has given counts also when it is used after the
// next hand-over.
func (p *People) onCall(member string, at time.Time) string {
	role, ok := oncall.OfGroup(member)
	switch {
	case !ok:
		return member
	case p.Rota == nil:
		return ""
	}
	return p.Rota.At(at)[role].Who
}

// GroupsOf returns the groups of which a person of p is a member at a time, sorted: by name, or as whoever has a role then.
// A name that is no person's is a member of none. It is no method, for those are activities.
func GroupsOf(ctx context.Context, p *People, person string, at time.Time) (groups []string) {
	if _, known := p.Persons[person]; !known {
		return nil
	}
	for _, group := range slices.Sorted(maps.Keys(p.Groups)) {
		if slices.ContainsFunc(p.Groups[group], func(member string) bool {
			if id, inSlack := identity.CutSlackGroup(member); inSlack {
				is, _ := p.inSlackGroup(ctx, id, p.Persons[person].Slack)
				return is
			}
			return p.onCall(member, at) == person
		}) {
			groups = append(groups, group)
		}
	}
	return groups
}
