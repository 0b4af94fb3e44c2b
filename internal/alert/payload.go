// Package alert is the rules of starts that come from outside: what an Alertmanager or the sender of a hook tells, and
// which runbook that starts. It has no effects.
package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// MaxBytes bounds what one request may bring, in bytes.
const MaxBytes = 1 << 20

// What an alert is.
const (
	Firing   = "firing"
	Resolved = "resolved"
)

// Payload is a notification of an Alertmanager, in the version 4 of its webhook.
type Payload struct {
	// GroupKey is what the alerts were grouped by; for logs.
	GroupKey string
	Alerts   []Alert
	// Truncated is how many more alerts there were than were sent.
	Truncated int
}

// Alert is one alert of a payload.
type Alert struct {
	// Status is Firing or Resolved.
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	// StartsAt is since when it fires. After a restart of Alertmanager the same alert may have another.
	StartsAt time.Time `json:"startsAt"`
	// EndsAt is when it ended, or is taken to have; it may be zero.
	EndsAt time.Time `json:"endsAt"`
	// Fingerprint is the same for the same labels: 16 hexadecimal digits.
	Fingerprint  string `json:"fingerprint"`
	GeneratorURL string `json:"generatorURL"`
}

// Name is the label alertname; empty where there is none.
func (a Alert) Name() string { return a.Labels["alertname"] }

var fingerprint = regexp.MustCompile(`^[0-9a-f]{16}$`)

// ParsePayload reads what an Alertmanager sends. Fields that are not known are allowed, because newer versions have more; those
// that decide are checked. The error says in one line what is wrong.
func ParsePayload(text []byte) (Payload, error) {
	if len(text) > MaxBytes {
		return Payload{}, fmt.Errorf("the payload has %d bytes; it may have %d", len(text), MaxBytes)
	}
	var sent struct {
		Version   string  `json:"version"`
		GroupKey  string  `json:"groupKey"`
		Alerts    []Alert `json:"alerts"`
		Truncated int     `json:"truncatedAlerts"`
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&sent); err != nil {
		return Payload{}, fmt.Errorf("the payload is not what an Alertmanager sends: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Payload{}, errors.New("the payload goes on behind its JSON object")
	}
	switch {
	case sent.Version != "4":
		return Payload{}, fmt.Errorf("version is %s; the version 4 of the webhook is wanted", strictyaml.Quote(sent.Version))
	case len(sent.Alerts) == 0:
		return Payload{}, errors.New("alerts is empty; at least one is wanted")
	case sent.Truncated < 0:
		return Payload{}, fmt.Errorf("truncatedAlerts is %d; 0 or more is wanted", sent.Truncated)
	}
	for i, a := range sent.Alerts {
		if problem := a.problem(); problem != "" {
			return Payload{}, fmt.Errorf("alerts[%d]: %s", i, problem)
		}
	}
	return Payload{GroupKey: sent.GroupKey, Alerts: sent.Alerts, Truncated: sent.Truncated}, nil
}

// problem says what an alert lacks; empty when it has everything that decides.
func (a Alert) problem() string {
	switch {
	case a.Status != Firing && a.Status != Resolved:
		return fmt.Sprintf("status is %s; firing or resolved is wanted", strictyaml.Quote(a.Status))
	case len(a.Labels) == 0:
		return "labels is empty; at least one is wanted"
	case a.StartsAt.IsZero():
		return "startsAt is missing"
	case !fingerprint.MatchString(a.Fingerprint):
		return fmt.Sprintf("fingerprint is %s; 16 hexadecimal digits are wanted", strictyaml.Quote(a.Fingerprint))
	}
	return ""
}
