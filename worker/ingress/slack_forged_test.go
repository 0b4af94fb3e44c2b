package ingress

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/alert"
)

// forgeSlack makes an interaction that must not be recorded. Taken is one that was.
func (s *slackIn) forge(random *rand.Rand, taken forgery) (string, forgery) {
	at, press := s.now(), s.button(0, random.IntN(1e6))
	path, body := "/slack/interactive", interaction(press)
	signed := func(secret, body string, at time.Time, want int) forgery {
		return forgery{path, body, slackSigned(secret, body, at), want}
	}
	command := func(fields ...string) forgery {
		form := url.Values{"team_id": {team}, "user_id": {"U0ANNA"}, "api_app_id": {slackAppID}, "command": {"/evenkeel"}, "trigger_id": {fmt.Sprint(random.IntN(1e9))}, "text": {"runbook x"}}
		for i := 0; i < len(fields); i += 2 {
			form.Set(fields[i], fields[i+1])
		}
		path = "/slack/command"
		return signed(signingSecret, form.Encode(), at, 403)
	}
	changed := func(change func(), want int) forgery {
		change()
		return signed(signingSecret, interaction(press), at, want)
	}
	user, first := press["user"].(map[string]any), press["actions"].([]any)[0].(map[string]any)
	far := apart + time.Second + time.Duration(random.Int64N(int64(240*time.Hour)))
	kinds := []struct {
		name string
		make func() forgery
	}{
		{"no signature", func() forgery { return forgery{"/slack/interactive", body, nil, 401} }},
		{"another secret", func() forgery { return signed(twisted(random, signingSecret), body, at, 401) }},
		{"301 s old", func() forgery { return signed(signingSecret, body, at.Add(-301*time.Second), 401) }},
		{"301 s ahead", func() forgery { return signed(signingSecret, body, at.Add(301*time.Second), 401) }},
		{"old", func() forgery { return signed(signingSecret, body, at.Add(-far), 401) }},
		{"a tampered body", func() forgery { f := signed(signingSecret, body, at, 401); f.body = twisted(random, body); return f }},
		{"a tampered signature", func() forgery {
			f := signed(signingSecret, body, at, 401)
			f.headers[1] = "X-Slack-Signature: " + twisted(random, f.headers[1][len("X-Slack-Signature: "):])
			return f
		}},
		{"a tampered time", func() forgery {
			f := signed(signingSecret, body, at, 401)
			f.headers[0] = slackSigned(signingSecret, body, at.Add(time.Second))[0]
			return f
		}},
		{"a time of another form", func() forgery {
			f := signed(signingSecret, body, at, 401)
			f.headers[0] = "X-Slack-Request-Timestamp: " + []string{"", "+", "0x", "1e", "-"}[random.IntN(5)] + "9" + fmt.Sprint(at.UnixNano())
			return f
		}},
		{"a payload in the address", func() forgery {
			f := signed(signingSecret, "a=b", at, 400)
			f.path += "?" + body
			return f
		}},
		{"two payloads", func() forgery { return signed(signingSecret, body+"&"+body, at, 400) }},
		{"too large", func() forgery {
			return signed(signingSecret, body+"&x="+strings.Repeat("x", alert.MaxBytes), at, 413)
		}},
		{"another workspace", func() forgery {
			return changed(func() { press["team"] = map[string]any{"id": "T0OTHER"}; user["team_id"] = "T0OTHER" }, 403)
		}},
		{"a user of another workspace", func() forgery { return changed(func() { user["team_id"] = "T0OTHER" }, 200) }},
		{"a user of no workspace", func() forgery { return changed(func() { delete(user, "team_id") }, 200) }},
		{"another app", func() forgery { return changed(func() { press["api_app_id"] = "A0OTHER" }, 403) }},
		{"no user", func() forgery { return changed(func() { delete(user, "id") }, 400) }},
		{"a value that is none", func() forgery {
			return changed(func() { first["value"] = strings.Repeat("x", random.IntN(9)) }, 400)
		}},
		{"no time", func() forgery { return changed(func() { first["action_ts"] = "now" }, 400) }},
		{"two actions", func() forgery { return changed(func() { press["actions"] = []any{first, first} }, 400) }},
		{"half a payload", func() forgery {
			whole, _ := url.QueryUnescape(body[len("payload="):])
			return signed(signingSecret, url.Values{"payload": {whole[:random.IntN(len(whole))]}}.Encode(), at, 400)
		}},
		{"a form that was not opened", func() forgery {
			return changed(func() {
				press["type"] = "view_submission"
				press["view"] = map[string]any{"callback_id": "answer", "private_metadata": `{"request": "runbook/gpu-1/shop/x/a:ok.1@0123abcd"}`}
			}, 400)
		}},
		{"another host", func() forgery {
			f := signed(signingSecret, body, at, 403)
			f.headers = append(f.headers, "Host: evil.example.com")
			return f
		}},
		{"another type of content", func() forgery {
			f := signed(signingSecret, body, at, 400)
			f.headers[2] = "Content-Type: " + []string{"text/plain", "application/json", "multipart/form-data; boundary=x"}[random.IntN(3)]
			return f
		}},
		{"a command of another workspace", func() forgery { return command("team_id", "T0OTHER") }},
		{"a command of another app", func() forgery { return command("api_app_id", "A0OTHER") }},
		{"a tampered command", func() forgery { f := command(); f.body, f.want = f.body+"x", 401; return f }},
		{"a command without a signature", func() forgery { f := command(); f.headers, f.want = nil, 401; return f }},
		{"an old command", func() forgery {
			f := command()
			f.headers, f.want = slackSigned(signingSecret, f.body, at.Add(-301*time.Second)), 401
			return f
		}},
		{"a press as a command", func() forgery { path = "/slack/command"; return signed(signingSecret, body, at, 400) }},
		{"a command as a press", func() forgery { f := command(); f.path, f.want = "/slack/interactive", 400; return f }},
		{"a replay", func() forgery { return taken }},
	}
	kind := kinds[random.IntN(len(kinds))]
	return kind.name, kind.make()
}

// 10,000 interactions that are forged, stale, replayed, too large, foreign or malformed: none is recorded, and the server
// goes on.
func TestSlackForgeries(t *testing.T) {
	s := newSlackIn(t)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 300))
	good := interaction(s.button(0, 1e6))
	taken := forgery{"/slack/interactive", good, slackSigned(signingSecret, good, s.now()), 200}
	status, _, err := s.try(t, taken)
	require.NoError(t, err)
	require.Equal(t, 200, status)
	met := map[string]int{}
	for i := range 10_000 {
		name, f := s.forge(random, taken)
		if name == "too large" && met[name] > 20 {
			continue // they take their time
		}
		met[name]++
		status, _, err := s.try(t, f)
		if err != nil {
			require.Equal(t, "too large", name, "seed %d, request %d: %v", seed, i, err) // it was cut off unread
			continue
		}
		require.Equal(t, f.want, status, "seed %d, request %d, %s: %+v", seed, i, name, f.headers)
	}
	require.Len(t, met, 32, "seed %d: every kind was met", seed)
	require.Len(t, s.presses(), 1, "seed %d: nothing was recorded but the one good press", seed)
	require.Empty(t, s.forms)
	require.Empty(t, s.commands)
	status, _ = s.send(t, s.button(0, 1e6+1))
	require.Equal(t, 200, status)
	require.Len(t, s.presses(), 2)
}

// Whatever a payload says, it is read without harm; and what is a press has all that a press needs.
func FuzzSlackPayload(f *testing.F) {
	f.Add([]byte(`{"type":"block_actions","user":{"id":"U0ANNA"},"container":{"channel_id":"C0OPS","message_ts":"1.2"},"actions":[{"action_ts":"1.2"}]}`))
	f.Add([]byte(`{"type":"view_submission","user":{"id":"U0ANNA"},"view":{"state":{"values":{"reason":{"reason":{"value":null}},"field.0":{"field.0":{"selected_option":{"value":"1"}}}}}}}`))
	f.Add([]byte(`{"type":"view_closed"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := parsePayload(raw)
		if err != nil {
			return
		}
		require.NotEmpty(t, p.Type)
		for block, value := range p.View.values() {
			require.NotEmpty(t, value, block)
		}
		if p.Type == blockActions {
			require.Len(t, p.Actions, 1)
			require.Regexp(t, slackChannel, p.Container.Channel)
		}
		if p.Type == blockActions || p.Type == viewSubmission {
			require.Regexp(t, slackUser, p.User.ID)
		}
	})
}
