package activities

import (
	"context"
	"encoding/json"
	"time"
)

// Chat is where people are told and asked things: a Slack workspace. activities/slackapi implements it. Every method
// makes one attempt, gives up after 8 seconds and never waits for a limit to pass.
//
// A refusal is NotFound, PermissionDenied or InvalidInput and will be one again. RateLimited carries how long the
// workspace wants to be left alone. Everything else is Unavailable: it may have taken effect all the same, unless it is
// marked with ErrNotSent. No error repeats the token or what a message says.
type Chat interface {
	// Post posts m, in a thread if to names one. Trying again can post it twice: see ChatOnce.
	Post(ctx context.Context, to ChatPlace, m ChatMessage) (ChatRef, error)
	// Update puts m in the place of a message. A message without blocks loses those that it had.
	Update(ctx context.Context, at ChatRef, m ChatMessage) error
	// PostEphemeral shows m to one user in a channel, as long as that user's client keeps it. It has no key.
	PostEphemeral(ctx context.Context, to ChatPlace, user string, m ChatMessage) error
	// OpenModal shows a form to who made the press that trigger came with. A trigger is good for 3 seconds and for
	// one form; after that it is InvalidInput.
	OpenModal(ctx context.Context, trigger string, m ChatModal) error
	// Find returns our own messages with that key that were posted since then, the earliest first; none is no error.
	// A channel in which more was said since then than can be searched is Unavailable.
	Find(ctx context.Context, in ChatPlace, key string, since time.Time) ([]ChatRef, error)
	// Delete removes one of our own messages.
	Delete(ctx context.Context, at ChatRef) error
	// Members returns the ids of the users of a group, by its id ("S0614TZR7") or its handle ("oncall"). A group that
	// is disabled is NotFound.
	Members(ctx context.Context, group string) ([]string, error)
	// Self says who the token makes us.
	Self(ctx context.Context) (ChatSelf, error)
}

// ChatPlace is where a message goes.
type ChatPlace struct {
	// Channel is an id, "C0123456789".
	Channel string `json:"channel"`
	// Thread is the TS of the message that is answered; empty is the channel itself.
	Thread string `json:"thread,omitempty"`
}

// ChatRef is where a message is.
type ChatRef struct {
	Channel string `json:"channel"`
	// TS is unique in its channel and grows: seconds since 1970 with six decimals, "1764290192.000200".
	TS string `json:"ts"`
}

// ChatMessage is something to post.
type ChatMessage struct {
	// Key tells the message from all others that we post, at most MaxChatKey bytes. Everybody in the workspace can
	// read it.
	Key string `json:"key,omitempty"`
	// Text is what notifications show, and the message itself where there are no blocks: at most 4,000 characters, for
	// a longer one may become several messages. In it &, < and > are written &amp;, &lt; and &gt;.
	Text string `json:"text"`
	// Blocks is a JSON array of Block Kit blocks; empty is none.
	Blocks json.RawMessage `json:"blocks,omitempty"`
}

// MaxChatKey bounds the key of a message, in bytes. The workspace does not say how much it keeps beside a message.
const MaxChatKey = 512

// ChatModal is a form to fill in.
type ChatModal struct {
	// Title, Submit and Close are plain text of at most 24 characters.
	Title  string `json:"title"`
	Submit string `json:"submit,omitempty"`
	Close  string `json:"close,omitempty"`
	// CallbackID says what the form is, and State goes with it and comes back: at most 3,000 characters.
	CallbackID string `json:"callback_id"`
	State      string `json:"state,omitempty"`
	// Blocks is a JSON array of Block Kit blocks.
	Blocks json.RawMessage `json:"blocks"`
}

// ChatSelf is who a token makes us.
type ChatSelf struct {
	TeamID string `json:"team_id"`
	UserID string `json:"user_id"`
	// BotID stands at every message that we post.
	BotID string `json:"bot_id"`
	// Scopes are what the token may do, "chat:write".
	Scopes []string `json:"scopes"`
}
