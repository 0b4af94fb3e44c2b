package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
)

// loaded is the configuration that programs of a stack read.
func loaded(t *testing.T, s *Stack) (*config.Config, error) {
	t.Helper()
	for _, name := range []string{"EVENKEEL_SLACK_TOKEN", "EVENKEEL_SLACK_APP_TOKEN", "EVENKEEL_SLACK_SIGNING_SECRET"} {
		t.Setenv(name, "")
	}
	for _, entry := range s.Env {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
	return config.Load("")
}

func newStack(t *testing.T) *Stack {
	t.Helper()
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	s, err := New(root, t.TempDir(), t.Logf)
	require.NoError(t, err)
	return s
}

// Without LetIn a stack neither tells anybody nor listens; with it, it does both, by secrets that only its user reads.
func TestLetIn(t *testing.T) {
	s := newStack(t)
	c, err := loaded(t, s)
	require.NoError(t, err)
	require.Nil(t, c.Slack)
	require.Empty(t, c.Ingress.Listen)

	require.NoError(t, s.LetIn(StandIn("http://127.0.0.1:1")))
	c, err = loaded(t, s)
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:1/api/", c.Slack.URL)
	require.True(t, c.TakesPresses("demo"))
	require.True(t, c.Listens("demo"))
	require.Equal(t, "alice", c.People.InSlack("U0ALICE"))
	for _, name := range []string{"slack-token", "slack-app-token", "alertmanager-token", "evenkeel.yaml"} {
		info, err := os.Stat(filepath.Join(s.Dir, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	_, err = c.SlackSecrets()
	require.NoError(t, err)
	_, err = c.IngressSecrets()
	require.NoError(t, err)
}

// The ids of a real workspace take the place of the stand-in's, and what is no id is refused.
func TestLetInARealWorkspace(t *testing.T) {
	s := newStack(t)
	require.NoError(t, s.LetIn(Slack{URL: "https://slack.com/api/", Team: "T0TEAM", Channel: "C0HERE", User: "U0ANNA"}))
	c, err := loaded(t, s)
	require.NoError(t, err)
	require.Equal(t, []string{"T0TEAM", "C0HERE"}, []string{c.Slack.Team, c.Slack.Channel})
	require.Equal(t, "alice", c.People.InSlack("U0ANNA"))

	require.NoError(t, s.LetIn(Slack{URL: "https://slack.com/api/", Team: "T0TEAM", Channel: "here", User: "U0ANNA"}))
	_, err = loaded(t, s)
	require.ErrorContains(t, err, `"here" is not the id of a channel`)
}
