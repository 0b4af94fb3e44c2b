package slackfake_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/slackapi"
	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
)

// connect runs slack-go's own client of Socket Mode, which acknowledges what comes.
func connect(t *testing.T, address string) (seen chan socketmode.Event) {
	t.Helper()
	api := slack.New(slackfake.BotToken, slack.OptionAPIURL(address+"/api/"), slack.OptionAppLevelToken(slackfake.AppToken))
	client := socketmode.New(api, socketmode.OptionPingInterval(2*time.Second))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	seen = make(chan socketmode.Event, 100)
	go func() {
		defer close(ended)
		client.RunContext(ctx)
	}()
	go func() {
		for {
			select {
			case <-ended:
				return
			case event := <-client.Events:
				if event.Request != nil && event.Request.EnvelopeID != "" {
					client.Ack(*event.Request, map[string]string{"text": "taken"})
					seen <- event
				}
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return seen
}

func sockets(t *testing.T, fake *slackfake.Server, want int) {
	t.Helper()
	require.Eventually(t, func() bool { return fake.Sockets() == want }, 3*enough, 5*time.Millisecond, "%d sockets", want)
}

func opened(fake *slackfake.Server) int { return len(fake.Calls("apps.connections.open")) }

func TestSocketMode(t *testing.T) {
	fake, address := start(t, slackfake.Options{PingEvery: 100 * time.Millisecond})
	c := slackapi.New(slackapi.Options{Token: slackfake.BotToken, URL: address + "/api/"})
	at, err := c.Post(t.Context(), activities.ChatPlace{Channel: "C0OPS"}, activities.ChatMessage{Text: "x", Blocks: json.RawMessage(ask)})
	require.NoError(t, err)
	press := slackfake.Press{User: "U0BOB", Channel: at.Channel, TS: at.TS, Action: "approve"}
	_, err = fake.Press(t.Context(), press)
	require.ErrorContains(t, err, "no connection open")

	seen := connect(t, address)
	sockets(t, fake, 1)
	taken := func() {
		t.Helper()
		answer, err := fake.Press(t.Context(), press)
		require.NoError(t, err)
		require.JSONEq(t, `{"text":"taken"}`, string(answer.Body))
		event := <-seen
		require.Equal(t, socketmode.EventTypeInteractive, event.Type)
		require.Equal(t, "yes|run-1", event.Data.(slack.InteractionCallback).ActionCallback.BlockActions[0].Value)
	}
	taken()
	answer, err := fake.Command(t.Context(), "U0BOB", "C0OPS", "/evenkeel", "what waits")
	require.NoError(t, err)
	require.JSONEq(t, `{"text":"taken"}`, string(answer.Body))
	require.Equal(t, "what waits", (<-seen).Data.(slack.SlashCommand).Text)

	before := opened(fake)
	fake.Disconnect()
	require.Eventually(t, func() bool { return opened(fake) > before }, 3*enough, 5*time.Millisecond)
	sockets(t, fake, 1)
	taken()

	before = opened(fake)
	fake.ResetSockets()
	require.Eventually(t, func() bool { return opened(fake) > before }, 3*enough, 5*time.Millisecond)
	sockets(t, fake, 1)
	taken()

	before = opened(fake)
	fake.SetSockets(slackfake.SocketSilent)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = fake.Press(ctx, press)
	require.Error(t, err)
	require.Eventually(t, func() bool { return opened(fake) > before }, 3*enough, 5*time.Millisecond, "silence is noticed")
	require.Empty(t, seen)

	fake.SetSockets(slackfake.SocketRefused)
	fake.ResetSockets()
	before = opened(fake)
	require.Eventually(t, func() bool { return opened(fake) > before+1 }, 3*enough, 5*time.Millisecond, "it is tried again and again")
	require.Zero(t, fake.Sockets())
	fake.SetSockets(slackfake.SocketWell)
	sockets(t, fake, 1)
	taken()
}

func TestSocketAddressIsUsedOnce(t *testing.T) {
	fake, address := start(t, slackfake.Options{})
	open := func() string {
		_, at, err := slack.New("", slack.OptionAPIURL(address+"/api/"), slack.OptionAppLevelToken(slackfake.AppToken)).StartSocketModeContext(t.Context())
		require.NoError(t, err)
		return at
	}
	dial := func(at string) int {
		conn, response, err := websocket.DefaultDialer.DialContext(t.Context(), at, nil)
		defer response.Body.Close()
		if err == nil {
			t.Cleanup(func() { conn.Close() })
			var hello struct{ Type string }
			require.NoError(t, conn.ReadJSON(&hello))
			require.Equal(t, "hello", hello.Type)
		}
		return response.StatusCode
	}
	at := open()
	require.True(t, strings.HasPrefix(at, "ws://127.0.0.1:"))
	require.Equal(t, http.StatusSwitchingProtocols, dial(at))
	require.Equal(t, http.StatusForbidden, dial(at))
	for range 9 {
		require.Equal(t, http.StatusSwitchingProtocols, dial(open()))
	}
	require.Equal(t, http.StatusServiceUnavailable, dial(open()), "an app has ten")
	require.Equal(t, 10, fake.Sockets())
}
