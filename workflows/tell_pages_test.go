package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
)

// paged are notices that went to the pager or to the webhook, and when.
type paged struct {
	said []string
	at   []time.Time
	away func() bool
}

func (c *chat) hears(name string) *paged {
	p := &paged{away: func() bool { return false }}
	c.RegisterActivityWithOptions(func(_ context.Context, n activities.Notice) error {
		if p.away() {
			return temporal.NewApplicationError(name+" is away", activities.Unavailable)
		}
		p.said, p.at = append(p.said, n.About), append(p.at, c.Now().UTC())
		return nil
	}, activity.RegisterOptions{Name: name})
	return p
}

// No channel waits for another: who is on call is woken up while the chat is away, and people are told while the pager is.
func TestChannelsDoNotWait(t *testing.T) {
	all := activities.Channels{Chat: true, Pager: true, Webhook: true}
	c, a := newChat(), &asked{}
	pager, webhook := c.hears(activities.PageNotice), c.hears(activities.PostNotice)
	c.away = func(activities.Notice) error {
		if c.Now().Before(start.Add(5 * time.Hour)) {
			return temporal.NewApplicationError("Slack is away", activities.Unavailable)
		}
		return nil
	}
	first := a.says("opened", start)
	first.Channels = all
	c.signals(30*time.Minute, a.says("escalated", start.Add(30*time.Minute)))
	c.signals(time.Hour, a.says("rejected", start.Add(time.Hour)))
	result, err := c.tell(t, first)
	require.NoError(t, err)
	for _, channel := range []*paged{pager, webhook} {
		require.Equal(t, []string{"opened", "escalated", "rejected"}, channel.said)
		require.WithinDuration(t, start, channel.at[0], time.Minute)
		require.WithinDuration(t, start.Add(time.Hour), channel.at[2], time.Minute)
	}
	require.Equal(t, "rejected updated", c.told[2])
	require.Len(t, result.Notices, 9)

	c, a = newChat(), &asked{}
	pager = c.hears(activities.PageNotice)
	pager.away = func() bool { return true }
	first = a.says("opened", start)
	first.Channels = activities.Channels{Chat: true, Pager: true}
	c.signals(time.Hour, a.says("rejected", start.Add(time.Hour)))
	_, err = c.tell(t, first)
	require.ErrorContains(t, err, "people could not be told: opened by page: PageNotice is away; rejected by page: PageNotice is away")
	require.Equal(t, []string{"opened posted", "rejected updated"}, c.told)
	require.False(t, c.Now().After(start.Add(26*time.Hour+10*time.Minute)), c.Now())
}

// Where there is no chat the ledger is told by the same run, and the pager all the same.
func TestTellWithoutAChat(t *testing.T) {
	c, a := newChat(), &asked{}
	pager := c.hears(activities.PageNotice)
	chats := 0
	c.away = func(n activities.Notice) error {
		if n.Chat != nil {
			chats++
		}
		return temporal.NewNonRetryableApplicationError("asked", activities.NotFound, nil) // what is told is not looked at
	}
	first := a.says("opened", start)
	first.Channels = activities.Channels{Pager: true}
	c.signals(time.Hour, a.says("expired", start.Add(time.Hour)))
	result, err := c.tell(t, first)
	require.ErrorContains(t, err, "opened by ledger: asked")
	require.Zero(t, chats)
	require.Equal(t, []string{"opened", "expired"}, pager.said)
	require.Empty(t, result.Message)
}
