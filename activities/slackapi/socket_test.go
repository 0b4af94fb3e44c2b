package slackapi

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
)

// enough is far more than anything here takes.
const enough = 30 * time.Second

const askBlocks = `[{"type":"actions","block_id":"answers.0","elements":[{"type":"button","action_id":"answer.0","text":{"type":"plain_text","text":"Yes"},"value":"yes"}]}]`

// plugged is a workspace with a socket, which handles envelopes as handle says.
func plugged(t *testing.T, handle func(context.Context, Envelope) ([]byte, bool)) (fake *slackfake.Server, c *Client, stop func(), ups func() []error) {
	t.Helper()
	fake = slackfake.New(slackfake.Options{PingEvery: 50 * time.Millisecond})
	server := httptest.NewServer(fake)
	c = New(Options{Token: slackfake.BotToken, URL: server.URL + "/api/"})
	var mu sync.Mutex
	var changes []error
	s := NewSocket(SocketOptions{
		Token: slackfake.AppToken, URL: server.URL + "/api/", Silence: 500 * time.Millisecond, Pause: 10 * time.Millisecond,
		Changed: func(open bool, err error) {
			mu.Lock()
			defer mu.Unlock()
			if !open {
				changes = append(changes, err)
			}
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx, handle)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(func() {
		stop()
		fake.Close()
		server.Close()
	})
	sockets(t, fake, 1)
	return fake, c, stop, func() []error {
		mu.Lock()
		defer mu.Unlock()
		return append([]error(nil), changes...)
	}
}

func sockets(t *testing.T, fake *slackfake.Server, want int) {
	t.Helper()
	require.Eventually(t, func() bool { return fake.Sockets() == want }, enough, 2*time.Millisecond, "%d sockets", want)
}

func asking(t *testing.T, c *Client) slackfake.Press {
	t.Helper()
	at, err := c.Post(t.Context(), ops, activities.ChatMessage{Text: "x", Blocks: json.RawMessage(askBlocks)})
	require.NoError(t, err)
	return slackfake.Press{User: "U0BOB", Channel: at.Channel, TS: at.TS, Action: "answer.0"}
}

// An envelope is acknowledged after it was handled, never before, and not at all where it was not taken.
func TestSocketAcknowledgesAfterwards(t *testing.T) {
	var handled atomic.Int32
	release, refuse := make(chan struct{}), atomic.Bool{}
	fake, c, stop, _ := plugged(t, func(_ context.Context, e Envelope) ([]byte, bool) {
		<-release
		handled.Add(1)
		if e.Type == "slash_commands" {
			return []byte(`{"text":"done"}`), true
		}
		return nil, !refuse.Load()
	})
	press := asking(t, c)
	acked := make(chan error, 1)
	send := func() {
		go func() {
			_, err := fake.Press(t.Context(), press)
			acked <- err
		}()
	}
	send()
	select {
	case err := <-acked:
		t.Fatalf("acknowledged before it was handled: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	require.Zero(t, handled.Load())
	close(release)
	require.NoError(t, <-acked)
	require.EqualValues(t, 1, handled.Load())

	answer, err := fake.Command(t.Context(), "U0BOB", "C0OPS", "/evenkeel", "status")
	require.NoError(t, err)
	require.JSONEq(t, `{"text":"done"}`, string(answer.Body))

	refuse.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = fake.Press(ctx, press)
	require.Error(t, err, "what was not taken is not acknowledged")
	require.EqualValues(t, 3, handled.Load())
	require.Equal(t, 1, fake.Sockets(), "there is one socket, not more")
	stop()
	sockets(t, fake, 0)
}

// What is handled when the worker stops, or when Slack wants another socket, is finished and acknowledged.
func TestSocketFinishesWhatItHandles(t *testing.T) {
	for name, end := range map[string]func(*slackfake.Server, func()){
		"stop":       func(_ *slackfake.Server, stop func()) { stop() },
		"disconnect": func(fake *slackfake.Server, _ func()) { fake.Disconnect() },
	} {
		t.Run(name, func(t *testing.T) {
			begun, release := make(chan struct{}, 1), make(chan struct{})
			fake, c, stop, _ := plugged(t, func(context.Context, Envelope) ([]byte, bool) {
				begun <- struct{}{}
				<-release
				return nil, true
			})
			press := asking(t, c)
			acked := make(chan error, 1)
			go func() {
				_, err := fake.Press(t.Context(), press)
				acked <- err
			}()
			<-begun
			go end(fake, stop)
			time.AfterFunc(100*time.Millisecond, func() { close(release) })
			require.NoError(t, <-acked)
		})
	}
}

// A socket that Slack renews, that is reset, silent or refused is opened anew, and there is never more than one.
func TestSocketFaults(t *testing.T) {
	var handled atomic.Int32
	fake, c, _, changes := plugged(t, func(context.Context, Envelope) ([]byte, bool) { handled.Add(1); return nil, true })
	press := asking(t, c)
	opened := func() int { return len(fake.Calls("apps.connections.open")) }
	taken := func() {
		t.Helper()
		before := handled.Load()
		require.Eventually(t, func() bool { // a press between two sockets is lost, and made again
			_, err := fake.Press(t.Context(), press)
			return err == nil
		}, enough, time.Millisecond)
		require.Greater(t, handled.Load(), before)
	}
	taken()
	for _, fault := range []func(){fake.Disconnect, fake.ResetSockets} {
		before := opened()
		fault()
		require.Eventually(t, func() bool { return opened() > before }, enough, time.Millisecond)
		sockets(t, fake, 1)
		taken()
	}
	before := opened()
	fake.SetSockets(slackfake.SocketSilent)
	require.Eventually(t, func() bool { return opened() > before+1 }, enough, 5*time.Millisecond, "silence is noticed, again and again")
	require.LessOrEqual(t, fake.Sockets(), 2, "one that Slack has not yet seen end")
	fake.SetSockets(slackfake.SocketRefused)
	fake.ResetSockets()
	before = opened()
	require.Eventually(t, func() bool { return opened() > before+2 }, enough, 5*time.Millisecond)
	require.Zero(t, fake.Sockets())
	fake.SetSockets(slackfake.SocketWell)
	sockets(t, fake, 1)
	taken()
	var said []string
	for _, err := range changes() {
		if err != nil {
			said = append(said, err.Error())
			require.NotContains(t, err.Error(), slackfake.AppToken)
			require.NotContains(t, err.Error(), "ticket")
		}
	}
	require.NotEmpty(t, said)
}

// A token that is none is told, and tried again only after a while.
func TestSocketWithoutAToken(t *testing.T) {
	fake := slackfake.New(slackfake.Options{})
	server := httptest.NewServer(fake)
	defer server.Close()
	defer fake.Close()
	told := make(chan error, 100)
	s := NewSocket(SocketOptions{Token: "xapp-another", URL: server.URL + "/api/", Pause: 5 * time.Millisecond, Changed: func(_ bool, err error) { told <- err }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx, nil) }()
	require.ErrorContains(t, <-told, "invalid_auth")
	require.ErrorContains(t, <-told, "invalid_auth")
	cancel()
	<-done
}
