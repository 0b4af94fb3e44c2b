package pager

import (
	"context"
	"fmt"
	"net/http"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/outside"
)

// Webhook posts events as JSON to a service of one's own. It implements activities.Pager.
type Webhook struct {
	url, token string
	calls      *outside.Client
}

// NewWebhook returns the service at an address, which is a secret. A token is sent as a bearer token; empty is none. It
// calls nobody yet.
func NewWebhook(url, token string) *Webhook {
	return &Webhook{url: url, token: token, calls: outside.New(within)}
}

// hookEvent is an event as it is posted. Of an acknowledgement and a resolution only the first two are there.
type hookEvent struct {
	Event    string            `json:"event"`
	DedupKey string            `json:"dedup_key"`
	Severity string            `json:"severity,omitempty"`
	Summary  string            `json:"summary,omitempty"`
	Source   string            `json:"source,omitempty"`
	Details  map[string]string `json:"details,omitempty"`
	Link     string            `json:"link,omitempty"`
}

// Trigger opens an alert, or says again that it is open.
func (w *Webhook) Trigger(ctx context.Context, p activities.Page) error {
	if err := p.Check(); err != nil {
		return activities.NotSent(err)
	}
	return w.send(ctx, hookEvent{Event: trigger, DedupKey: p.DedupKey, Severity: p.Severity, Summary: p.Summary, Source: p.Source, Details: p.Details, Link: p.Link})
}

// Acknowledge says that somebody takes care of an alert.
func (w *Webhook) Acknowledge(ctx context.Context, dedupKey string) error {
	return w.send(ctx, hookEvent{Event: acknowledge, DedupKey: dedupKey})
}

// Resolve closes an alert.
func (w *Webhook) Resolve(ctx context.Context, dedupKey string) error {
	return w.send(ctx, hookEvent{Event: resolve, DedupKey: dedupKey})
}

func (w *Webhook) send(ctx context.Context, event hookEvent) error {
	if err := activities.CheckDedupKey(event.DedupKey); err != nil {
		return activities.NotSent(err)
	}
	data, err := body(event)
	if err != nil {
		return activities.NotSent(err)
	}
	if _, err := w.calls.Do(ctx, outside.Call{Method: http.MethodPost, URL: w.url, Token: w.token, JSON: data}); err != nil {
		return fmt.Errorf("%s at the paging webhook: %w", event.Event, err)
	}
	return nil
}
