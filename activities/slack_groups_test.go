package activities

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
)

// groupChat is a workspace of which only the groups are asked for.
type groupChat struct {
	Chat
	members []string
	err     error
	asked   int
}

func (c *groupChat) Members(context.Context, string) ([]string, error) {
	c.asked++
	return c.members, c.err
}

func TestTheLastAnswerOfSlackCountsForAQuarterOfAnHour(t *testing.T) {
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	began := now
	chat := &groupChat{members: []string{"U1"}}
	groups := &SlackGroups{Chat: chat, Now: func() time.Time { return now }}
	away := Fail(Unavailable, errors.New("no route"))
	for _, step := range []struct {
		what    string
		after   time.Duration
		members []string
		err     error
		is      []string
		asked   int
		at      time.Duration
	}{
		{what: "asked", members: []string{"U1"}, is: []string{"U1"}, asked: 1},
		{what: "not asked again at once", after: 9 * time.Second, members: []string{"U2"}, is: []string{"U1"}, asked: 1},
		{what: "asked again", after: time.Minute, members: []string{"U2"}, is: []string{"U2"}, asked: 2, at: time.Minute},
		{what: "away", after: 16 * time.Minute, err: away, is: []string{"U2"}, asked: 3, at: time.Minute},
		{what: "away for longer", after: 16*time.Minute + time.Second, err: away, asked: 4},
		{what: "back", after: 17 * time.Minute, members: []string{"U3"}, is: []string{"U3"}, asked: 5, at: 17 * time.Minute},
		{what: "disabled", after: 18 * time.Minute, err: Fail(NotFound, errors.New("no group")), asked: 6},
		{what: "and then away", after: 19 * time.Minute, err: away, asked: 7},
		{what: "a clock that goes back", after: -time.Minute, err: away, asked: 8},
	} {
		now, chat.members, chat.err = began.Add(step.after), step.members, step.err
		members, at, err := groups.Members(t.Context(), "S1")
		require.Equal(t, step.is, members, step.what)
		require.Equal(t, step.asked, chat.asked, step.what)
		if step.is == nil {
			require.ErrorContains(t, err, "Slack does not say who is in S1", step.what)
			continue
		}
		require.NoError(t, err, step.what)
		require.Equal(t, began.Add(step.at), at, step.what)
	}
}

// Who is in a group by a group of Slack is so by any of a person's accounts, and how that is known is said.
func TestMembersOfSlackGroups(t *testing.T) {
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	chat := &groupChat{members: []string{"U1", "U2"}}
	people := &People{
		Persons: identity.People{"anna": {Host: []string{"anna@gpu-1"}, Slack: "U1"}, "ben": {Host: []string{"ben@gpu-1"}}},
		Groups:  map[string][]string{"sre": {"slack:S123"}, "both": {"ben", "slack:S123"}},
		Host:    "gpu-1", SlackGroups: &SlackGroups{Chat: chat, Now: func() time.Time { return now }},
		Approvals: config.Approvals{Operators: []string{"sre"}},
	}
	asOf := []string{"slack:S123 as of 2026-11-02T10:00:00Z"}
	for _, c := range []struct {
		kind   identity.Kind
		name   string
		groups []string
		known  []string
	}{
		{identity.Slack, "slack:T1/U1", []string{"both", "sre"}, asOf},
		{identity.Slack, "slack:T1/U2", []string{"both", "sre"}, asOf}, // nobody of people
		{identity.Slack, "slack:T1/U3", nil, asOf},
		{identity.Host, "anna@gpu-1", []string{"both", "sre"}, asOf},
		{identity.Host, "ben@gpu-1", []string{"both"}, nil}, // who is nobody in Slack is not asked for
		{identity.Host, "slack:T1/U1", nil, nil},            // a name that looks like one
		{identity.SSH, "U1", nil, nil},
	} {
		known := map[string]string{}
		var in []string
		for _, group := range []string{"both", "sre"} {
			if people.isIn(t.Context(), group, c.kind, c.name, now, known) {
				in = append(in, group)
			}
		}
		require.Equal(t, c.groups, in, c.name)
		require.Equal(t, c.known, slices.Sorted(maps.Values(known)), c.name)
	}
	require.Equal(t, []string{"both", "sre"}, GroupsOf(t.Context(), people, "anna", now))

	chat.err = Fail(Unavailable, errors.New("no route"))
	now = now.Add(16 * time.Minute)
	people.Asked = func(context.Context) time.Time { return now }
	standing, err := people.whoIs(t.Context(), Person{Name: "anna@gpu-1", Via: ViaCLI}, now)
	require.NoError(t, err)
	require.Empty(t, standing.Groups)
	require.False(t, standing.Operator, "what is not known is closed")
	require.Equal(t, []string{"slack:S123 is not known: Slack does not say who is in S123: no route"}, standing.SlackGroups)
	r := request.Request{Kind: request.Approval, Groups: []string{"sre"}}
	require.Equal(t, "anna@gpu-1 is in none of the groups sre; slack:S123 is not known: Slack does not say who is in S123: no route", r.MayNot("anna@gpu-1", standing.Standing, request.Approve))
}
