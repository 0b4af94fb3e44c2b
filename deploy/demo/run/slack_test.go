package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/deploy/demo/stack"
)

// A real workspace is named whole, or not at all: half of it would ask nobody.
func TestRealSlack(t *testing.T) {
	const bot, app, ids = "EVENKEEL_SLACK_TOKEN", "EVENKEEL_SLACK_APP_TOKEN", "EVENKEEL_DEMO_SLACK"
	for _, c := range []struct {
		env   map[string]string
		want  *workspace
		fault string
	}{
		{env: map[string]string{ids: "T0TEAM/C0HERE/U0ANNA"}},
		{
			env: map[string]string{bot: "xoxb-1", app: "xapp-1", ids: "T0TEAM/C0HERE/U0ANNA"},
			want: &workspace{
				Slack: stack.Slack{URL: "https://slack.com/api/", Team: "T0TEAM", Channel: "C0HERE", User: "U0ANNA"},
				page:  "https://app.slack.com/client/T0TEAM/C0HERE",
			},
		},
		{env: map[string]string{bot: "xoxb-1", ids: "T0TEAM/C0HERE/U0ANNA"}, fault: "EVENKEEL_SLACK_TOKEN is set and EVENKEEL_SLACK_APP_TOKEN is not; set both, or none for the stand-in of Slack"},
		{env: map[string]string{app: "xapp-1", ids: "T0TEAM/C0HERE/U0ANNA"}, fault: "EVENKEEL_SLACK_APP_TOKEN is set and EVENKEEL_SLACK_TOKEN is not; set both, or none for the stand-in of Slack"},
		{env: map[string]string{bot: "xoxb-1", app: "xapp-1"}, fault: `EVENKEEL_DEMO_SLACK="" is not TEAM/CHANNEL/USER; write three ids, such as T0123456789/C0123456789/U0123456789`},
		{env: map[string]string{bot: "xoxb-1", app: "xapp-1", ids: "T0TEAM/C0HERE"}, fault: `EVENKEEL_DEMO_SLACK="T0TEAM/C0HERE" is not TEAM/CHANNEL/USER; write three ids, such as T0123456789/C0123456789/U0123456789`},
	} {
		got, err := realSlack(func(name string) string { return c.env[name] })
		require.Equal(t, c.want, got, "%v", c.env)
		if c.fault == "" {
			require.NoError(t, err)
		} else {
			require.EqualError(t, err, c.fault)
		}
	}
}
