package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/config"
)

func TestMessenger(t *testing.T) {
	t.Setenv("EVENKEEL_SLACK_TOKEN", "")
	c := &config.Config{TimeZone: "Europe/Vienna"}
	m, err := messengerOf(c)
	require.NoError(t, err)
	require.Equal(t, activities.LedgerMessenger{}, m)
	require.False(t, channels(c)("Sev1").Any())

	c.Slack = &config.Slack{URL: "https://slack.com/api/", Channel: "C0OPS", Severities: map[string]string{"Sev1": "C0MAJOR"}}
	_, err = messengerOf(c)
	require.ErrorContains(t, err, "slack has no token; ")
	t.Setenv("EVENKEEL_SLACK_TOKEN", "xoxb-1")
	m, err = messengerOf(c)
	require.NoError(t, err)
	chat, ok := m.(activities.ChatMessenger)
	require.True(t, ok)
	require.Equal(t, "C0MAJOR", chat.Channel("Sev1", nil))
	require.Equal(t, "Europe/Vienna", chat.Zone.String())
	require.Equal(t, activities.Channels{Chat: true}, channels(c)("Sev1"))
}

// messengerOf is who tells people by a configuration, without a ledger.
func messengerOf(c *config.Config) (activities.Messenger, error) {
	chat, err := chatOf(c)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(c.TimeZone)
	return messenger(c, nil, chat, zone), err
}
