package ingress

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/press"
	"github.com/evenkeel/evenkeel/internal/request"
)

const (
	team          = "T0EVENKEEL"
	slackAppID    = "A0EVENKEEL"
	signingSecret = "signing-secret-of-the-app"
)

// run stands for Temporal and a run in it that asks one thing.
type run struct {
	mu       sync.Mutex
	open     request.Request
	recorded []press.Press
	commands []Command
	// fault is what the next presses and commands meet, silent says that the run has no worker.
	fault  error
	silent bool
}

func (r *run) Press(ctx context.Context, p press.Press) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fault != nil {
		return r.fault
	}
	r.recorded = append(r.recorded, p)
	return ctx.Err()
}

func (r *run) Asked(ctx context.Context, _ press.Press) (request.Request, error) {
	r.mu.Lock()
	silent, open := r.silent, r.open
	r.mu.Unlock()
	if silent {
		<-ctx.Done()
		return request.Request{}, ctx.Err()
	}
	return open, nil
}

func (r *run) Statement(of request.Request, p press.Press) (string, error) {
	return fmt.Sprintf("who: %s\nrequest: %s\nat: %s\nnonce: %s", p.Who(), of.ID, p.At.Format(time.RFC3339), p.ID), nil
}

func (r *run) Command(_ context.Context, c Command) (message.Message, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fault != nil {
		return message.Message{}, r.fault
	}
	r.commands = append(r.commands, c)
	return message.Message{Title: "You typed", Sections: []message.Section{{Lines: []string{c.Text}}}}, nil
}

func (r *run) presses() []press.Press {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]press.Press(nil), r.recorded...)
}

func (r *run) set(fault error, silent bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault, r.silent = fault, silent
}

// workspace stands for Slack, and keeps what it is told.
type workspace struct {
	mu       sync.Mutex
	whispers []string
	forms    []message.View
	fault    error
}

func (w *workspace) Whisper(_ context.Context, channel, user string, m message.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.whispers = append(w.whispers, channel+" "+user+" "+m.Text())
	return w.fault
}

func (w *workspace) Open(_ context.Context, trigger string, v message.View) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if trigger == "" {
		return errors.New("no trigger")
	}
	w.forms = append(w.forms, v)
	return w.fault
}

// last returns what was whispered last, and forgets all of it.
func (w *workspace) last(t *testing.T) string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	require.Len(t, w.whispers, 1)
	defer func() { w.whispers = nil }()
	return w.whispers[0]
}

// slackIn is the real HTTP handler of what Slack sends.
type slackIn struct {
	*run
	*workspace
	slack *Slack
	url   string

	mu    sync.Mutex
	clock time.Time
	seen  map[Result]int
}

func (s *slackIn) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock
}

// became returns what became of what came in since it was asked last.
func (s *slackIn) became() map[Result]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.seen = map[Result]int{} }()
	return s.seen
}

func approval(risk request.Risk) request.Request {
	r, _ := request.Open(request.Request{
		ID: "runbook/gpu-1/shop/x/a:ok.1@0123abcd", Host: "gpu-1", RunID: "019a-0123abcd", Kind: request.Approval, Step: "ok", Message: "May it?",
		Groups: []string{"sre"}, Choices: request.Approval.Choices(), Risk: risk, LimitSeconds: 3600,
	}, time.Date(2026, 11, 27, 11, 0, 0, 0, time.UTC))
	return r
}

func newSlackIn(t *testing.T) *slackIn {
	t.Helper()
	s := &slackIn{run: &run{open: approval(request.Write)}, workspace: &workspace{}, clock: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC), seen: map[Result]int{}}
	s.slack = NewSlack(Slack{Team: team, App: slackAppID, Presses: s.run, Workspace: s.workspace, Commands: s.run, Now: s.now})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	handlers := Outside{Listen: "gpu-1:9465", Slack: &SlackHTTP{Slack: s.slack, Secret: signingSecret, Seen: func(o Outcome) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen[o.Result]++
	}}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- ServeOutside(ctx, listener, handlers.Handler(listener.Addr())) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		require.NoError(t, <-done)
	})
	s.url = "http://" + listener.Addr().String()
	return s
}

// slackSigned are the headers of a request that Slack sends.
func slackSigned(secret, body string, at time.Time) []string {
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	return []string{"X-Slack-Request-Timestamp: " + stamp, "X-Slack-Signature: v0=" + hex.EncodeToString(mac.Sum(nil)), "Content-Type: application/x-www-form-urlencoded"}
}

func interaction(payload map[string]any) string {
	text, _ := json.Marshal(payload)
	return url.Values{"payload": {string(text)}}.Encode()
}

// button is a press of the n-th button of the request's message.
func (s *slackIn) button(n int, number int) map[string]any {
	s.run.mu.Lock()
	r := s.open
	s.run.mu.Unlock()
	b := message.Buttons(r)[n]
	action := "answer."
	if b.Form {
		action = "form."
	}
	return map[string]any{
		"type": "block_actions", "api_app_id": slackAppID, "team": map[string]any{"id": team}, "user": map[string]any{"id": "U0ANNA", "team_id": team},
		"trigger_id": "1.2.3", "container": map[string]any{"channel_id": "C0OPS", "message_ts": "1764241200.000100"},
		"actions": []any{map[string]any{"type": "button", "action_id": action + fmt.Sprint(n), "block_id": "answers.0", "value": b.Value, "action_ts": fmt.Sprintf("1764244800.%06d", number)}},
	}
}

// form is what comes back of the form that was opened last.
func (s *slackIn) form(t *testing.T, values map[string]any) map[string]any {
	t.Helper()
	s.workspace.mu.Lock()
	defer s.workspace.mu.Unlock()
	require.NotEmpty(t, s.forms)
	v := s.forms[len(s.forms)-1]
	return map[string]any{
		"type": "view_submission", "api_app_id": slackAppID, "team": map[string]any{"id": team}, "user": map[string]any{"id": "U0ANNA", "team_id": team},
		"view": map[string]any{"id": "V1", "hash": "1.2", "callback_id": v.CallbackID, "private_metadata": v.PrivateMetadata, "state": map[string]any{"values": values}},
	}
}

func reason(text any) map[string]any {
	return map[string]any{"reason": map[string]any{"reason": map[string]any{"type": "plain_text_input", "value": text}}}
}

// send sends a payload as Slack does, and returns the status and the body of the answer.
func (s *slackIn) send(t *testing.T, payload map[string]any) (int, string) {
	t.Helper()
	return s.sendForm(t, "/slack/interactive", interaction(payload))
}

func (s *slackIn) sendForm(t *testing.T, path, body string) (int, string) {
	t.Helper()
	status, text, err := s.try(t, forgery{path, body, slackSigned(signingSecret, body, s.now()), 0})
	require.NoError(t, err)
	return status, text
}

// try is send of a request that may be cut off before it is sent whole.
func (s *slackIn) try(t *testing.T, f forgery) (int, string, error) {
	t.Helper()
	o := &outside{url: s.url}
	return o.exchange(t, f)
}

func TestPressOfAButton(t *testing.T) {
	s := newSlackIn(t)
	status, body := s.send(t, s.button(0, 1))
	require.Equal(t, 200, status)
	require.Empty(t, body)
	p := s.presses()[0]
	id, shown, choice, ok := message.Pressed(message.Buttons(approval(request.Write))[0].Value)
	require.True(t, ok)
	require.Equal(t, press.Press{
		ID:   press.ID(team, "C0OPS", "1764241200.000100", "U0ANNA", "answer.0", "answers.0", "1764244800.000001"),
		Team: team, User: "U0ANNA", Channel: "C0OPS", Message: "1764241200.000100", Request: id, Shown: shown, Decision: choice, At: s.clock,
	}, p)
	require.Equal(t, "slack:T0EVENKEEL/U0ANNA", p.Who())
	require.True(t, strings.HasPrefix(approval(request.Write).Shown, shown))

	status, _ = s.send(t, s.button(0, 1))
	require.Equal(t, 200, status)
	require.Len(t, s.presses(), 1, "the same press, delivered twice, is one")
	status, _ = s.send(t, s.button(0, 2))
	require.Equal(t, 200, status)
	require.Len(t, s.presses(), 2, "another press is another one")
	require.Equal(t, map[Result]int{Recorded: 2, Repeated: 1}, s.became())

	s.set(errors.New("this request is closed: its run has ended"), false)
	status, _ = s.send(t, s.button(0, 3))
	require.Equal(t, 200, status)
	require.Equal(t, "C0OPS U0ANNA This press does not count\n| this request is closed: its run has ended", s.last(t))
	require.Equal(t, map[Result]int{Refused: 1}, s.became())

	s.workspace.fault = errors.New("Slack is away")
	status, _ = s.send(t, s.button(0, 3))
	require.Equal(t, 503, status, "what nobody could be told is not acknowledged")
	s.workspace.fault = nil

	for _, away := range []error{fmt.Errorf("%w: the server is away", ErrNotRecorded), context.DeadlineExceeded} {
		s.set(away, false)
		status, _ = s.send(t, s.button(0, 4))
		require.Equal(t, 503, status)
	}
	require.Equal(t, map[Result]int{NotTaken: 3}, s.became())
	s.set(nil, true)
	status, _ = s.send(t, s.button(0, 4))
	require.Equal(t, 200, status, "pressed again, without a worker of the run")
	require.Len(t, s.presses(), 3)
}

// A form is opened from what the run asks now, and becomes one press, whose id and time stand in what is signed.
func TestForm(t *testing.T) {
	s := newSlackIn(t)
	s.open = approval(request.Destructive)
	status, _ := s.send(t, s.button(0, 1))
	require.Equal(t, 200, status)
	require.Empty(t, s.presses(), "nothing is answered by opening it")
	require.NoError(t, message.Check(s.forms[0]))
	text, err := json.Marshal(s.forms[0].Blocks)
	require.NoError(t, err)
	require.Contains(t, string(text), "who: slack:T0EVENKEEL/U0ANNA")
	s.mu.Lock()
	s.clock = s.clock.Add(5 * time.Minute)
	s.mu.Unlock()

	s.set(fmt.Errorf("%w: away", ErrNotRecorded), false)
	status, _ = s.send(t, s.form(t, reason("it <hangs> ")))
	require.Equal(t, 503, status)
	s.set(errors.New("you are in none of the groups\nsre"), false)
	status, body := s.send(t, s.form(t, reason(nil)))
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"response_action": "errors", "errors": {"reason": "you are in none of the groups sre"}}`, body)
	s.set(nil, false)
	status, body = s.send(t, s.form(t, reason(" it <hangs> ")))
	require.Equal(t, 200, status)
	require.Empty(t, body, "the form closes")
	p := s.presses()[0]
	require.Contains(t, string(text), p.ID)
	require.Contains(t, string(text), p.At.Format(time.RFC3339))
	require.Equal(t, []string{"approve", "it <hangs>", s.open.Shown, "C0OPS", "1764241200.000100"}, []string{p.Decision, p.Reason, p.Shown, p.Channel, p.Message})
	require.Empty(t, p.Fields)
	status, _ = s.send(t, s.form(t, reason("it hangs")))
	require.Equal(t, 200, status)
	require.Len(t, s.presses(), 1)
	require.Equal(t, map[Result]int{FormOpened: 1, NotTaken: 1, Refused: 1, Recorded: 1, Repeated: 1}, s.became())

	status, _ = s.send(t, s.button(1, 2))
	require.Equal(t, 200, status)
	changed := s.open
	changed.Shown = strings.Repeat("0", 64)
	s.open = changed
	_, body = s.send(t, s.form(t, reason("no")))
	require.Contains(t, body, "what was shown is not what is asked now")
	_, _ = s.send(t, s.button(1, 3))
	s.mu.Lock()
	s.clock = s.clock.Add(formFor + time.Second)
	s.mu.Unlock()
	_, body = s.send(t, s.form(t, reason("no")))
	require.Contains(t, body, "opened too long ago")
	require.Len(t, s.presses(), 1)

	s.set(nil, true)
	s.became()
	status, _ = s.send(t, s.button(0, 4))
	require.Equal(t, 200, status)
	require.Contains(t, s.last(t), "the run did not answer in time")
	require.Equal(t, map[Result]int{Refused: 1}, s.became())
	s.workspace.fault = errors.New("expired_trigger_id")
	s.set(nil, false)
	status, _ = s.send(t, s.button(0, 5))
	require.Equal(t, 503, status, "neither a form nor a word came to the person")
}

func TestCommand(t *testing.T) {
	s := newSlackIn(t)
	of := func(fields ...string) string {
		form := url.Values{"team_id": {team}, "user_id": {"U0ANNA"}, "api_app_id": {slackAppID}, "command": {"/evenkeel"}, "trigger_id": {"1.2"}, "text": {" status <!channel> "}}
		for i := 0; i < len(fields); i += 2 {
			form.Set(fields[i], fields[i+1])
		}
		return form.Encode()
	}
	status, body := s.sendForm(t, "/slack/command", of())
	require.Equal(t, 200, status)
	require.Contains(t, body, `"response_type":"ephemeral"`)
	require.NotContains(t, body, "<!channel>")
	require.NotContains(t, strings.ReplaceAll(body, `\u0026`, "&"), `u003c!channel`)
	require.Equal(t, Command{ID: press.ID(team, "U0ANNA", "/evenkeel", "1.2"), Team: team, User: "U0ANNA", Text: "status <!channel>", At: s.clock}, s.commands[0])
	_, body = s.sendForm(t, "/slack/command", of())
	require.Contains(t, body, "That was taken already")
	require.Len(t, s.commands, 1, "what is delivered again is done once")
	s.set(errors.New("no runbook is named <!here>"), false)
	status, body = s.sendForm(t, "/slack/command", of("trigger_id", "1.3"))
	require.Equal(t, 200, status)
	require.Contains(t, body, "no runbook is named")
	require.NotContains(t, body, "<!here>")
	s.set(ErrNotRecorded, false)
	status, _ = s.sendForm(t, "/slack/command", of("trigger_id", "1.4"))
	require.Equal(t, 503, status)
	for _, bad := range [][]string{{"team_id", "T0OTHER"}, {"api_app_id", "A0OTHER"}} {
		status, _ = s.sendForm(t, "/slack/command", of(bad...))
		require.Equal(t, 403, status)
	}
	for _, bad := range [][]string{{"user_id", "anna"}, {"user_id", ""}, {"command", ""}, {"trigger_id", ""}} {
		status, _ = s.sendForm(t, "/slack/command", of(bad...))
		require.Equal(t, 400, status)
	}
	require.Len(t, s.commands, 1)
}

func TestWhatSlackChecks(t *testing.T) {
	s := newSlackIn(t)
	status, _ := s.sendForm(t, "/slack/interactive", "ssl_check=1&token=x")
	require.Equal(t, 200, status)
	body := `{"token": "x", "challenge": "c0ffee", "type": "url_verification"}`
	headers := slackSigned(signingSecret, body, s.now())
	headers[2] = "Content-Type: application/json"
	status, text, err := s.try(t, forgery{"/slack/interactive", body, headers, 0})
	require.NoError(t, err)
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"challenge": "c0ffee"}`, text)
	headers[1] = slackSigned("another", body, s.now())[1]
	status, text, err = s.try(t, forgery{"/slack/interactive", body, headers, 0})
	require.NoError(t, err)
	require.Equal(t, 401, status)
	require.NotContains(t, text, "c0ffee")
	for _, kind := range []string{"view_closed", "shortcut", "block_suggestion"} {
		status, _ := s.send(t, map[string]any{"type": kind})
		require.Equal(t, 200, status)
	}
	link := s.button(0, 1)
	link["actions"].([]any)[0].(map[string]any)["action_id"] = "open"
	status, _ = s.send(t, link)
	require.Equal(t, 200, status)
	require.Equal(t, map[Result]int{Checked: 2, Unsigned: 1, Ignored: 4}, s.became())
	status, _, err = s.try(t, forgery{"/slack/other", "", slackSigned(signingSecret, "", s.now()), 0})
	require.NoError(t, err)
	require.Equal(t, 404, status)
}
