package ingress

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The headers by which Slack signs: when, in seconds since 1970, and v0=HEX, the HMAC-SHA256 over v0:TIME:BODY.
const (
	slackTimeHeader      = "X-Slack-Request-Timestamp"
	slackSignatureHeader = "X-Slack-Signature"
)

// SlackHTTP takes in what Slack sends by HTTP.
type SlackHTTP struct {
	Slack *Slack
	// Secret is what Slack signs with.
	Secret string
	// Seen is told what became of each request.
	Seen func(Outcome)
}

// Interactive answers presses and forms, Command what is typed behind a slash command. Both say 200 once it is recorded,
// and else something that Slack shows the person as a failure.
func (h SlackHTTP) Interactive() http.Handler { return h.handler(h.interactive) }

// Command answers slash commands.
func (h SlackHTTP) Command() http.Handler { return h.handler(h.command) }

// said is what Slack sends, once it is known to be Slack's.
type said struct {
	form url.Values
	// signed is when it was signed, verified when that was found to be right.
	signed, verified time.Time
}

func (h SlackHTTP) handler(take func(*http.Request, said) Outcome) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodyOf(w, r)
		if !ok {
			h.Seen(Outcome{Result: Malformed, Why: "the body is too long, or did not come whole"})
			return
		}
		at, err := h.signed(r.Header, body)
		if err != nil {
			h.Seen(Outcome{Result: Unsigned, Why: err.Error()})
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		var out Outcome
		switch form, kind := contentOf(r, body); kind {
		case "application/json":
			out = challenged(body)
		case "application/x-www-form-urlencoded":
			if form.Get("ssl_check") == "1" {
				out = Outcome{Result: Checked}
			} else {
				out = take(r, said{form, at, h.Slack.Now()})
			}
		default:
			out = Outcome{Result: Malformed, Why: "the body is neither a form nor JSON"}
		}
		h.Seen(out)
		answer(w, out)
	})
}

// contentOf is the type of a body, and the form that it is. Only the body counts: the signature is not over the address.
func contentOf(r *http.Request, body []byte) (url.Values, string) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, ""
	}
	if kind != "application/x-www-form-urlencoded" {
		return nil, kind
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, ""
	}
	return form, kind
}

func answer(w http.ResponseWriter, out Outcome) {
	switch {
	case out.Acknowledged():
		if out.Body != nil {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
		}
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(out.Body) // the sender may be gone
	case out.Result == Foreign:
		http.Error(w, out.Why, http.StatusForbidden)
	case out.Result == NotTaken:
		again(w, "it is not taken now")
	default:
		http.Error(w, out.Why, http.StatusBadRequest)
	}
}

func (h SlackHTTP) interactive(r *http.Request, s said) Outcome {
	payloads := s.form["payload"]
	if len(payloads) != 1 {
		return Outcome{Result: Malformed, Why: "the form has not one payload"}
	}
	return h.Slack.Interaction(r.Context(), []byte(payloads[0]), s.verified)
}

func (h SlackHTTP) command(r *http.Request, s said) Outcome {
	fields := map[string]string{}
	for name, values := range s.form {
		if len(values) != 1 {
			return Outcome{Result: Malformed, Why: "the form has a field more than once"}
		}
		fields[name] = values[0]
	}
	return h.Slack.Command(r.Context(), fields, s.signed)
}

// challenged answers what Slack asks when somebody enters the address of an app: to be told what it says.
func challenged(body []byte) Outcome {
	var asked struct{ Type, Challenge string }
	if json.Unmarshal(body, &asked) != nil || asked.Type != "url_verification" || asked.Challenge == "" || len(asked.Challenge) > 1024 {
		return Outcome{Result: Malformed, Why: "the JSON is no challenge"}
	}
	return Outcome{Result: Checked, Body: response(map[string]string{"challenge": asked.Challenge})}
}

// signed returns when a request was signed. The time counts only once the signature does.
func (h SlackHTTP) signed(headers http.Header, body []byte) (time.Time, error) {
	times, signatures := headers.Values(slackTimeHeader), headers.Values(slackSignatureHeader)
	if h.Secret == "" || len(times) != 1 || len(signatures) != 1 || !seconds.MatchString(times[0]) || len(signatures[0]) != len("v0=")+2*sha256.Size {
		return time.Time{}, errSignature
	}
	mac := hmac.New(sha256.New, []byte(h.Secret))
	mac.Write([]byte("v0:" + times[0] + ":"))
	mac.Write(body)
	if !hmac.Equal([]byte("v0="+hex.EncodeToString(mac.Sum(nil))), []byte(signatures[0])) {
		return time.Time{}, errSignature
	}
	number, err := strconv.ParseInt(times[0], 10, 64)
	at := time.Unix(number, 0)
	if err != nil || h.Slack.Now().Sub(at).Abs() > apart {
		return time.Time{}, errStale
	}
	return at, nil
}
