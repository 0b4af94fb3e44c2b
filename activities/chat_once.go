package activities

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ChatSettle is how long a request that was given up can still take effect, as far as is known: Chat gives up after 8
// seconds, and what was under way then has 5 more.
const ChatSettle = 13 * time.Second

// ChatOnce posts messages exactly once through a Chat that alone cannot: a request whose answer was lost may have
// been carried out, or may be later, after a look-up saw nothing. So whoever tries again waits until that cannot be
// any more, looks, posts only what is not there, and deletes what came late.
type ChatOnce struct {
	Chat Chat
	// Settle is how long to wait after a request that may yet take effect; 0 is ChatSettle.
	Settle time.Duration
}

// ChatAttempt is one try of several at the same message.
type ChatAttempt struct {
	// Number counts from 1. The first one does not look whether the message is there.
	Number int
	// First is when the first one began, by any clock that is right to within 5 minutes.
	First time.Time
}

// Post posts m unless it is there already, and returns where it is. What Chat returns as an error is returned; after
// one that leaves open whether the message was posted, RetryAfter is the time to wait before the next attempt.
//
// An attempt whose worker dies says nothing, and the next one follows when ctx has ended: nothing is posted with less
// than Settle left until then, which is Unavailable and marked with ErrNotSent. So an activity has a start-to-close time
// well above Settle, and no heartbeat, by which the next attempt would come sooner.
func (o ChatOnce) Post(ctx context.Context, a ChatAttempt, to ChatPlace, m ChatMessage) (ChatRef, error) {
	if m.Key == "" {
		return ChatRef{}, Fail(InvalidInput, errors.New("a message that is posted once needs a key"))
	}
	if a.Number > 1 {
		at, _, err := o.Reconcile(ctx, to, m.Key, a.First)
		if err != nil || at.TS != "" {
			return at, err
		}
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) < o.settle() {
		return ChatRef{}, NotSent(Fail(Unavailable, errors.New("too little time is left to post a message")))
	}
	at, err := o.Chat.Post(ctx, to, m)
	if err != nil {
		return ChatRef{}, o.settled(err)
	}
	if a.Number <= 1 {
		return at, nil
	}
	// What an earlier attempt sent may have landed between the look and the post. Then that one stays, and this one goes.
	first, _, err := o.Reconcile(ctx, to, m.Key, a.First)
	if err != nil || first.TS != "" {
		return first, err
	}
	return at, nil
}

// Reconcile deletes all our messages with that key but the earliest, and returns that one and how many were
// deleted. It returns no place where there is no such message. It may be repeated, and is worth it when nobody will
// try to post any more.
func (o ChatOnce) Reconcile(ctx context.Context, in ChatPlace, key string, since time.Time) (kept ChatRef, deleted int, err error) {
	found, err := o.Chat.Find(ctx, in, key, since)
	if err != nil {
		return ChatRef{}, 0, fmt.Errorf("look whether it is posted: %w", err)
	}
	for i, at := range found {
		if i == 0 {
			kept = at
			continue
		}
		switch err := o.Chat.Delete(ctx, at); {
		case err == nil:
			deleted++
		case ClassOf(err) != NotFound: // somebody else may have deleted it
			return ChatRef{}, deleted, fmt.Errorf("delete what is posted twice: %w", err)
		}
	}
	return kept, deleted, nil
}

// settled gives an error that leaves open whether a message was posted the time to wait.
func (o ChatOnce) settled(err error) error {
	if class := ClassOf(err); class != "" && class != Unavailable || errors.Is(err, ErrNotSent) {
		return err
	}
	return &Error{Class: Unavailable, RetryAfter: o.settle(), Err: err}
}

func (o ChatOnce) settle() time.Duration {
	if o.Settle == 0 {
		return ChatSettle
	}
	return o.Settle
}
