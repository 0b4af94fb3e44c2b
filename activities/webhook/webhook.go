// Package webhook posts messages to the incoming webhooks of Mattermost, Discord and Microsoft Teams.
package webhook

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/outside"
	"github.com/evenkeel/evenkeel/internal/message"
)

const within = 8 * time.Second

// Webhook is one channel of a chat. It implements activities.ChatWebhook.
type Webhook struct {
	target message.Target
	url    string
	calls  *outside.Client
}

// New returns the webhook of that kind at an address, which is a secret. It calls nobody yet.
func New(kind message.Target, url string) *Webhook {
	return &Webhook{target: kind, url: url, calls: outside.New(within)}
}

// Post posts the parts of a message from the one with that number on.
func (w *Webhook) Post(ctx context.Context, m message.Message, from int) (next int, err error) {
	bodies := m.Webhook(w.target)
	if from < 0 {
		return 0, activities.NotSent(activities.Fail(activities.InvalidInput, fmt.Errorf("a message has no part %d", from)))
	}
	for next = from; next < len(bodies); next++ {
		if _, err := w.calls.Do(ctx, outside.Call{Method: http.MethodPost, URL: w.url, JSON: bodies[next]}); err != nil {
			return next, fmt.Errorf("the webhook of %s: %w", w.target, err)
		}
	}
	return next, nil
}
