package slackapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
)

var _ activities.Chat = (*Client)(nil)

// soon is how long a client of the tests waits; a busy machine needs less.
const soon = 5 * time.Second

var ops = activities.ChatPlace{Channel: "C0OPS"}

// workspace starts a workspace, and returns it with a client.
func workspace(t *testing.T, o slackfake.Options, timeout time.Duration) (*slackfake.Server, *Client) {
	t.Helper()
	fake := slackfake.New(o)
	server := httptest.NewServer(fake)
	t.Cleanup(func() {
		fake.Close()
		server.Close()
	})
	return fake, New(Options{Token: slackfake.BotToken, URL: server.URL + "/api/", Timeout: timeout})
}

func text(words string) activities.ChatMessage { return activities.ChatMessage{Key: "k", Text: words} }

func blocksOf(words ...string) json.RawMessage {
	var all []string
	for i, one := range words {
		all = append(all, fmt.Sprintf(`{"type":"section","block_id":"b%d","text":{"type":"mrkdwn","text":%q}}`, i, one))
	}
	return json.RawMessage("[" + strings.Join(all, ",") + "]")
}

func TestMessages(t *testing.T) {
	fake, c := workspace(t, slackfake.Options{}, soon)
	ctx := t.Context()
	at, err := c.Post(ctx, ops, activities.ChatMessage{Key: "k", Text: "a <b> &amp; c", Blocks: blocksOf("one", "two")})
	require.NoError(t, err)
	require.Equal(t, "C0OPS", at.Channel)
	said := fake.Messages("C0OPS")
	require.Len(t, said, 1)
	require.Equal(t, at.TS, said[0].TS)
	require.Equal(t, "a <b> &amp; c", said[0].Text, "a text is sent as it is")
	require.Equal(t, "none", said[0].Parse, "nobody's name in it is a mention")
	require.JSONEq(t, `{"event_type":"evenkeel","event_payload":{"key":"k"}}`, string(said[0].Metadata))
	require.Equal(t, "ad9a0c7d-04c2-5a0c-a222-d1a4411ea8c5", said[0].ClientMsgID, "an id follows from the key for ever")
	require.JSONEq(t, string(blocksOf("one", "two")), string(said[0].Blocks))

	reply, err := c.Post(ctx, activities.ChatPlace{Channel: "C0OPS", Thread: at.TS}, text("done"))
	require.NoError(t, err)
	require.Equal(t, at.TS, fake.Messages("C0OPS")[1].Thread)

	require.NoError(t, c.Update(ctx, at, activities.ChatMessage{Key: "k", Text: "new", Blocks: blocksOf("three")}))
	require.Equal(t, "new", fake.Messages("C0OPS")[0].Text)
	require.NoError(t, c.Update(ctx, at, text("bare")))
	said = fake.Messages("C0OPS")
	require.Empty(t, said[0].Blocks, "blocks that are not there any more are removed")
	require.NotEmpty(t, said[0].Metadata, "and it is still found")

	require.NoError(t, c.PostEphemeral(ctx, ops, "U0BOB", text("only you")))
	require.Equal(t, "only you", fake.Ephemeral("U0BOB")[0].Text)
	require.Empty(t, fake.Ephemeral("U0BOB")[0].Metadata)
	require.Empty(t, fake.Ephemeral("U0ALICE"))

	require.NoError(t, c.Delete(ctx, reply))
	require.Len(t, fake.Messages("C0OPS"), 1)
}

func TestSelfAndMembers(t *testing.T) {
	w := slackfake.Demo()
	w.Groups = append(w.Groups, slackfake.Group{ID: "S0OLD", Handle: "old", Users: []string{"U0CAROL"}, Disabled: true}, slackfake.Group{ID: "S0NONE", Handle: "none"})
	_, c := workspace(t, slackfake.Options{Workspace: w, Scopes: []string{"chat:write", "usergroups:read"}}, soon)
	self, err := c.Self(t.Context())
	require.NoError(t, err)
	require.Equal(t, activities.ChatSelf{TeamID: "T0EVENKEEL", UserID: "U0EVENKEEL", BotID: "B0EVENKEEL", Scopes: []string{"chat:write", "usergroups:read"}}, self)
	for _, group := range []string{"oncall", "S0ONCALL"} {
		users, err := c.Members(t.Context(), group)
		require.NoError(t, err)
		require.Equal(t, []string{"U0ALICE", "U0BOB"}, users)
	}
	users, err := c.Members(t.Context(), "none")
	require.NoError(t, err)
	require.Empty(t, users)
	for _, group := range []string{"", "old", "S0OLD", "nobody"} {
		_, err := c.Members(t.Context(), group)
		require.Equal(t, activities.NotFound, activities.ClassOf(err), group)
	}
}

// Slack may list a disabled group, and then says so.
func TestDisabledGroup(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"ok":true,"usergroups":[{"id":"S0OLD","handle":"old","date_delete":1700000000}],"users":["U0CAROL"]}`)
	}))
	t.Cleanup(server.Close)
	_, err := New(Options{URL: server.URL + "/"}).Members(t.Context(), "old")
	require.Equal(t, activities.NotFound, activities.ClassOf(err))
}

func TestModal(t *testing.T) {
	fake, c := workspace(t, slackfake.Options{}, soon)
	require.Equal(t, activities.InvalidInput, activities.ClassOf(c.OpenModal(t.Context(), "", activities.ChatModal{Title: "t"})))
	err := c.OpenModal(t.Context(), "made-up", activities.ChatModal{Title: "Reject", Blocks: blocksOf("why")})
	require.Equal(t, activities.InvalidInput, activities.ClassOf(err))
	require.ErrorContains(t, err, "views.open: Slack says invalid_trigger_id")
	require.Empty(t, fake.Views("U0ALICE"))
}

func TestFind(t *testing.T) {
	fake, c := workspace(t, slackfake.Options{}, soon)
	ctx, since := t.Context(), time.Now()
	none, err := c.Find(ctx, ops, "k", since)
	require.NoError(t, err)
	require.Empty(t, none)
	first, err := c.Post(ctx, ops, text("one"))
	require.NoError(t, err)
	mine := json.RawMessage(`{"event_type":"evenkeel","event_payload":{"key":"k"}}`)
	for _, other := range []slackfake.Message{
		{User: "U0BOB", Text: "no app"},
		{User: "U0BOB", Text: "another app says it is ours", BotID: "B0OTHER", Metadata: mine},
		{Text: "ours, of another kind", BotID: "B0EVENKEEL", Metadata: json.RawMessage(`{"event_type":"other","event_payload":{"key":"k"}}`)},
		{Text: "what no client knows", BotID: "B0OTHER", Metadata: json.RawMessage(`["k"]`), Blocks: json.RawMessage(`{"type":7}`)},
		{Text: "another key", BotID: "B0EVENKEEL", Metadata: json.RawMessage(`{"event_type":"evenkeel","event_payload":{"key":"other"}}`)},
		{Text: "in a thread", BotID: "B0EVENKEEL", Metadata: mine, Thread: first.TS},
	} {
		other.Channel = "C0OPS"
		fake.Say(other)
	}
	for range 250 {
		fake.Say(slackfake.Message{Channel: "C0OPS", User: "U0BOB", Text: "chatter"})
	}
	second, err := c.Post(ctx, ops, text("one"))
	require.NoError(t, err)
	found, err := c.Find(ctx, ops, "k", since)
	require.NoError(t, err)
	require.Equal(t, []activities.ChatRef{first, second}, found)

	found, err = c.Find(ctx, activities.ChatPlace{Channel: "C0OPS", Thread: first.TS}, "k", since)
	require.NoError(t, err)
	require.Len(t, found, 2, "a thread begins with its first message")
	found, err = c.Find(ctx, ops, "k", time.Now().Add(clockError+time.Minute))
	require.NoError(t, err)
	require.Empty(t, found, "what is older is not searched")
	require.Len(t, fake.Calls("auth.test"), 1, "who we are is asked once")

	_, err = c.Find(ctx, activities.ChatPlace{Channel: "C0OPS", Thread: "1.000000"}, "k", since)
	require.Equal(t, activities.NotFound, activities.ClassOf(err))
}

// A page of large messages is asked for again in smaller ones; what cannot be searched whole is no answer.
func TestFindAmongLargeMessages(t *testing.T) {
	fake, c := workspace(t, slackfake.Options{}, 30*time.Second)
	first, err := c.Post(t.Context(), ops, text("one"))
	require.NoError(t, err)
	for range 60 {
		fake.Say(slackfake.Message{Channel: "C0OPS", User: "U0BOB", Text: strings.Repeat("x", 40_000)})
	}
	found, err := c.Find(t.Context(), ops, "k", time.Now())
	require.NoError(t, err)
	require.Equal(t, []activities.ChatRef{first}, found)
	for range 400 {
		fake.Say(slackfake.Message{Channel: "C0OPS", User: "U0BOB", Text: strings.Repeat("x", 40_000)})
	}
	_, err = c.Find(t.Context(), ops, "k", time.Now())
	require.Equal(t, activities.Unavailable, activities.ClassOf(err))
	require.ErrorContains(t, err, "more was said since")
}
