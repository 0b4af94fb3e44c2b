package activities

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
			require.ErrorContains(t, err, "S1 is not known", step.what)
			continue
		}
		require.NoError(t, err, step.what)
		require.Equal(t, began.Add(step.at), at, step.what)
	}
}
