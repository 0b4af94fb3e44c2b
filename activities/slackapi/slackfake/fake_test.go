package slackfake_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
)

// enough is how long a test waits for what takes no time.
const enough = 10 * time.Second

func start(t *testing.T, o slackfake.Options) (*slackfake.Server, string) {
	t.Helper()
	fake := slackfake.New(o)
	server := httptest.NewServer(fake)
	t.Cleanup(func() {
		fake.Close()
		server.Close()
	})
	return fake, server.URL
}

// answer is what the Web API says.
type answer struct {
	OK       bool   `json:"ok"`
	Error    string `json:"error"`
	TS       string `json:"ts"`
	Needed   string `json:"needed"`
	HasMore  bool   `json:"has_more"`
	Messages []struct {
		TS, Text string
		Metadata json.RawMessage
	} `json:"messages"`
	Channels []struct{ ID string } `json:"channels"`
	Channel  json.RawMessage       `json:"channel"`
	Response struct {
		Messages []string
		Cursor   string `json:"next_cursor"`
	} `json:"response_metadata"`
}

func call(t *testing.T, server, token, method string, form ...string) (a answer) {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server+"/api/"+method, strings.NewReader(values.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	require.NoError(t, json.NewDecoder(response.Body).Decode(&a))
	return a
}

func say(t *testing.T, server string, form ...string) answer {
	t.Helper()
	return call(t, server, slackfake.BotToken, "chat.postMessage", append([]string{"channel", "C0OPS"}, form...)...)
}

func many(n int, one string) string {
	return strings.TrimSuffix(strings.Repeat(one+",", n), ",")
}

func long(n int) string { return strings.Repeat("ä", n) }

// Each bound is met, and not passed.
func TestBoundsOfBlocks(t *testing.T) {
	section := func(text string) string { return `{"type":"section","text":{"type":"mrkdwn","text":"` + text + `"}}` }
	button := func(text, value, id string) string {
		return `{"type":"button","action_id":"` + id + `","text":{"type":"plain_text","text":"` + text + `"},"value":"` + value + `"}`
	}
	actions := func(elements string) string { return `{"type":"actions","elements":[` + elements + `]}` }
	option := func(text, value string) string {
		return `{"text":{"type":"mrkdwn","text":"` + text + `"},"value":"` + value + `"}`
	}
	boxes := func(options, more string) string {
		return actions(`{"type":"checkboxes","options":[` + options + `]` + more + `}`)
	}
	more := func(field string) string {
		return actions(`{"type":"button","text":{"type":"plain_text","text":"x"},` + field + `}`)
	}
	confirm := func(text string) string {
		return more(`"confirm":{"title":{"type":"plain_text","text":"Sure?"},"text":{"type":"plain_text","text":"` + text + `"},
			"confirm":{"type":"plain_text","text":"Yes"},"deny":{"type":"plain_text","text":"No"}}`)
	}
	input := func(label, element string) string {
		return `{"type":"input","label":{"type":"plain_text","text":"` + label + `"},"element":` + element + `}`
	}
	picture := func(alt string) string {
		return `{"type":"image","image_url":"https://example.com/x.png","alt_text":"` + alt + `"}`
	}
	cases := []struct{ name, right, wrong, place string }{
		{"url", more(`"url":"` + long(3000) + `"`), more(`"url":"` + long(3001) + `"`), "/blocks/0/elements/0/url"},
		{"style", more(`"style":"danger"`), more(`"style":"loud"`), "/blocks/0/elements/0/style"},
		{"confirm", confirm(long(300)), confirm(long(301)), "/blocks/0/elements/0/confirm/text/text"},
		{"label", input(long(2000), `{"type":"plain_text_input"}`), input(long(2001), `{"type":"plain_text_input"}`), "/blocks/0/label/text"},
		{"placeholder", input("x", `{"type":"plain_text_input","placeholder":{"type":"plain_text","text":"`+long(150)+`"}}`), input("x", `{"type":"plain_text_input","placeholder":{"type":"plain_text","text":"`+long(151)+`"}}`), "/blocks/0/element/placeholder/text"},
		{"kind of an element", input("x", `{"type":"datepicker"}`), input("x", `{"type":"crystal_ball"}`), "/blocks/0/element/type"},
		{"image", picture("x"), picture(""), "/blocks/0/alt_text"},
		{"accessory", `{"type":"section","text":{"type":"mrkdwn","text":"x"},"accessory":` + button("x", "v", "a") + `}`, `{"type":"section","text":{"type":"mrkdwn","text":"x"},"accessory":` + button("", "v", "a") + `}`, "/blocks/0/accessory/text/text"},
		{"blocks", many(50, section("x")), many(51, section("x")), "/blocks"},
		{"section", section(long(3000)), section(long(3001)), "/blocks/0/text/text"},
		{"empty section", section("x"), section(""), "/blocks/0/text/text"},
		{"fields", `{"type":"section","fields":[` + many(10, `{"type":"mrkdwn","text":"x"}`) + `]}`, `{"type":"section","fields":[` + many(11, `{"type":"mrkdwn","text":"x"}`) + `]}`, "/blocks/0/fields"},
		{"header", `{"type":"header","text":{"type":"plain_text","text":"` + long(150) + `"}}`, `{"type":"header","text":{"type":"plain_text","text":"` + long(151) + `"}}`, "/blocks/0/text/text"},
		{"kind of a header", `{"type":"header","text":{"type":"plain_text","text":"x"}}`, `{"type":"header","text":{"type":"mrkdwn","text":"x"}}`, "/blocks/0/text/type"},
		{"actions", actions(many(25, button("x", "v", ""))), actions(many(26, button("x", "v", ""))), "/blocks/0/elements"},
		{"context", `{"type":"context","elements":[` + many(10, `{"type":"mrkdwn","text":"x"}`) + `]}`, `{"type":"context","elements":[` + many(11, `{"type":"mrkdwn","text":"x"}`) + `]}`, "/blocks/0/elements"},
		{"button", actions(button(long(75), "v", "a")), actions(button(long(76), "v", "a")), "/blocks/0/elements/0/text/text"},
		{"value", actions(button("x", long(2000), "a")), actions(button("x", long(2001), "a")), "/blocks/0/elements/0/value"},
		{"action_id", actions(button("x", "v", long(255))), actions(button("x", "v", long(256))), "/blocks/0/elements/0/action_id"},
		{"action_id twice", actions(button("x", "v", "a") + "," + button("x", "v", "b")), actions(button("x", "v", "a") + "," + button("x", "v", "a")), "/blocks/0/elements/1/action_id"},
		{"block_id", `{"type":"divider","block_id":"` + long(255) + `"}`, `{"type":"divider","block_id":"` + long(256) + `"}`, "/blocks/0/block_id"},
		{"block_id twice", `{"type":"divider","block_id":"a"},{"type":"divider","block_id":"b"}`, `{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}`, "/blocks/1/block_id"},
		{"options", boxes(many(10, option("x", "v")), ""), boxes(many(11, option("x", "v")), ""), "/blocks/0/elements/0/options"},
		{"no options", boxes(option("x", "v"), ""), boxes("", ""), "/blocks/0/elements/0/options"},
		{"option", boxes(option(long(75), long(75)), ""), boxes(option(long(76), "v"), ""), "/blocks/0/elements/0/options/0/text/text"},
		{"what is ticked", boxes(option("x", "v"), `,"initial_options":[`+option("x", "v")+`]`), boxes(option("x", "v"), `,"initial_options":[`+option("x", "w")+`]`), "/blocks/0/elements/0/initial_options"},
		{"kind of a block", `{"type":"divider"}`, `{"type":"wall"}`, "/blocks/0/type"},
		{"no object", `{"type":"divider"}`, `7`, "/blocks/0"},
	}
	_, server := start(t, slackfake.Options{})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := say(t, server, "blocks", "["+c.right+"]")
			require.True(t, a.OK, "%+v", a)
			a = say(t, server, "blocks", "["+c.wrong+"]")
			require.Equal(t, "invalid_blocks", a.Error)
			require.Empty(t, slackfake.Check(json.RawMessage("["+c.right+"]")))
			require.Equal(t, a.Response.Messages, slackfake.Check(json.RawMessage("["+c.wrong+"]")))
			require.Contains(t, strings.Join(a.Response.Messages, "\n"), "[json-pointer:"+c.place+"]")
		})
	}
}

func TestBoundsOfMessages(t *testing.T) {
	fake, server := start(t, slackfake.Options{})
	require.True(t, say(t, server, "text", long(40_000)).OK)
	require.Equal(t, "msg_too_long", say(t, server, "text", long(40_001)).Error)
	require.Equal(t, "no_text", say(t, server).Error)
	require.Equal(t, "no_text", say(t, server, "blocks", "[]").Error)
	require.Equal(t, "invalid_metadata_format", say(t, server, "text", "x", "metadata", `{"event_type":"evenkeel"}`).Error)
	require.Equal(t, "unknown_method", call(t, server, slackfake.BotToken, "chat.shout").Error)
	require.Len(t, fake.Messages("C0OPS"), 1)
	for _, m := range fake.Calls() {
		require.NotContains(t, fmt.Sprint(m.Form), "xoxb", "a token is not kept")
	}
}

func TestTimestamps(t *testing.T) {
	still := time.Unix(1_764_290_192, 0)
	fake, server := start(t, slackfake.Options{Now: func() time.Time { return still }})
	for range 3 {
		say(t, server, "text", "x")
	}
	said := fake.Messages("C0OPS")
	require.Equal(t, []string{"1764290192.000000", "1764290192.000001", "1764290192.000002"}, []string{said[0].TS, said[1].TS, said[2].TS})
}

func TestHistory(t *testing.T) {
	fake, server := start(t, slackfake.Options{})
	var all []string
	for i := range 25 {
		all = append(all, say(t, server, "text", fmt.Sprint(i), "metadata", `{"event_type":"e","event_payload":{}}`).TS)
	}
	say(t, server, "text", "reply", "thread_ts", all[3])
	say(t, server, "text", "reply to a reply", "thread_ts", fake.Messages("C0OPS")[25].TS)
	var read []string
	cursor := ""
	for {
		a := call(t, server, slackfake.BotToken, "conversations.history", "channel", "C0OPS", "limit", "10", "cursor", cursor, "oldest", all[0])
		require.True(t, a.OK)
		for _, m := range a.Messages {
			require.Empty(t, m.Metadata, "nobody asked for it")
			read = append([]string{m.TS}, read...)
		}
		require.Equal(t, a.HasMore, a.Response.Cursor != "")
		if cursor = a.Response.Cursor; cursor == "" {
			break
		}
	}
	require.Equal(t, all[1:], read, "without the oldest one, and without threads")
	a := call(t, server, slackfake.BotToken, "conversations.replies", "channel", "C0OPS", "ts", all[3], "include_all_metadata", "true")
	require.Len(t, a.Messages, 3)
	require.NotEmpty(t, a.Messages[0].Metadata)
	require.Equal(t, "reply to a reply", a.Messages[2].Text)
	require.Equal(t, "invalid_cursor", call(t, server, slackfake.BotToken, "conversations.history", "channel", "C0OPS", "cursor", "x").Error)
	require.Equal(t, "invalid_limit", call(t, server, slackfake.BotToken, "conversations.history", "channel", "C0OPS", "limit", "1000").Error)
}

func TestClientMsgID(t *testing.T) {
	for _, honours := range []bool{true, false} {
		fake, server := start(t, slackfake.Options{HonoursClientMsgID: honours})
		first := say(t, server, "text", "x", "client_msg_id", "id").TS
		second := say(t, server, "text", "x", "client_msg_id", "id").TS
		require.Equal(t, honours, first == second)
		require.Equal(t, honours, len(fake.Messages("C0OPS")) == 1)
	}
}

func TestTokensAndScopes(t *testing.T) {
	w := slackfake.Demo()
	w.Channels = append(w.Channels, slackfake.Channel{ID: "G0OURS", Private: true}, slackfake.Channel{ID: "G0THEIRS", Private: true, Absent: true})
	_, server := start(t, slackfake.Options{Workspace: w, Scopes: []string{"channels:read"}})
	require.Equal(t, "not_authed", call(t, server, "", "auth.test").Error)
	require.Equal(t, "invalid_auth", call(t, server, "xoxb-other", "auth.test").Error)
	require.Equal(t, "not_allowed_token_type", call(t, server, slackfake.AppToken, "auth.test").Error)
	require.Equal(t, "not_allowed_token_type", call(t, server, slackfake.BotToken, "apps.connections.open").Error)
	a := say(t, server, "text", "x")
	require.Equal(t, "missing_scope", a.Error)
	require.Equal(t, "chat:write", a.Needed)
	require.Equal(t, "groups:read", call(t, server, slackfake.BotToken, "conversations.info", "channel", "G0OURS").Needed)
	require.Len(t, call(t, server, slackfake.BotToken, "conversations.list").Channels, 2)
	require.Contains(t, string(call(t, server, slackfake.BotToken, "conversations.info", "channel", "C0OPS").Channel), `"is_member":true`)

	_, server = start(t, slackfake.Options{Workspace: w})
	require.Len(t, call(t, server, slackfake.BotToken, "conversations.list").Channels, 3)
	require.Equal(t, "channel_not_found", call(t, server, slackfake.BotToken, "conversations.info", "channel", "G0THEIRS").Error)
}

func TestOnlyLoopback(t *testing.T) {
	fake, server := start(t, slackfake.Options{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server+"/", nil)
	require.NoError(t, err)
	r.Host = "rebound.example:80"
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusForbidden, response.StatusCode)
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80"} {
		_, err := fake.Start(address)
		require.ErrorContains(t, err, "only loopback")
	}
	require.ErrorContains(t, fake.VerifyURL(t.Context(), "http://192.0.2.1/"), "only loopback")
	address, err := fake.Start("127.0.0.1:0")
	require.NoError(t, err)
	page, err := http.Get(address + "/")
	require.NoError(t, err)
	defer page.Body.Close()
	text, err := io.ReadAll(page.Body)
	require.NoError(t, err)
	require.Contains(t, string(text), "a stand-in for Slack")
}
