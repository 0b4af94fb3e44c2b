package slackfake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/slackapi"
	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
)

// app is what Slack sends to: it verifies and reads as an app does, and answers what a test says.
type app struct {
	mu       sync.Mutex
	presses  []slack.InteractionCallback
	commands []slack.SlashCommand
	then     func(slack.InteractionCallback) (status int, body string)
}

func (a *app) seen() []slack.InteractionCallback {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]slack.InteractionCallback{}, a.presses...)
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	verifier, err := slack.NewSecretsVerifier(r.Header, slackfake.SigningSecret)
	if err == nil {
		verifier.Write(body)
		err = verifier.Ensure()
	}
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	switch r.URL.Path {
	case "/command":
		command, err := slack.SlashCommandParse(r)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		a.commands = append(a.commands, command)
		io.WriteString(w, `{"text":"two runs wait"}`)
		return
	case "/events":
		var said struct{ Challenge string }
		if json.Unmarshal(body, &said) == nil {
			io.WriteString(w, said.Challenge)
		}
		return
	}
	press, err := slack.InteractionCallbackParse(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	a.presses = append(a.presses, press)
	then := a.then
	a.mu.Unlock()
	if then != nil {
		status, body := then(press)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

const ask = `[{"type":"section","text":{"type":"mrkdwn","text":"*Restart* <api>?"}},
{"type":"actions","block_id":"gate","elements":[
 {"type":"button","action_id":"approve","style":"primary","text":{"type":"plain_text","text":"Approve"},"value":"yes|run-1"},
 {"type":"button","action_id":"reject","style":"danger","text":{"type":"plain_text","text":"Reject"},"value":"no|run-1"}]},
{"type":"section","block_id":"list.r1","text":{"type":"mrkdwn","text":"Items"},"accessory":{"type":"checkboxes","action_id":"tick","options":[
 {"text":{"type":"mrkdwn","text":"one"},"value":"1"},{"text":{"type":"mrkdwn","text":"two"},"value":"2"}],
 "initial_options":[{"text":{"type":"mrkdwn","text":"one"},"value":"1"}]}}]`

const why = `[{"type":"input","block_id":"why","label":{"type":"plain_text","text":"Why?"},"element":{"type":"plain_text_input","action_id":"text","multiline":true}}]`

// asked starts a workspace that sends to an app, with a message to press at.
func asked(t *testing.T) (*slackfake.Server, *app, *slackapi.Client, activities.ChatRef, string) {
	t.Helper()
	a := &app{}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	fake, address := start(t, slackfake.Options{RequestURL: server.URL + "/press", CommandURL: server.URL + "/command"})
	c := slackapi.New(slackapi.Options{Token: slackfake.BotToken, URL: address + "/api/"})
	at, err := c.Post(t.Context(), activities.ChatPlace{Channel: "C0OPS"}, activities.ChatMessage{Key: "k", Text: "Restart?", Blocks: json.RawMessage(ask)})
	require.NoError(t, err)
	return fake, a, c, at, address
}

func TestPressOverHTTP(t *testing.T) {
	fake, a, _, at, _ := asked(t)
	answer, err := fake.Press(t.Context(), slackfake.Press{User: "U0BOB", Channel: at.Channel, TS: at.TS, Action: "approve"})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status)
	press := a.seen()[0]
	require.Equal(t, slack.InteractionTypeBlockActions, press.Type)
	require.Equal(t, "A0EVENKEEL", press.APIAppID)
	require.Equal(t, "U0BOB", press.User.ID)
	require.Equal(t, "T0EVENKEEL", press.User.TeamID)
	require.Equal(t, "T0EVENKEEL", press.Team.ID)
	require.Equal(t, "C0OPS", press.Channel.ID)
	require.Equal(t, at.TS, press.Message.Timestamp)
	require.Equal(t, at.TS, press.Container.MessageTs)
	require.Equal(t, "k", press.Message.Metadata.EventPayload["key"])
	did := press.ActionCallback.BlockActions[0]
	require.Equal(t, []string{"approve", "gate", "yes|run-1", "button"}, []string{did.ActionID, did.BlockID, did.Value, string(did.Type)})
	require.NotEmpty(t, did.ActionTs)
	require.Equal(t, "1", press.BlockActionState.Values["list.r1"]["tick"].SelectedOptions[0].Value)

	_, err = fake.Repeat(t.Context(), answer)
	require.NoError(t, err)
	require.Equal(t, did.ActionTs, a.seen()[1].ActionCallback.BlockActions[0].ActionTs, "the same press again")

	_, err = fake.Press(t.Context(), slackfake.Press{User: "U0BOB", Channel: at.Channel, TS: at.TS, Action: "tick", Selected: []string{"2"}})
	require.NoError(t, err)
	ticked := a.seen()[2].ActionCallback.BlockActions[0]
	require.Len(t, ticked.SelectedOptions, 1)
	require.Equal(t, "2", ticked.SelectedOptions[0].Value)

	hidden := fake.Say(slackfake.Message{Channel: at.Channel, For: "U0ALICE", Blocks: json.RawMessage(ask)})
	for says, p := range map[string]slackfake.Press{
		"message " + hidden: {User: "U0BOB", Channel: at.Channel, TS: hidden, Action: "approve"},
		"no user":           {User: "U0NOBODY", Channel: at.Channel, TS: at.TS, Action: "approve"},
		"sees no message":   {User: "U0BOB", Channel: at.Channel, TS: "1.000000", Action: "approve"},
		"has no element":    {User: "U0BOB", Channel: at.Channel, TS: at.TS, Action: "explode"},
		"not all of the op": {User: "U0BOB", Channel: at.Channel, TS: at.TS, Action: "tick", Selected: []string{"3"}},
	} {
		_, err := fake.Press(t.Context(), p)
		require.ErrorContains(t, err, says)
	}
	require.Len(t, a.seen(), 3)
}

func TestPressIsNotTaken(t *testing.T) {
	fake, a, _, at, _ := asked(t)
	a.then = func(slack.InteractionCallback) (int, string) { return http.StatusServiceUnavailable, "" }
	p := slackfake.Press{User: "U0BOB", Channel: at.Channel, TS: at.TS, Action: "approve"}
	answer, err := fake.Press(t.Context(), p)
	require.ErrorContains(t, err, "the app answers 503")
	require.Equal(t, http.StatusServiceUnavailable, answer.Status)
	release := make(chan struct{})
	a.then = func(slack.InteractionCallback) (int, string) { <-release; return http.StatusOK, "" }
	answer, err = fake.Press(t.Context(), p)
	close(release)
	require.ErrorContains(t, err, "the app did not answer within 3 seconds")
	require.GreaterOrEqual(t, answer.Took, 3*time.Second)
}

// An app can tell a request of Slack's from another one, and old from new.
func TestSigned(t *testing.T) {
	a := &app{}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	now := time.Now()
	fake, _ := start(t, slackfake.Options{Now: func() time.Time { return now }})
	body := []byte(url.Values{"payload": {`{"type":"block_actions"}`}}.Encode())
	for name, one := range map[string]struct {
		skew   time.Duration
		change func(*http.Request)
		status int
	}{
		"as it is": {status: http.StatusOK},
		"old":      {skew: -6 * time.Minute, status: http.StatusUnauthorized},
		"early":    {skew: 6 * time.Minute, status: http.StatusUnauthorized},
		"tampered": {change: func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(strings.Replace(string(body), "block", "clock", 1)))
		}, status: http.StatusUnauthorized},
		"unsigned":        {change: func(r *http.Request) { r.Header.Del("X-Slack-Signature") }, status: http.StatusUnauthorized},
		"at another time": {change: func(r *http.Request) { r.Header.Set("X-Slack-Request-Timestamp", "1") }, status: http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			now = time.Now().Add(one.skew)
			r, err := fake.Signed(t.Context(), server.URL+"/press", "application/x-www-form-urlencoded", body)
			require.NoError(t, err)
			if one.change != nil {
				one.change(r)
			}
			response, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			defer response.Body.Close()
			require.Equal(t, one.status, response.StatusCode)
		})
	}
	now = time.Now()
	require.NoError(t, fake.VerifyURL(t.Context(), server.URL+"/events"))
	require.ErrorContains(t, fake.VerifyURL(t.Context(), server.URL+"/command"), "does not return the challenge")
}

func TestFormIsOpenedAndSent(t *testing.T) {
	fake, a, c, at, _ := asked(t)
	var opened error
	a.then = func(press slack.InteractionCallback) (int, string) {
		switch {
		case press.Type == slack.InteractionTypeBlockActions:
			form := activities.ChatModal{Title: "Reject", Submit: "Reject", CallbackID: "reject", State: "run-1", Blocks: json.RawMessage(why)}
			opened = c.OpenModal(context.Background(), press.TriggerID, form)
			if again := c.OpenModal(context.Background(), press.TriggerID, form); again == nil {
				return http.StatusConflict, "one trigger opened two forms"
			}
		case press.View.State.Values["why"]["text"].Value == "because":
			return http.StatusOK, `{"response_action":"errors","errors":{"why":"That is no reason"}}`
		}
		return http.StatusOK, ""
	}
	_, err := fake.Press(t.Context(), slackfake.Press{User: "U0BOB", Channel: at.Channel, TS: at.TS, Action: "reject"})
	require.NoError(t, err)
	require.NoError(t, opened)
	require.Empty(t, fake.Views("U0ALICE"))
	view := fake.Views("U0BOB")[0]
	require.Equal(t, []string{"reject", "Reject", "run-1"}, []string{view.CallbackID, view.Title, view.State})

	_, err = fake.Submit(t.Context(), slackfake.Submission{User: "U0ALICE", View: view.ID, Values: map[string][]string{"why": {"it is mine"}}})
	require.ErrorContains(t, err, "U0ALICE has no form")
	fake.Dismiss("U0ALICE", view.ID)
	_, err = fake.Submit(t.Context(), slackfake.Submission{User: "U0BOB", View: view.ID})
	require.ErrorContains(t, err, "why is not filled in")
	_, err = fake.Submit(t.Context(), slackfake.Submission{User: "U0BOB", View: view.ID, Values: map[string][]string{"why": {"because"}}})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"why": "That is no reason"}, fake.Views("U0BOB")[0].Errors)
	_, err = fake.Submit(t.Context(), slackfake.Submission{User: "U0BOB", View: view.ID, Values: map[string][]string{"why": {"it is Friday"}}})
	require.NoError(t, err)
	require.Empty(t, fake.Views("U0BOB"))
	sent := a.seen()[2]
	require.Equal(t, slack.InteractionTypeViewSubmission, sent.Type)
	require.Equal(t, "run-1", sent.View.PrivateMetadata)
	require.Equal(t, "it is Friday", sent.View.State.Values["why"]["text"].Value)
}

func TestTriggerExpires(t *testing.T) {
	now := time.Now()
	var mu sync.Mutex
	a := &app{}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	fake, address := start(t, slackfake.Options{RequestURL: server.URL + "/press", Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	c := slackapi.New(slackapi.Options{Token: slackfake.BotToken, URL: address + "/api/"})
	at, err := c.Post(t.Context(), activities.ChatPlace{Channel: "C0OPS"}, activities.ChatMessage{Text: "x", Blocks: json.RawMessage(ask)})
	require.NoError(t, err)
	_, err = fake.Press(t.Context(), slackfake.Press{User: "U0BOB", Channel: at.Channel, TS: at.TS, Action: "reject"})
	require.NoError(t, err)
	open := func(m activities.ChatModal) error { return c.OpenModal(t.Context(), a.seen()[0].TriggerID, m) }
	good := activities.ChatModal{Title: "Reject", Submit: "Reject", CallbackID: "reject", Blocks: json.RawMessage(why)}
	for place, change := range map[string]func(*activities.ChatModal){
		"/view/title/text":       func(m *activities.ChatModal) { m.Title = long(25) },
		"/view/submit/text":      func(m *activities.ChatModal) { m.Submit = long(25) },
		"/view/close/text":       func(m *activities.ChatModal) { m.Close = long(25) },
		"/view/private_metadata": func(m *activities.ChatModal) { m.State = long(3001) },
		"/view/submit":           func(m *activities.ChatModal) { m.Submit = "" },
		"/view/blocks":           func(m *activities.ChatModal) { m.Blocks = nil },
		"/blocks":                func(m *activities.ChatModal) { m.Blocks = json.RawMessage("[" + many(101, `{"type":"divider"}`) + "]") },
	} {
		m := good
		change(&m)
		err := open(m)
		require.ErrorContains(t, err, "invalid_arguments at "+place)
		require.Equal(t, activities.InvalidInput, activities.ClassOf(err))
	}
	mu.Lock()
	now = now.Add(4 * time.Second)
	mu.Unlock()
	require.ErrorContains(t, open(good), "expired_trigger_id")
}

func TestCommand(t *testing.T) {
	fake, a, _, _, _ := asked(t)
	answer, err := fake.Command(t.Context(), "U0BOB", "C0OPS", "/evenkeel", "what waits")
	require.NoError(t, err)
	require.JSONEq(t, `{"text":"two runs wait"}`, string(answer.Body))
	require.Equal(t, []string{"U0BOB", "C0OPS", "/evenkeel", "what waits"}, []string{a.commands[0].UserID, a.commands[0].ChannelID, a.commands[0].Command, a.commands[0].Text})
	_, err = fake.Command(t.Context(), "U0BOB", "C0NOWHERE", "/evenkeel", "")
	require.ErrorContains(t, err, "no channel")
}
