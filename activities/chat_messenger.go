package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/message"
)

// ChatMessenger tells people in a chat, behind an entry in the ledger: a request is one message that shows how it
// stands, with what happens to it in its thread.
type ChatMessenger struct {
	Ledger LedgerMessenger
	Once   ChatOnce
	// Channel is the id of the channel for a severity, empty for none, and for groups.
	Channel func(severity string, groups []string) string
	// Zone is what times are shown in; nil is UTC.
	Zone *time.Location
	// Attempt says which attempt at the notice this is; nil asks the activity.
	Attempt func(context.Context) ChatAttempt
}

// reconciled is how often a look for twins is tried: one that nobody finds has buttons, but none that answers.
const reconciled = 5

// Send tells people of n. What the chat refuses for good is NotFound, PermissionDenied or InvalidInput; so is a request
// that is not what its Shown says, which no button would answer. All else may be tried again.
func (m ChatMessenger) Send(ctx context.Context, n Notice) (Told, error) {
	if err := m.Ledger.keep(ctx, n); err != nil || n.Chat == nil {
		return Told{}, err
	}
	if r := n.Asked; r != nil && (r.ID != n.Request || r.Shown != r.ShownSHA256()) {
		return Told{}, Fail(InvalidInput, fmt.Errorf("the request %s is not the one that was opened", n.Request))
	}
	s := sending{ChatMessenger: m, notice: n, ask: askOf(n, m.Zone), told: Told{Parent: n.Chat.Parent}, attempt: m.attempt(ctx)}
	err := s.send(ctx)
	if s.fresh || ClassOf(err) != NotFound {
		return s.told, err
	}
	return Told{Gone: true}, nil
}

func (m ChatMessenger) attempt(ctx context.Context) ChatAttempt {
	if m.Attempt != nil {
		return m.Attempt(ctx)
	}
	return ChatAttempt{Number: int(Attempt(ctx)), First: Since(ctx)}
}

// sending is one attempt at a notice.
type sending struct {
	ChatMessenger
	notice  Notice
	ask     message.Ask
	told    Told
	attempt ChatAttempt
	// fresh says that the message about the request is posted by this notice.
	fresh bool
}

func (s *sending) send(ctx context.Context) error {
	n := s.notice
	s.fresh = s.told.Parent.TS == ""
	if s.fresh && n.Chat.Tried {
		s.attempt = ChatAttempt{Number: s.attempt.Number + 1, First: s.ask.Request.Opened}
	}
	if s.fresh {
		if err := s.begin(ctx, aboutNotice(n, s.ask).Slack()); err != nil {
			return err
		}
	}
	if n.Chat.Update && (!s.fresh || n.Chat.Tried) { // what was tried may have been posted as things stood then

		if err := s.change(ctx, aboutNotice(n, s.ask).Slack()); err != nil {
			return err
		}
	}
	if m, ok := newsOf(n, s.ask); ok {
		if err := s.thread(ctx, fmt.Sprintf("n%d", n.Number), m.Slack()); err != nil {
			return err
		}
	}
	if n.Outcome() == "" {
		return nil
	}
	return s.reconcile(ctx)
}

// begin posts the message, and what does not fit into it in its thread.
func (s *sending) begin(ctx context.Context, posts []message.Post) error {
	at, err := s.post(ctx, ChatPlace{Channel: s.Channel(s.notice.Severity, s.notice.Groups)}, s.key("m"), posts[0])
	if err != nil {
		return err
	}
	s.told.Parent = at
	return s.thread(ctx, "p", posts[1:])
}

// change puts the message in the place of the one that is there. Of what does not fit into it, only what is new is
// posted, and only once the request is closed: until then replies say it.
func (s *sending) change(ctx context.Context, posts []message.Post) error {
	m, err := ChatPost(s.key("m"), posts[0])
	if err != nil {
		return err
	}
	if err := s.Once.Chat.Update(ctx, s.told.Parent, m); err != nil || s.notice.Outcome() == "" {
		return err
	}
	var there []string
	for _, p := range message.Asked(s.ask).Slack()[1:] {
		there = append(there, body(p))
	}
	return s.thread(ctx, "c", slices.DeleteFunc(posts[1:], func(p message.Post) bool { return slices.Contains(there, body(p)) }))
}

// thread posts a message of several parts in the thread.
func (s *sending) thread(ctx context.Context, what string, posts []message.Post) error {
	for i, p := range posts {
		if _, err := s.post(ctx, ChatPlace{Channel: s.told.Parent.Channel, Thread: s.told.Parent.TS}, s.key(fmt.Sprintf("%s.%d", what, i+1)), p); err != nil {
			return err
		}
	}
	return nil
}

func (s *sending) post(ctx context.Context, to ChatPlace, key string, p message.Post) (ChatRef, error) {
	m, err := ChatPost(key, p)
	if err != nil {
		return ChatRef{}, err
	}
	at, err := s.Once.Post(ctx, s.attempt, to, m)
	if err == nil && s.attempt.Number > 1 {
		s.told.Doubtful = append(s.told.Doubtful, ChatKey{Key: key, Thread: to.Thread != ""})
	}
	return at, err
}

// reconcile deletes what is there twice, once nothing more will be posted.
func (s *sending) reconcile(ctx context.Context) error {
	at := s.told.Parent
	for _, d := range slices.Concat(s.notice.Chat.Doubtful, s.told.Doubtful) {
		in := ChatPlace{Channel: at.Channel}
		if d.Thread {
			in.Thread = at.TS
		}
		if _, _, err := s.Once.Reconcile(ctx, in, d.Key, s.ask.Request.Opened); err != nil && !Final(err) && s.attempt.Number < reconciled {
			return err
		}
	}
	return nil
}
