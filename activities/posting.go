package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/internal/message"
)

// PostNotice posts a notice into the chat that gives nothing back. An attempt goes on where the last one has ended: a part
// that it may or may not have posted is posted again.
func (m *Messages) PostNotice(ctx context.Context, n Notice) error {
	if m.Webhook == nil {
		return Classify(ctx, Fail(Unavailable, errors.New("this worker's configuration has no chat_webhook")))
	}
	from := 0
	if activity.HasHeartbeatDetails(ctx) {
		_ = activity.GetHeartbeatDetails(ctx, &from) // else all of it is posted once more
	}
	next, err := m.Webhook.Post(ctx, m.post(n), from)
	activity.RecordHeartbeat(ctx, next)
	return Classify(ctx, err)
}

// post is what the chat is told: all of a request when it is opened and when it is closed, and else what is new.
func (m *Messages) post(n Notice) message.Message {
	a := askOf(n, m.Zone)
	said, ok := newsOf(n, a)
	if !ok {
		said = aboutNotice(n, a)
	}
	said.Buttons = nil
	if n.Asked != nil && n.Outcome() == "" {
		said.Sections = append(said.Sections, message.Section{Facts: []message.Fact{{Name: "answer with", Value: answerBy(n)}}})
	}
	return said
}
