package ingress

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/alert"
)

// The headers of a delivery.
const (
	// signatureHeader is sha256=HEX, the HMAC-SHA256 over what is signed.
	signatureHeader = "X-Evenkeel-Signature"
	// githubHeader is the same as GitHub calls it.
	githubHeader = "X-Hub-Signature-256"
	// timestampHeader is when it was signed, in seconds since 1970. Where it is sent, TIMESTAMP.BODY is what is signed,
	// and else the body.
	timestampHeader = "X-Evenkeel-Timestamp"
)

var seconds = regexp.MustCompile(`^[0-9]{1,11}$`)

// Hook takes in the deliveries of one sender.
type Hook struct {
	alert.Hook
	// Unusable says why the runbook is not used; empty when it is.
	Unusable string
	// Secret is the key of the HMAC.
	Secret string
	Alerts Alerts
	Seen   Seen
	// Now is the clock.
	Now func() time.Time
}

// Handler answers 200 once the run of a delivery was recorded, and to one that was taken before.
func (h Hook) Handler() http.Handler {
	return http.HandlerFunc((&hookHandler{Hook: h, taken: newTaken(h.Now)}).serve)
}

type hookHandler struct {
	Hook
	taken *taken
}

func (h *hookHandler) serve(w http.ResponseWriter, r *http.Request) {
	body, ok := bodyOf(w, r)
	if !ok {
		h.seen(alert.Overlong, "the body is too long, or did not come whole")
		return
	}
	delivery, at, err := h.signed(r.Header, body)
	switch {
	case err != nil:
		h.seen(alert.Refused, err.Error())
		unauthorized(w)
		return
	case !isJSON(r):
		h.seen(alert.Malformed, "the content type is not application/json")
		http.Error(w, "the content type is not application/json", http.StatusBadRequest)
		return
	case h.Unusable != "":
		h.seen(alert.Unavailable, h.Unusable)
		again(w, "its runbook is not in use")
		return
	}
	fresh, err := h.taken.begin(delivery)
	switch {
	case err != nil:
		h.seen(alert.TooMany, err.Error())
		again(w, "it cannot be taken just now; send it again")
		return
	case !fresh:
		h.seen(alert.Replayed, "it was taken before")
		_, _ = w.Write([]byte("recorded\n")) // the sender may be gone
		return
	}
	done := false
	defer func() { h.taken.end(delivery, done) }()
	done = h.take(r.Context(), w, body, delivery, at)
}

// take starts what a delivery asks for, and answers. It returns true when that was recorded.
func (h *hookHandler) take(ctx context.Context, w http.ResponseWriter, body []byte, delivery string, at time.Time) bool {
	start, err := h.Start(body, delivery, at, h.Now())
	if err != nil {
		h.seen(alert.Malformed, err.Error())
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	joined, err := h.Alerts.Start(ctx, start)
	d := alert.Decision{Runbook: start.Runbook, Result: alert.Started, Start: &start}
	switch {
	case err != nil:
		d.Result, d.Reason = alert.Unavailable, err.Error()
		h.Seen(h.Name, d)
		again(w, "Temporal does not take it now")
		return false
	case joined:
		d.Result, d.Reason = alert.Joined, start.ID+" is at work"
	}
	h.Seen(h.Name, d)
	_, _ = w.Write([]byte("recorded\n")) // the sender may be gone
	return true
}

var (
	errSignature = errors.New("no signature, or a wrong one")
	errStale     = errors.New("it was signed too long ago, or ahead of time")
)

// signed returns the id of a delivery and when it was signed, which is now where it does not say.
func (h *hookHandler) signed(headers http.Header, body []byte) (string, time.Time, error) {
	mac, at, timely := hmac.New(sha256.New, []byte(h.Secret)), h.Now(), true
	if sent := headers.Values(timestampHeader); len(sent) > 0 {
		number, err := strconv.ParseInt(sent[0], 10, 64)
		timely = len(sent) == 1 && seconds.MatchString(sent[0]) && err == nil && h.Now().Sub(time.Unix(number, 0)).Abs() <= apart
		at = time.Unix(number, 0)
		mac.Write([]byte(sent[0] + "."))
	}
	mac.Write(body)
	want := mac.Sum(nil)
	if !hmac.Equal(want, signatureOf(headers)) {
		return "", at, errSignature
	}
	if !timely {
		return "", at, errStale
	}
	id := sha256.Sum256(want)
	return hex.EncodeToString(id[:]), at, nil
}

// signatureOf is the one that was sent; nil where there is none of that form.
func signatureOf(headers http.Header) []byte {
	sent := headers.Get(signatureHeader)
	if sent == "" {
		sent = headers.Get(githubHeader)
	}
	digits, ok := strings.CutPrefix(sent, "sha256=")
	signature, err := hex.DecodeString(digits)
	if !ok || err != nil {
		return nil
	}
	return signature
}

func (h *hookHandler) seen(result alert.Result, why string) {
	h.Seen(h.Name, alert.Decision{Runbook: h.Runbook.Name, Result: result, Reason: why})
}
