package slackfake

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxRequest bounds a request, in bytes.
const maxRequest = 4 << 20

type object = map[string]any

// request is a call that may be answered: its token and scope are right.
type request struct {
	url.Values
	host string
}

// refused is why a call is not carried out.
type refused struct {
	code, needed string
	messages     []string
}

func no(code string, messages ...string) *refused { return &refused{code: code, messages: messages} }

// method is a method of the Web API.
type method struct {
	// scope is what the token needs; with a "*" it is "channels" or "groups", by the kind of the channel.
	scope string
	// app says that it takes the app's token, not the bot's.
	app bool
	do  func(*Server, request) (object, *refused)
}

var methods = map[string]method{
	"auth.test":             {do: (*Server).authTest},
	"chat.postMessage":      {scope: "chat:write", do: (*Server).postMessage},
	"chat.update":           {scope: "chat:write", do: (*Server).update},
	"chat.delete":           {scope: "chat:write", do: (*Server).deleteMessage},
	"chat.postEphemeral":    {scope: "chat:write", do: (*Server).postEphemeral},
	"conversations.history": {scope: "*:history", do: (*Server).history},
	"conversations.replies": {scope: "*:history", do: (*Server).replies},
	"conversations.list":    {scope: "channels:read", do: (*Server).conversations},
	"conversations.info":    {scope: "*:read", do: (*Server).conversation},
	"usergroups.list":       {scope: "usergroups:read", do: (*Server).groups},
	"usergroups.users.list": {scope: "usergroups:read", do: (*Server).groupUsers},
	"views.open":            {do: (*Server).openView},
	"apps.connections.open": {app: true, do: (*Server).openConnection},
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "the request cannot be read", http.StatusBadRequest)
		return
	}
	form, malformed := arguments(r.Header.Get("Content-Type"), body)
	token := form.Get("token")
	if header, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = header
	}
	form.Del("token")
	call := &Call{Method: name, At: time.Now(), Form: form}
	s.mu.Lock()
	fault := s.draw(name)
	call.Fault = fault.Kind
	s.calls = append(s.calls, call)
	s.busy++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.busy--
		s.mu.Unlock()
	}()

	if s.before(w, r, fault) {
		return
	}
	answer, why := object{}, malformed
	s.mu.Lock()
	if why == nil {
		answer, why = s.carryOut(name, token, request{form, r.Host})
	}
	if why != nil {
		answer = why.answer(s.options.Scopes)
		call.Answer = why.code
	} else {
		answer["ok"] = true
		call.Answer = "ok"
	}
	s.mu.Unlock()
	if s.after(w, fault) {
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-OAuth-Scopes", strings.Join(s.options.Scopes, ","))
	json.NewEncoder(w).Encode(answer) //nolint:errcheck // a caller that is gone needs none
}

// carryOut carries a call out. The mutex is held.
func (s *Server) carryOut(name, token string, r request) (object, *refused) {
	m, ok := methods[name]
	if !ok {
		return nil, no("unknown_method")
	}
	wanted, other := s.options.BotToken, s.options.AppToken
	if m.app {
		wanted, other = other, wanted
	}
	switch token {
	case wanted:
	case "":
		return nil, no("not_authed")
	case other:
		return nil, no("not_allowed_token_type")
	default:
		return nil, no("invalid_auth")
	}
	kind := "channels"
	if c, ok := s.channel(r.Get("channel")); ok && c.Private {
		kind = "groups"
	}
	if scope := strings.Replace(m.scope, "*", kind, 1); scope != "" && !slices.Contains(s.options.Scopes, scope) {
		return nil, &refused{code: "missing_scope", needed: scope}
	}
	return m.do(s, r)
}

// arguments reads a form or a JSON object. What is no string in JSON stays JSON.
func arguments(contentType string, body []byte) (url.Values, *refused) {
	if !strings.HasPrefix(contentType, "application/json") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return url.Values{}, no("invalid_form_data")
		}
		return form, nil
	}
	var raw map[string]json.RawMessage
	if len(body) > 0 && json.Unmarshal(body, &raw) != nil {
		return url.Values{}, no("invalid_json")
	}
	form := url.Values{}
	for name, value := range raw {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		form.Set(name, text)
	}
	return form, nil
}

func (r *refused) answer(scopes []string) object {
	answer := object{"ok": false, "error": r.code}
	if r.needed != "" {
		answer["needed"], answer["provided"] = r.needed, strings.Join(scopes, ",")
	}
	if len(r.messages) > 0 {
		answer["response_metadata"] = object{"messages": r.messages}
	}
	return answer
}

func contains(list []string, one string) bool { return slices.Contains(list, one) }

// flag reads a truth as Slack's clients write it.
func flag(value string) bool { return value == "1" || value == "true" }
