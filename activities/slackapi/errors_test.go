package slackapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
)

// What Slack refuses is a refusal, with its class.
func TestRefusals(t *testing.T) {
	w := slackfake.Demo()
	w.Channels = append(w.Channels, slackfake.Channel{ID: "C0ELSE", Absent: true}, slackfake.Channel{ID: "G0SECRET", Private: true, Absent: true},
		slackfake.Channel{ID: "C0OLD", Archived: true}, slackfake.Channel{ID: "G0OURS", Private: true})
	fake, c := workspace(t, slackfake.Options{Workspace: w, Scopes: []string{"chat:write", "channels:history"}}, soon)
	theirs := activities.ChatRef{Channel: "C0OPS", TS: fake.Say(slackfake.Message{Channel: "C0OPS", User: "U0BOB", Text: "mine"})}
	gone := activities.ChatRef{Channel: "C0OPS", TS: "1.000000"}
	ctx := t.Context()
	post := func(channel string, m activities.ChatMessage) error {
		_, err := c.Post(ctx, activities.ChatPlace{Channel: channel}, m)
		return err
	}
	find := func(channel string) error {
		_, err := c.Find(ctx, activities.ChatPlace{Channel: channel}, "k", time.Now())
		return err
	}
	_, members := c.Members(ctx, "oncall")
	cases := []struct {
		err   error
		class string
		says  string
	}{
		{post("C0NOWHERE", text("x")), activities.NotFound, "chat.postMessage: Slack says channel_not_found"},
		{post("G0SECRET", text("x")), activities.NotFound, "channel_not_found"},
		{post("C0ELSE", text("x")), activities.PermissionDenied, "not_in_channel"},
		{post("C0OLD", text("x")), activities.PermissionDenied, "is_archived"},
		{post("C0OPS", text("")), activities.InvalidInput, "no_text"},
		{post("C0OPS", text(strings.Repeat("x", 40_001))), activities.InvalidInput, "msg_too_long"},
		{post("C0OPS", activities.ChatMessage{Text: "x", Blocks: blocksOf("ok", strings.Repeat("x", 3001))}), activities.InvalidInput, "invalid_blocks at /blocks/1/text/text"},
		{post("C0OPS", activities.ChatMessage{Text: "x", Blocks: []byte(`{"type":"divider"}`)}), activities.InvalidInput, "the blocks are no JSON array"},
		{post("C0OPS", activities.ChatMessage{Text: "x", Blocks: []byte(`[{"type":"divider"},[{"type":"divider"}]]`)}), activities.InvalidInput, "block 2 is no JSON object with a type"},
		{post("C0OPS", activities.ChatMessage{Text: "x", Key: strings.Repeat("k", 513)}), activities.InvalidInput, "at most 512 bytes"},
		{c.Update(ctx, gone, text("x")), activities.NotFound, "chat.update: Slack says message_not_found"},
		{c.Update(ctx, theirs, text("x")), activities.PermissionDenied, "cant_update_message"},
		{c.Delete(ctx, gone), activities.NotFound, "chat.delete: Slack says message_not_found"},
		{c.Delete(ctx, theirs), activities.PermissionDenied, "cant_delete_message"},
		{c.PostEphemeral(ctx, ops, "U0NOBODY", text("x")), activities.PermissionDenied, "chat.postEphemeral: Slack says user_not_in_channel"},
		{find("C0NOWHERE"), activities.NotFound, "conversations.history: Slack says channel_not_found"},
		{find("G0OURS"), activities.PermissionDenied, "missing_scope; the app needs the scope groups:history"},
		{members, activities.PermissionDenied, "usergroups.list: Slack says missing_scope; the app needs the scope usergroups:read"},
	}
	for i, one := range cases {
		t.Run(fmt.Sprint(i, " ", one.says), func(t *testing.T) {
			require.ErrorContains(t, one.err, one.says)
			require.Equal(t, one.class, activities.ClassOf(one.err))
			require.True(t, activities.Final(one.err))
		})
	}
	require.Len(t, fake.Messages("C0OPS"), 1, "nothing was posted")

	address := c.url
	for token, says := range map[string]string{"": "not_authed", "xoxb-wrong": "invalid_auth", slackfake.AppToken: "not_allowed_token_type"} {
		_, err := New(Options{Token: token, URL: address}).Self(ctx)
		require.Equal(t, activities.PermissionDenied, activities.ClassOf(err))
		require.ErrorContains(t, err, says)
	}
}

// Every fault is one call: what may have been carried out is Unavailable and not marked as not sent.
func TestFaults(t *testing.T) {
	kinds := []slackfake.FaultKind{
		slackfake.DropBefore, slackfake.DropAfter, slackfake.BadGateway, slackfake.GatewayLost, slackfake.Unavailable, slackfake.LostReply,
		slackfake.SlowReply, slackfake.ErrorAfter, slackfake.LateLanding,
	}
	posted := map[slackfake.FaultKind]int{
		slackfake.DropAfter: 1, slackfake.GatewayLost: 1, slackfake.LostReply: 1, slackfake.SlowReply: 1, slackfake.ErrorAfter: 1, slackfake.LateLanding: 1,
	}
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			fake, c := workspace(t, slackfake.Options{}, time.Second)
			_, err := c.Self(t.Context()) // what follows finds a connection that was used before
			require.NoError(t, err)
			fake.Fail(slackfake.Fault{Method: "chat.postMessage", Kind: kind, Probability: 1, Delay: 2 * time.Second})
			_, err = c.Post(t.Context(), ops, text("hush"))
			require.Equal(t, activities.Unavailable, activities.ClassOf(err))
			require.NotErrorIs(t, err, activities.ErrNotSent)
			require.ErrorContains(t, err, "chat.postMessage: ")
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			require.NoError(t, fake.Idle(ctx))
			require.Len(t, fake.Calls(), 2)
			require.Len(t, fake.Messages("C0OPS"), posted[kind])
		})
	}
}

func TestRateLimits(t *testing.T) {
	fake, c := workspace(t, slackfake.Options{}, soon)
	for _, wait := range []time.Duration{0, 30 * time.Second} {
		fake.Fail(slackfake.Fault{Kind: slackfake.RateLimited, Probability: 1, RetryAfter: wait})
		before := len(fake.Calls())
		start := time.Now()
		_, err := c.Post(t.Context(), ops, text("x"))
		require.Less(t, time.Since(start), soon, "nobody sleeps")
		require.Len(t, fake.Calls(), before+1)
		require.Equal(t, activities.RateLimited, activities.ClassOf(err))
		app, ok := errors.AsType[*temporal.ApplicationError](activities.Classify(t.Context(), err))
		require.True(t, ok)
		require.Equal(t, wait, app.NextRetryDelay())
		require.False(t, app.NonRetryable())
	}
}

// A settle time reaches the server as the delay before the next attempt.
func TestSettleIsTheNextDelay(t *testing.T) {
	fake, c := workspace(t, slackfake.Options{}, soon)
	fake.Fail(slackfake.Fault{Kind: slackfake.DropAfter, Probability: 1})
	once := activities.ChatOnce{Chat: c}
	_, err := once.Post(t.Context(), activities.ChatAttempt{Number: 1, First: time.Now()}, ops, text("x"))
	app, ok := errors.AsType[*temporal.ApplicationError](activities.Classify(t.Context(), err))
	require.True(t, ok)
	require.Equal(t, 13*time.Second, app.NextRetryDelay())
	require.Equal(t, activities.Unavailable, app.Type())
}

func TestNothingSent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	c := New(Options{Token: "xoxb-1", URL: "http://" + address + "/api/", Timeout: soon})
	_, err = c.Post(t.Context(), ops, text("x"))
	require.Equal(t, activities.Unavailable, activities.ClassOf(err))
	require.ErrorIs(t, err, activities.ErrNotSent)
}

// A token does not travel in clear text.
func TestTokenIsEncrypted(t *testing.T) {
	c := New(Options{Token: secret, URL: "http://slack.example/api/", Timeout: soon})
	_, post := c.Post(t.Context(), ops, text("x"))
	_, find := c.Find(t.Context(), ops, "k", time.Now())
	for _, err := range []error{post, find} {
		require.ErrorContains(t, err, "by https only")
		require.ErrorIs(t, err, activities.ErrNotSent)
		require.Equal(t, activities.InvalidInput, activities.ClassOf(err))
	}
}

const (
	secret = "xoxb-1234-abcdefgh"
	phrase = "launch_code_is_zebra"
)

// Whatever a server answers, no error repeats the token or the message, and the class is the safe one.
func TestAnswers(t *testing.T) {
	echo := secret + " " + phrase
	cases := map[string]struct {
		status int
		body   string
		class  string
	}{
		"words":                  {200, echo, activities.Unavailable},
		"nothing":                {200, "", activities.Unavailable},
		"an empty object":        {200, `{}`, activities.Unavailable},
		"an array":               {200, `[1]`, activities.Unavailable},
		"no reason":              {200, `{"ok":false}`, activities.Unavailable},
		"ok, and nothing posted": {200, `{"ok":true}`, activities.Unavailable},
		"another form":           {200, `{"ok":true,"ts":{"` + phrase + `":1},"channel":"` + secret + `","team_id":7,"users":"` + phrase + `"}`, activities.Unavailable},
		"a wrong number":         {200, `{"ok":"` + phrase + `"}`, activities.Unavailable},
		"the token as reason":    {200, `{"ok":false,"error":"` + secret + `"}`, activities.Unavailable},
		"both as reason":         {200, `{"ok":false,"error":"` + echo + `"}`, activities.Unavailable},
		"both in messages":       {200, `{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["` + echo + ` [json-pointer:/` + secret + `]"]}}`, activities.InvalidInput},
		"the token as scope":     {200, `{"ok":false,"error":"missing_scope","needed":"` + secret + `"}`, activities.PermissionDenied},
		"an unknown reason":      {200, `{"ok":false,"error":"the_moon_is_full"}`, activities.Unavailable},
		"a reason of Slack's":    {200, `{"ok":false,"error":"fatal_error"}`, activities.Unavailable},
		"a duplicate":            {200, `{"ok":false,"error":"duplicate_message_not_found"}`, activities.Unavailable},
		"a limit as reason":      {200, `{"ok":false,"error":"ratelimited"}`, activities.RateLimited},
		"created":                {201, echo, activities.Unavailable},
		"elsewhere":              {302, echo, activities.PreconditionFailed},
		"bad":                    {400, echo, activities.PreconditionFailed},
		"unauthorized":           {401, echo, activities.PermissionDenied},
		"not there":              {404, echo, activities.NotFound},
		"a timeout":              {408, echo, activities.Unavailable},
		"a limit":                {429, echo, activities.RateLimited},
		"broken":                 {500, echo, activities.Unavailable},
		"too large":              {200, `{"ok":true,"x":"` + strings.Repeat("x", maxBody) + `"}`, activities.Unavailable},
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				w.Header().Set("Location", "/"+url.PathEscape(echo))
				w.Header().Set("Retry-After", echo)
				w.WriteHeader(one.status)
				io.WriteString(w, one.body)
			}))
			t.Cleanup(server.Close)
			c := New(Options{Token: secret, URL: server.URL + "/", Timeout: soon})
			m := activities.ChatMessage{Key: phrase, Text: phrase, Blocks: blocksOf(phrase)}
			at := activities.ChatRef{Channel: "C1", TS: "1.0"}
			_, post := c.Post(t.Context(), ops, m)
			_, self := c.Self(t.Context())
			_, members := c.Members(t.Context(), "oncall")
			_, find := c.Find(t.Context(), ops, phrase, time.Now())
			for _, err := range []error{
				post, self, find, c.Update(t.Context(), at, m), c.Delete(t.Context(), at), c.PostEphemeral(t.Context(), ops, "U1", m),
				c.OpenModal(t.Context(), "t", activities.ChatModal{Title: phrase, State: phrase, Blocks: m.Blocks}), members,
			} {
				if name == "ok, and nothing posted" && errors.Is(err, members) {
					require.Equal(t, activities.NotFound, activities.ClassOf(err))
					continue
				}
				require.Equal(t, one.class, activities.ClassOf(err), "%v", err)
				require.NotErrorIs(t, err, activities.ErrNotSent)
				require.NotContains(t, err.Error(), phrase)
				require.NotContains(t, err.Error(), secret)
				require.NotContains(t, err.Error(), "\n")
				if name == "another form" {
					require.ErrorContains(t, err, "the answer has not the form of Slack's")
				}
			}
		})
	}
}

// Nor does the error of what speaks no HTTP at all.
func TestEcho(t *testing.T) {
	for _, begin := range []string{"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 ", "HTTP/1.1 200 OK\r\nContent-Length: "} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				conn.Read(make([]byte, 4096))
				io.WriteString(conn, begin+secret+" "+phrase+"\r\n\r\n")
				conn.Close()
			}
		}()
		_, err = New(Options{Token: secret, URL: "http://" + listener.Addr().String() + "/", Timeout: soon}).Post(t.Context(), ops, text(phrase))
		require.Equal(t, activities.Unavailable, activities.ClassOf(err))
		require.NotErrorIs(t, err, activities.ErrNotSent)
		require.NotContains(t, err.Error(), secret)
		require.NotContains(t, err.Error(), phrase)
	}
}

// Nor does the error of a call that is cut off.
func TestCutOff(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	c := New(Options{Token: secret, URL: server.URL + "/", Timeout: 100 * time.Millisecond})
	_, err := c.Post(t.Context(), ops, text(phrase))
	require.Equal(t, activities.Unavailable, activities.ClassOf(err))
	require.NotContains(t, err.Error(), secret)
	require.NotContains(t, err.Error(), phrase)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Post(ctx, ops, text(phrase))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, activities.ErrNotSent)
}
