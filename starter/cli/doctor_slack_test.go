package cli

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
	"github.com/evenkeel/evenkeel/internal/config"
)

func TestSlackIsLookedAt(t *testing.T) {
	t.Setenv("EVENKEEL_SLACK_TOKEN", slackfake.BotToken)
	look := func(o slackfake.Options, channels ...string) finding {
		fake := slackfake.New(o)
		server := httptest.NewServer(fake)
		defer server.Close()
		defer fake.Close()
		s := &config.Slack{URL: server.URL + "/api/", Channel: channels[0], Severities: map[string]string{}}
		for _, id := range channels {
			s.Severities[id] = id
		}
		found := (&doctor{config: &config.Config{Slack: s}}).slack(t.Context())
		require.Empty(t, fake.Calls("chat.postMessage"))
		return found
	}
	workspace := slackfake.Demo()
	workspace.Channels = append(workspace.Channels, slackfake.Channel{ID: "C0OUT", Absent: true})
	require.Equal(t, statusOK, look(slackfake.Options{}, "C0OPS", "C0APPROVALS").Status)
	require.Contains(t, look(slackfake.Options{}, "C0OPS", "C0APPROVALS").Detail, "2 channels")
	got := look(slackfake.Options{Workspace: workspace}, "C0OPS", "C0OUT", "C0NONE")
	require.Equal(t, statusMissing, got.Status)
	require.Equal(t, "C0NONE: Slack says channel_not_found, C0OUT: Slack says not_in_channel", got.Detail)
	got = look(slackfake.Options{Scopes: []string{"chat:write", "channels:history"}}, "C0OPS")
	require.Contains(t, got.Detail, "lacks groups:history")
	got = look(slackfake.Options{BotToken: "xoxb-another"}, "C0OPS")
	require.Equal(t, "auth.test: Slack says invalid_auth", got.Detail)

	t.Setenv("EVENKEEL_SLACK_TOKEN", "")
	require.Equal(t, lacking("slack has no token", "write that of a bot, xoxb-…, into the file that slack.token_file names, or set EVENKEEL_SLACK_TOKEN"), look(slackfake.Options{}, "C0OPS"))
	require.Equal(t, noted("none is configured; the ledger alone has what people are told", "to tell people in Slack, set slack"), (&doctor{config: &config.Config{}}).slack(t.Context()))
	require.Equal(t, statusNotAsked, (&doctor{configFault: errors.New("x")}).slack(t.Context()).Status)
}

// A token goes nowhere else, and no error repeats it.
func TestSlackThatIsSomethingElse(t *testing.T) {
	t.Setenv("EVENKEEL_SLACK_TOKEN", "xoxb-secret")
	for detail, answer := range map[string]http.HandlerFunc{
		"auth.test: HTTP 307 Temporary Redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		},
		"auth.test: the answer is not Slack's": func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("<html>" + r.Header.Get("Authorization")))
		},
		"auth.test: HTTP 503 Service Unavailable": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
	} {
		server := httptest.NewServer(answer)
		d := &doctor{config: &config.Config{Slack: &config.Slack{URL: server.URL + "/", Channel: "C0OPS"}}}
		got := d.slack(t.Context())
		server.Close()
		require.Equal(t, statusMissing, got.Status)
		require.Equal(t, detail, got.Detail)
	}
}
