package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/evenkeel/evenkeel/internal/message"
)

// Whispered is what one person alone is told of what they have pressed.
type Whispered struct {
	// Channel is where it was pressed, and User who did, by Slack's ids.
	Channel string `json:"channel"`
	User    string `json:"user"`
	// Request is the whole id of what it was about, Text why it did not count.
	Request string `json:"request"`
	Text    string `json:"text"`
}

// Whispers tells one person something in a chat that nobody else sees. It runs on the shared queue.
type Whispers struct {
	// Chat is nil where the configuration has none.
	Chat Chat
}

// Whisper tells a person why a press did not count. It may be repeated: what the person then sees twice, a reload of the
// client takes away. What the chat refuses is NotFound, PermissionDenied or InvalidInput; without a chat it is Unavailable:
// another worker may have one.
func (w *Whispers) Whisper(ctx context.Context, what Whispered) error {
	return Classify(ctx, w.whisper(ctx, what))
}

func (w *Whispers) whisper(ctx context.Context, what Whispered) error {
	if w.Chat == nil {
		return Fail(Unavailable, errors.New("this worker's configuration has no slack"))
	}
	m, err := ChatPost("", message.Uncounted(what.Text, "It was about "+what.Request).Slack()[0])
	if err != nil {
		return err
	}
	if err := w.Chat.PostEphemeral(ctx, ChatPlace{Channel: what.Channel}, what.User, m); err != nil {
		return fmt.Errorf("tell who pressed: %w", err)
	}
	return nil
}
