package activities

import (
	"context"

	"github.com/evenkeel/evenkeel/internal/message"
)

// ChatWebhook posts messages into a chat that gives nothing back: no buttons, no place of the message.
// activities/webhook implements it.
type ChatWebhook interface {
	// Post posts the parts of a message from the one with that number on, 0 at first, each in one attempt of at most 8
	// seconds. It returns the number of the first part that is not posted, which is where another attempt goes on.
	//
	// A refusal is NotFound, PermissionDenied, InvalidInput or PreconditionFailed and will be one again. RateLimited
	// carries how long the service wants to be left alone. Everything else is Unavailable: the part may have been posted
	// all the same, and another attempt may post it twice, unless the error is marked with ErrNotSent. No error repeats
	// the address or the message.
	Post(ctx context.Context, m message.Message, from int) (next int, err error)
}
