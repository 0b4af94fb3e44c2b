package pager

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/outside"
)

// Duty speaks PagerDuty's Events API v2. It implements activities.Pager.
type Duty struct {
	url, key string
	calls    *outside.Client
}

// NewDuty returns the service that a routing key belongs to, at the base address of the API, such as
// https://events.pagerduty.com. It calls nobody yet.
func NewDuty(url, routingKey string) *Duty {
	return &Duty{url: strings.TrimRight(url, "/") + "/v2/enqueue", key: routingKey, calls: outside.New(within)}
}

// severities are PagerDuty's words for ours.
var severities = map[string]string{"Sev1": "critical", "Sev2": "error", "Sev3": "warning", "Sev4": "info"}

// dutyEvent is an event as PagerDuty takes it.
type dutyEvent struct {
	Key      string       `json:"routing_key"`
	Action   string       `json:"event_action"`
	DedupKey string       `json:"dedup_key"`
	Client   string       `json:"client,omitempty"`
	Payload  *dutyPayload `json:"payload,omitempty"`
	Links    []dutyLink   `json:"links,omitempty"`
}

type dutyPayload struct {
	Summary  string            `json:"summary"`
	Source   string            `json:"source"`
	Severity string            `json:"severity"`
	Details  map[string]string `json:"custom_details,omitempty"`
}

type dutyLink struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// Trigger opens an alert, or says again that it is open.
func (d *Duty) Trigger(ctx context.Context, p activities.Page) error {
	if err := p.Check(); err != nil {
		return activities.NotSent(err)
	}
	event := dutyEvent{
		Action: trigger, DedupKey: p.DedupKey, Client: "evenkeel",
		Payload: &dutyPayload{Summary: p.Summary, Source: p.Source, Severity: severities[p.Severity], Details: p.Details},
	}
	if p.Link != "" {
		event.Links = []dutyLink{{Href: p.Link, Text: "Open in evenkeel"}}
	}
	return d.send(ctx, event)
}

// Acknowledge says that somebody takes care of an alert.
func (d *Duty) Acknowledge(ctx context.Context, dedupKey string) error {
	return d.send(ctx, dutyEvent{Action: acknowledge, DedupKey: dedupKey})
}

// Resolve closes an alert.
func (d *Duty) Resolve(ctx context.Context, dedupKey string) error {
	return d.send(ctx, dutyEvent{Action: resolve, DedupKey: dedupKey})
}

// send sends an event. Only 202 says that PagerDuty has it: another success is somebody else's, such as a proxy's.
func (d *Duty) send(ctx context.Context, event dutyEvent) error {
	if err := activities.CheckDedupKey(event.DedupKey); err != nil {
		return activities.NotSent(err)
	}
	event.Key = d.key
	data, err := body(event)
	if err != nil {
		return activities.NotSent(err)
	}
	status, err := d.calls.Do(ctx, outside.Call{Method: http.MethodPost, URL: d.url, JSON: data})
	switch {
	case err != nil:
		return fmt.Errorf("%s at PagerDuty: %w", event.Action, err)
	case status != http.StatusAccepted:
		return activities.Fail(activities.Unavailable, fmt.Errorf("%s at PagerDuty: the service answers %d, and PagerDuty would answer 202", event.Action, status))
	}
	return nil
}
