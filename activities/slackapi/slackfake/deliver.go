package slackfake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ackWithin is how long an app has for its answer.
const ackWithin = 3 * time.Second

// Answer is what an app answers.
type Answer struct {
	// Status is that of HTTP; 0 over a socket.
	Status int
	// Body is what came with it.
	Body []byte
	Took time.Duration

	user     string
	payload  []byte
	envelope string
	where    string
	command  bool
}

// Repeat sends once more what the answer was to, as it was: Slack may.
func (s *Server) Repeat(ctx context.Context, a Answer) (Answer, error) {
	return s.deliver(ctx, a)
}

// Command sends a slash command, "/evenkeel", and shows the user what is answered.
func (s *Server) Command(ctx context.Context, user, channel, name, text string) (Answer, error) {
	s.mu.Lock()
	u, err := s.whoever(user)
	c, ok := s.channel(channel)
	switch {
	case err == nil && !ok:
		err = fmt.Errorf("no channel %q", channel)
	case err == nil && !contains(s.options.Scopes, "commands"):
		err = errors.New("the app has not the scope commands")
	}
	w := s.options.Workspace
	fields := map[string]string{
		"team_id": w.TeamID, "team_domain": w.Name, "channel_id": channel, "channel_name": c.Name, "user_id": user, "user_name": u.Name,
		"command": name, "text": text, "api_app_id": w.AppID, "is_enterprise_install": "false", "trigger_id": s.trigger(user),
		"response_url": "https://hooks.slack.com/commands/" + w.TeamID + "/" + s.id(""),
	}
	s.mu.Unlock()
	if err != nil {
		return Answer{}, err
	}
	if s.options.CommandURL == "" {
		payload, err := json.Marshal(fields)
		if err != nil {
			return Answer{}, err
		}
		return s.shownAnswer(s.deliver(ctx, Answer{user: user, payload: payload, envelope: "slash_commands", command: true}))
	}
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	return s.shownAnswer(s.deliver(ctx, Answer{user: user, payload: []byte(form.Encode()), where: s.options.CommandURL, command: true}))
}

// shownAnswer shows on the page what a command was answered: a text, or the text of a message.
func (s *Server) shownAnswer(a Answer, err error) (Answer, error) {
	var message struct {
		Text string `json:"text"`
	}
	if err == nil && json.Unmarshal(a.Body, &message) == nil {
		s.note(a.user, message.Text)
	} else if err == nil {
		s.note(a.user, string(a.Body))
	}
	return a, err
}

// interact sends what a user did.
func (s *Server) interact(ctx context.Context, user string, payload object) (Answer, error) {
	data, err := json.Marshal(payload)
	if err != nil {
		return Answer{}, err
	}
	if s.options.RequestURL != "" {
		data = []byte(url.Values{"payload": {string(data)}}.Encode())
	}
	return s.deliver(ctx, Answer{user: user, payload: data, envelope: "interactive", where: s.options.RequestURL})
}

// deliver sends a payload over HTTP, or over a socket where no address is, and waits for the answer.
func (s *Server) deliver(ctx context.Context, a Answer) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, ackWithin)
	defer cancel()
	start := time.Now()
	var err error
	if a.where == "" {
		a.Body, err = s.overSocket(ctx, a.envelope, a.payload)
	} else {
		a.Status, a.Body, err = s.post(ctx, a.where, "application/x-www-form-urlencoded", a.payload)
	}
	a.Took = time.Since(start)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("the app did not answer within %.0f seconds", ackWithin.Seconds())
	}
	note := ""
	if err != nil {
		note = "⚠ " + err.Error()
	}
	s.note(a.user, note)
	return a, err
}

// VerifyURL does what Slack does when the address of an app is entered: the app has to return a challenge.
func (s *Server) VerifyURL(ctx context.Context, address string) error {
	s.mu.Lock()
	challenge := s.id("challenge")
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, ackWithin)
	defer cancel()
	body, err := json.Marshal(object{"type": "url_verification", "challenge": challenge})
	if err != nil {
		return err
	}
	_, answer, err := s.post(ctx, address, "application/json", body)
	if err != nil {
		return err
	}
	var said struct {
		Challenge string `json:"challenge"`
	}
	if strings.TrimSpace(string(answer)) != challenge && (json.Unmarshal(answer, &said) != nil || said.Challenge != challenge) {
		return errors.New("the app does not return the challenge")
	}
	return nil
}

// Signed makes a request as Slack signs it. A test may change it before it is sent.
func (s *Server) Signed(ctx context.Context, address, contentType string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if !loopback(r.URL.Host) {
		return nil, fmt.Errorf("send to %s: only loopback", address)
	}
	at := strconv.FormatInt(s.options.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(s.options.SigningSecret))
	fmt.Fprintf(mac, "v0:%s:%s", at, body)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Slack-Request-Timestamp", at)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return r, nil
}

// direct sends to this machine, by no proxy.
var direct = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (s *Server) post(ctx context.Context, address, contentType string, body []byte) (int, []byte, error) {
	request, err := s.Signed(ctx, address, contentType, body)
	if err != nil {
		return 0, nil, err
	}
	response, err := direct.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxRequest))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("the app answers %d", response.StatusCode)
	}
	return response.StatusCode, answer, err
}

// note keeps what a user is told last.
func (s *Server) note(user, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes[user] = text
}
