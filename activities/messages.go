package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
)

// Messenger tells people something.
type Messenger interface {
	// Send tells people of n. It may be called again for the same one: that is told once. A notice for a chat where
	// there is none is Unavailable: another worker may have one.
	Send(ctx context.Context, n Notice) (Told, error)
}

// Notice is something to tell people. WorkflowID, RunID and Number tell it from all others.
type Notice struct {
	WorkflowID string    `json:"workflow_id"`
	RunID      string    `json:"run_id"`
	Number     int       `json:"number"`
	At         time.Time `json:"at"`
	Subject    string    `json:"subject"`
	// Channels are where people are told of it.
	Channels Channels `json:"channels,omitzero"`
	// Chat is where the messages about it are; nil goes to the ledger alone.
	Chat *ChatThread `json:"chat,omitempty"`
	request.Notification
}

// ChatThread is how far people have been told of one request in a chat.
type ChatThread struct {
	// Parent is the message about the request; without a TS there is none yet.
	Parent ChatRef `json:"parent,omitzero"`
	// Tried says that an earlier notice may have posted it without hearing of it.
	Tried bool `json:"tried,omitempty"`
	// Generation is how often the message had to be posted anew.
	Generation int `json:"generation,omitempty"`
	// Update says that the message is to show how the request now stands. Without it a newer notice does that.
	Update bool `json:"update,omitempty"`
	// Doubtful are the keys of messages that may be there twice.
	Doubtful []ChatKey `json:"doubtful,omitempty"`
}

// ChatKey is the key of a message, and whether it is in the thread.
type ChatKey struct {
	Key    string `json:"key"`
	Thread bool   `json:"thread,omitempty"`
}

// Told is what became of a notice.
type Told struct {
	// Parent is the message that the notice is in, or that it is about; empty where only the ledger was told.
	Parent ChatRef `json:"parent,omitzero"`
	// Gone says that somebody has deleted that message, so that nothing was told.
	Gone bool `json:"gone,omitempty"`
	// Doubtful are the keys of messages that it took several attempts to post: a late twin may yet come.
	Doubtful []ChatKey `json:"doubtful,omitempty"`
}

// Messages tells people what runs have to say. It runs on the shared queue. A channel that this worker does not have is
// Unavailable: another one may have it.
type Messages struct {
	Messenger Messenger
	// Pager and Webhook are nil where there is none.
	Pager   Pager
	Webhook ChatWebhook
	// Zone is what times are shown in; nil is UTC.
	Zone *time.Location
}

// Notify tells people something. It may be repeated.
func (m *Messages) Notify(ctx context.Context, n Notice) (Told, error) {
	told, err := m.Messenger.Send(ctx, n)
	return told, Classify(ctx, err)
}

// LedgerMessenger writes what people are to be told into the ledger, and tells nobody: it is what there is while no
// chat is configured.
type LedgerMessenger struct {
	Ledger Ledger
}

// NotificationKind is the kind of the ledger's entries about what people are told.
const NotificationKind = "notification"

// told are the reasons for which a notice is an entry: the others are what the entries about answers say.
var told = []string{"notify", "opened", "reminded", "escalated", "expired"}

// Send appends the notice. One for a chat is then Unavailable.
func (m LedgerMessenger) Send(ctx context.Context, n Notice) (Told, error) {
	if err := m.keep(ctx, n); err != nil {
		return Told{}, err
	}
	if n.Chat != nil {
		return Told{}, Fail(Unavailable, errors.New("this worker's configuration has no slack"))
	}
	return Told{}, nil
}

// keep appends the notice, unless other entries say as much.
func (m LedgerMessenger) keep(ctx context.Context, n Notice) error {
	if !slices.Contains(told, n.About) {
		return nil
	}
	n.Notification = request.Notification{ // the rest is in other entries
		Runbook: n.Runbook, Step: n.Step, Groups: n.Groups, Message: n.Message, About: n.About, Request: n.Request,
	}
	data, err := canonical(n.Notification)
	if err != nil {
		return Fail(InvalidInput, fmt.Errorf("notice of %s: %w", n.Step, err))
	}
	draft := ledger.Draft{
		Key: fmt.Sprintf("%s/%s/notice.%d", n.WorkflowID, n.RunID, n.Number), At: n.At.UTC().Format(time.RFC3339), Kind: NotificationKind,
		Subject: n.Subject, WorkflowID: n.WorkflowID, RunID: n.RunID, Data: data,
	}
	if fault := draft.Check(); fault != nil { // that it was said is kept all the same
		if draft.Data, err = canonical(notKept{fault.Error()}); err != nil {
			return err
		}
	}
	// That the key has an entry already keeps nobody from being told: whoever owns the namespace could write one.
	_, err = m.Ledger.AppendFirst(ctx, draft)
	return err
}
