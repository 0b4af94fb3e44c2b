package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
	"github.com/evenkeel/evenkeel/internal/config"
)

func TestPressesAreLookedAt(t *testing.T) {
	t.Setenv("EVENKEEL_SLACK_TOKEN", slackfake.BotToken)
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte(slackfake.SigningSecret+"\n"), 0o600))
	look := func(o slackfake.Options, late time.Duration, change func(*config.Slack)) finding {
		fake := slackfake.New(o)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(-late).UTC().Format(http.TimeFormat))
			fake.ServeHTTP(w, r)
		}))
		defer server.Close()
		defer fake.Close()
		s := &config.Slack{URL: server.URL + "/api/", Channel: "C0OPS", Team: "T0EVENKEEL", SigningSecretFile: secret, Ingress: []string{"gpu-1"}}
		change(s)
		return (&doctor{hostName: "gpu-1", config: &config.Config{Path: "f", Slack: s, Ingress: config.Ingress{Listen: "127.0.0.1:9465"}}}).slackPresses(t.Context())
	}
	as := func(*config.Slack) {}
	require.Equal(t, well("they come in by HTTP at 127.0.0.1:9465"), look(slackfake.Options{}, time.Minute, as))
	for _, late := range []time.Duration{3 * time.Minute, -3 * time.Minute} {
		got := look(slackfake.Options{}, late, as)
		require.Equal(t, statusMissing, got.Status)
		require.Contains(t, got.Detail, "from Slack's")
	}
	got := look(slackfake.Options{}, 0, func(s *config.Slack) { s.Team = "T0OTHER" })
	require.Equal(t, lacking("slack.team is T0OTHER, and the token is of T0EVENKEEL", "write slack.team: T0EVENKEEL, or give the token of the other workspace"), got)
	got = look(slackfake.Options{Scopes: []string{"chat:write"}}, 0, as)
	require.Equal(t, "the token lacks commands", got.Detail)
	got = look(slackfake.Options{}, 0, func(s *config.Slack) { s.SigningSecretFile = secret + "-none" })
	require.Equal(t, statusMissing, got.Status)

	t.Setenv("EVENKEEL_SLACK_APP_TOKEN", slackfake.AppToken)
	require.Equal(t, well("they come in by HTTP at 127.0.0.1:9465 and over a socket"), look(slackfake.Options{}, 0, as))
	got = look(slackfake.Options{AppToken: "xapp-another"}, 0, as)
	require.Equal(t, "apps.connections.open: Slack says invalid_auth", got.Detail)
}
