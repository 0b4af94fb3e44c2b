package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/slackapi"
	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/press"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/templates"
	"github.com/evenkeel/evenkeel/worker/ingress"
)

// asking stands for Temporal and a run that asks one thing.
type asking struct {
	mu       sync.Mutex
	open     request.Request
	recorded []press.Press
	away     bool
	// hold is waited for before a press is recorded; nil is not.
	hold chan struct{}
}

func (a *asking) Press(ctx context.Context, p press.Press) error {
	a.mu.Lock()
	hold := a.hold
	a.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.away {
		return ingress.ErrNotRecorded
	}
	a.recorded = append(a.recorded, p)
	return nil
}

func (a *asking) Asked(context.Context, press.Press) (request.Request, error) { return a.open, nil }

func (a *asking) Statement(r request.Request, p press.Press) (string, error) {
	return "request: " + r.ID + "\nwho: " + p.Who(), nil
}

func (a *asking) presses() []press.Press {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]press.Press(nil), a.recorded...)
}

func (a *asking) set(away bool, hold chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.away, a.hold = away, hold
}

// typing answers every command.
type typing struct{}

func (typing) Command(_ context.Context, c ingress.Command) (message.Message, error) {
	if c.Text == "" {
		return message.Message{}, errors.New("nothing was typed")
	}
	return message.Message{Title: "Typed", Sections: []message.Section{{Lines: []string{c.Text}}}}, nil
}

// slackSite is a workspace, a message in it that asks, and the worker's side of both transports.
type slackSite struct {
	*asking
	fake     *slackfake.Server
	at       activities.ChatRef
	registry *prometheus.Registry
	log      *bytes.Buffer
}

// enough is far more than anything here takes.
const enough = 30 * time.Second

func newSlackSite(t *testing.T, transport string, risk request.Risk) *slackSite {
	t.Helper()
	s := &slackSite{asking: &asking{}, registry: prometheus.NewRegistry(), log: &bytes.Buffer{}}
	s.open, _ = request.Open(request.Request{
		ID: "runbook/gpu-1/shop/x/a:ok.1@0123abcd", Host: "gpu-1", RunID: "019a-0123abcd", Kind: request.Approval, Step: "ok", Message: "May it?",
		Groups: []string{"sre"}, Choices: request.Approval.Choices(), Risk: risk, LimitSeconds: 3600,
	}, time.Now())
	options := slackfake.Options{PingEvery: 100 * time.Millisecond, Scopes: manifest(t).OAuth.Scopes.Bot}
	var handler http.Handler
	ours := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(ours.Close)
	secrets := &config.SlackSecrets{AppToken: slackfake.AppToken}
	c := &config.Config{
		TimeZone: "UTC", Hosts: map[string]config.Host{"gpu-1": {}},
		Slack: &config.Slack{Team: "T0EVENKEEL", App: "A0EVENKEEL", Ingress: []string{"gpu-1"}, Channel: "C0OPS"},
	}
	if transport == byHTTP {
		options.RequestURL, options.CommandURL = ours.URL+"/slack/interactive", ours.URL+"/slack/command"
		secrets = &config.SlackSecrets{SigningSecret: slackfake.SigningSecret}
		c.Ingress = config.Ingress{Listen: "127.0.0.1:1", Hosts: []string{"gpu-1"}}
	}
	s.fake = slackfake.New(options)
	workspace := httptest.NewServer(s.fake)
	t.Cleanup(func() { s.fake.Close(); workspace.Close() })
	c.Slack.URL = workspace.URL + "/api/"
	t.Setenv("EVENKEEL_SLACK_TOKEN", slackfake.BotToken)

	chat, err := chatOf(c)
	require.NoError(t, err)
	in := newInSlack(&templates.Installation{Config: c, Host: "gpu-1", Slack: secrets}, chat, s.asking, typing{}, slog.New(slog.NewTextHandler(s.log, nil)), s.registry)
	if transport == byHTTP {
		require.Nil(t, in.socket)
		handler = ingress.Outside{Listen: "127.0.0.1:1", Slack: in.http}.Handler(ours.Listener.Addr())
	} else {
		require.Nil(t, in.http)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); in.run(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
		require.Eventually(t, func() bool { return s.fake.Sockets() == 1 }, enough, time.Millisecond)
	}
	post := message.Asked(message.Ask{Request: s.open}).Slack()[0]
	blocks, err := json.Marshal(post.Blocks)
	require.NoError(t, err)
	s.at, err = slackapi.New(slackapi.Options{Token: slackfake.BotToken, URL: c.Slack.URL}).Post(t.Context(), activities.ChatPlace{Channel: "C0OPS"}, activities.ChatMessage{Text: post.Text, Blocks: blocks})
	require.NoError(t, err)
	return s
}

func (s *slackSite) press(ctx context.Context, action string) error {
	_, err := s.fake.Press(ctx, slackfake.Press{User: "U0BOB", Channel: s.at.Channel, TS: s.at.TS, Action: action})
	return err
}

// count is a value of evenkeel_presses_total.
func (s *slackSite) count(t *testing.T, transport, result string) float64 {
	t.Helper()
	families, err := s.registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "evenkeel_presses_total" && m.GetLabel()[0].GetValue() == result && m.GetLabel()[1].GetValue() == transport {
				return m.GetCounter().GetValue()
			}
		}
	}
	require.Fail(t, "no such metric", result)
	return 0
}

func transports(t *testing.T, test func(t *testing.T, transport string)) {
	for _, transport := range []string{byHTTP, bySocket} {
		t.Run(transport, func(t *testing.T) { test(t, transport) })
	}
}

// A press is acknowledged after it was recorded and never before; where it cannot be recorded it is not acknowledged.
func TestPressIsRecordedFirst(t *testing.T) {
	transports(t, func(t *testing.T, transport string) {
		s := newSlackSite(t, transport, request.Write)
		hold := make(chan struct{})
		s.set(false, hold)
		acked := make(chan error, 1)
		go func() { acked <- s.press(t.Context(), "answer.0") }()
		select {
		case err := <-acked:
			require.Fail(t, "acknowledged before it was recorded", "%v", err)
		case <-time.After(300 * time.Millisecond):
		}
		require.Empty(t, s.presses())
		close(hold)
		require.NoError(t, <-acked)
		require.Len(t, s.presses(), 1)
		require.Equal(t, "slack:T0EVENKEEL/U0BOB", s.presses()[0].Who())
		require.Equal(t, []string{"C0OPS", s.at.TS, "approve", s.open.ID}, []string{s.presses()[0].Channel, s.presses()[0].Message, s.presses()[0].Decision, s.presses()[0].Request})

		s.set(true, nil)
		require.Error(t, s.press(t.Context(), "answer.0"), "Temporal is away")
		s.set(false, make(chan struct{}))
		require.Error(t, s.press(t.Context(), "answer.0"), "Temporal does not answer")
		require.Len(t, s.presses(), 1)
		require.InDelta(t, 2, s.count(t, transport, "not_taken"), 0)
		require.InDelta(t, 1, s.count(t, transport, "recorded"), 0)
		require.Empty(t, s.fake.Ephemeral("U0BOB"))
		require.NotContains(t, s.log.String(), slackfake.BotToken)
	})
}

// What a button alone does not answer opens a form; the form becomes a press, and says what is wrong with it.
func TestFormInSlack(t *testing.T) {
	transports(t, func(t *testing.T, transport string) {
		s := newSlackSite(t, transport, request.Destructive)
		require.NoError(t, s.press(t.Context(), "form.0"))
		require.Empty(t, s.presses())
		views := s.fake.Views("U0BOB")
		require.Len(t, views, 1)
		require.Contains(t, string(views[0].Blocks), "who: slack:T0EVENKEEL/U0BOB")
		s.set(true, nil)
		form := slackfake.Submission{User: "U0BOB", View: views[0].ID, Values: map[string][]string{"reason": {"it hangs"}}}
		_, err := s.fake.Submit(t.Context(), form)
		require.Error(t, err, "Temporal is away")
		require.Len(t, s.fake.Views("U0BOB"), 1, "the form stays open")
		s.set(false, nil)
		_, err = s.fake.Submit(t.Context(), form)
		require.NoError(t, err)
		require.Empty(t, s.fake.Views("U0BOB"), "the form is closed")
		require.Len(t, s.presses(), 1)
		require.Equal(t, []string{"approve", "it hangs", s.open.Shown}, []string{s.presses()[0].Decision, s.presses()[0].Reason, s.presses()[0].Shown})

		require.NoError(t, s.press(t.Context(), "form.1"))
		s.open.Shown = strings.Repeat("0", 64)
		form = slackfake.Submission{User: "U0BOB", View: s.fake.Views("U0BOB")[0].ID, Values: map[string][]string{"reason": {"no"}}}
		_, err = s.fake.Submit(t.Context(), form)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"reason": "what was shown is not what is asked now; look at it again"}, s.fake.Views("U0BOB")[0].Errors)
		require.NoError(t, s.press(t.Context(), "form.0"))
		require.Len(t, s.fake.Ephemeral("U0BOB"), 1)
		require.Contains(t, s.fake.Ephemeral("U0BOB")[0].Text, "what was shown is not what is asked now")
		require.Len(t, s.presses(), 1)
	})
}

func TestCommandInSlack(t *testing.T) {
	transports(t, func(t *testing.T, transport string) {
		s := newSlackSite(t, transport, request.Write)
		for text, want := range map[string]string{"status <!channel>": "status &lt;!channel&gt;", "": "nothing was typed"} {
			answer, err := s.fake.Command(t.Context(), "U0BOB", "C0OPS", "/evenkeel", text)
			require.NoError(t, err)
			var said struct {
				Type string `json:"response_type"`
				Text string
			}
			require.NoError(t, json.Unmarshal(answer.Body, &said))
			require.Equal(t, "ephemeral", said.Type)
			require.Contains(t, said.Text, want)
		}
		require.InDelta(t, 1, s.count(t, transport, "answered"), 0)
	})
}

// While the socket is renewed, reset or silent, a press may be lost and is made again; none is recorded without being
// acknowledged twice, or acknowledged without being recorded.
func TestSocketIsBackAfterFaults(t *testing.T) {
	s := newSlackSite(t, bySocket, request.Write)
	acked := 0
	for _, fault := range []func(){func() {}, s.fake.Disconnect, s.fake.ResetSockets} {
		fault()
		require.Eventually(t, func() bool {
			err := s.press(t.Context(), "answer.0")
			if err == nil {
				acked++
			}
			return err == nil
		}, enough, 5*time.Millisecond)
	}
	require.Equal(t, 3, acked)
	require.GreaterOrEqual(t, len(s.presses()), acked, "whatever was acknowledged is recorded")
}

// app is the part of a manifest that the code depends on.
type app struct {
	Features struct {
		Commands []struct{ Command string } `yaml:"slash_commands"`
	}
	OAuth    struct{ Scopes struct{ Bot []string } } `yaml:"oauth_config"`
	Settings struct {
		Interactivity struct {
			Enabled bool `yaml:"is_enabled"`
		}
		Socket bool `yaml:"socket_mode_enabled"`
	}
}

func manifest(t *testing.T) (m app) {
	t.Helper()
	text, err := os.ReadFile("../../deploy/slack/manifest.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &m))
	return m
}

// The shipped app is asked for what is used, and no more.
func TestManifest(t *testing.T) {
	m := manifest(t)
	require.Equal(t, []string{"chat:write", "channels:history", "groups:history", "commands"}, m.OAuth.Scopes.Bot)
	require.Len(t, m.Features.Commands, 1)
	require.Equal(t, "/evenkeel", m.Features.Commands[0].Command)
	require.True(t, m.Settings.Interactivity.Enabled)
	require.True(t, m.Settings.Socket)
	require.Contains(t, help().Sections[0].Lines[0], m.Features.Commands[0].Command)
}

// From evenkeel.yaml to the listener: what Slack sends by HTTP comes in beside alerts and hooks, and with a token of the app
// a socket is opened.
func TestIncoming(t *testing.T) {
	t.Setenv("EVENKEEL_SLACK_TOKEN", slackfake.BotToken)
	fake := slackfake.New(slackfake.Options{SigningSecret: "0123456789abcdef"})
	server := httptest.NewServer(fake)
	defer server.Close()
	defer fake.Close()
	c, _ := configured(t, "ingress: {listen: '127.0.0.1:1'}\nslack: {channel: C0OPS, team: T0EVENKEEL, url: '"+server.URL+"/api', signing_secret_file: secret}\n")
	c.Ingress.Listen = "127.0.0.1:0" // which a file may not say
	t.Setenv("EVENKEEL_SLACK_APP_TOKEN", slackfake.AppToken)
	in, err := templates.Install(c, "")
	require.NoError(t, err)
	chat, err := chatOf(c)
	require.NoError(t, err)
	slack, listened, err := newIncoming(in, Options{Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()}, chat, time.UTC, nil, &activities.People{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- listened.serve(ctx) }()
	go func() { slack.run(ctx); done <- nil }()
	at := "http://" + listened.listener.Addr().String()
	for _, path := range []string{"/slack/interactive", "/slack/command"} {
		require.NoError(t, fake.VerifyURL(t.Context(), at+path))
	}
	require.Eventually(t, func() bool { return fake.Sockets() == 1 }, enough, time.Millisecond)
	cancel()
	require.NoError(t, <-done)
	require.NoError(t, <-done)

	t.Setenv("EVENKEEL_SLACK_APP_TOKEN", "")
	off, _ := configured(t, "slack: {channel: C0OPS}\n")
	in, err = templates.Install(off, "")
	require.NoError(t, err)
	slack, listened, err = newIncoming(in, Options{}, chat, time.UTC, nil, &activities.People{})
	require.NoError(t, err)
	require.Nil(t, slack)
	require.Nil(t, listened)
	slack.run(t.Context())
}
