package ingress

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/alert"
	"github.com/evenkeel/evenkeel/internal/identity"
)

// alertmanager is the last part of the path to which an Alertmanager sends.
const alertmanager = identity.Alertmanager

// Alertmanager takes in what an Alertmanager sends.
type Alertmanager struct {
	// Token is the bearer token that it has to send.
	Token string
	// Rules say which alert starts what.
	Rules  alert.Rules
	Alerts Alerts
	Seen   Seen
	// Now is the clock.
	Now func() time.Time
}

// Handler answers 200 once everything that the alerts start was recorded, and 503 when something has to be sent again:
// Temporal does not take it, or there is more than one request may start. What was recorded before is found at work then.
func (a Alertmanager) Handler() http.Handler {
	h := &alertmanagerHandler{Alertmanager: a, token: sha256.Sum256([]byte(a.Token)), lately: newTaken(a.Now)}
	return http.HandlerFunc(h.serve)
}

type alertmanagerHandler struct {
	Alertmanager
	token [sha256.Size]byte
	// lately are the starts that were recorded: a run that has ended at once, such as one within its cooldown, is not
	// started again by what was sent again.
	lately *taken
}

func (h *alertmanagerHandler) serve(w http.ResponseWriter, r *http.Request) {
	if !h.allowed(r) {
		h.seen(alert.Refused, "no token, or a wrong one")
		unauthorized(w)
		return
	}
	if !isJSON(r) {
		h.seen(alert.Malformed, "the content type is not application/json")
		http.Error(w, "the content type is not application/json", http.StatusBadRequest)
		return
	}
	body, ok := bodyOf(w, r)
	if !ok {
		h.seen(alert.Malformed, "the body is too long, or did not come whole")
		return
	}
	p, err := alert.ParsePayload(body)
	if err != nil {
		h.seen(alert.Malformed, err.Error())
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if why := h.take(r.Context(), p); why != "" {
		again(w, why)
		return
	}
	_, _ = w.Write([]byte("recorded\n")) // the sender may be gone
}

// allowed compares digests, which takes the same time whatever was sent.
func (h *alertmanagerHandler) allowed(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sent := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(sent[:], h.token[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

// take does what the alerts ask for. It returns why they have to be sent again; empty when all were recorded.
func (h *alertmanagerHandler) take(ctx context.Context, p alert.Payload) (why string) {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	started := 0
	for _, d := range h.Rules.Decide(p, h.Now()) {
		switch {
		case d.Ended != nil && why == "":
			if err := h.Alerts.End(ctx, *d.Ended); err != nil {
				why = "Temporal does not take it now"
				d.Reason = err.Error()
			}
		case d.Start == nil:
		case h.lately.recent(d.Start.Delivery):
			d.Result, d.Reason = alert.Joined, "it was recorded a moment ago"
		case why != "" && started < alert.MaxStarts: // Temporal is not asked again for each of them
			d.Result, d.Reason = alert.Unavailable, why
		case started == alert.MaxStarts:
			why = "more runs than one request may start; send it again"
			d.Result, d.Reason = alert.TooMany, why
		default:
			joined, err := h.Alerts.Start(ctx, *d.Start)
			switch {
			case err != nil:
				why = "Temporal does not take it now"
				d.Result, d.Reason = alert.Unavailable, err.Error()
			case joined:
				d.Result, d.Reason = alert.Joined, d.Start.ID+" is at work"
				h.lately.note(d.Start.Delivery)
			default:
				started++
				h.lately.note(d.Start.Delivery)
			}
		}
		h.Seen(string(alertmanager), d)
	}
	return why
}

func (h *alertmanagerHandler) seen(result alert.Result, why string) {
	h.Seen(string(alertmanager), alert.Decision{Result: result, Reason: why})
}
