package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
)

// Messenger tells people something.
type Messenger interface {
	// Send tells people of n. It may be called again for the same one: that is told once.
	Send(ctx context.Context, n Notice) error
}

// Notice is something to tell people. WorkflowID, RunID and Number tell it from all others.
type Notice struct {
	WorkflowID string    `json:"workflow_id"`
	RunID      string    `json:"run_id"`
	Number     int       `json:"number"`
	At         time.Time `json:"at"`
	Subject    string    `json:"subject"`
	request.Notification
}

// Messages tells people what runs have to say. It runs on the shared queue.
type Messages struct {
	Messenger Messenger
}

// Notify tells people something. It may be repeated.
func (m *Messages) Notify(ctx context.Context, n Notice) error {
	return Classify(ctx, m.Messenger.Send(ctx, n))
}

// LedgerMessenger writes what people are to be told into the ledger, and tells nobody: it is what there is while no
// other messenger is configured.
type LedgerMessenger struct {
	Ledger Ledger
}

// NotificationKind is the kind of the ledger's entries about what people are told.
const NotificationKind = "notification"

// told are the reasons for which a notice is an entry: the others are what the entries about answers say.
var told = []string{"notify", "opened", "reminded", "escalated", "expired"}

// Send appends the notice.
func (m LedgerMessenger) Send(ctx context.Context, n Notice) error {
	if !slices.Contains(told, n.About) {
		return nil
	}
	n.Asked, n.By, n.Reason, n.Host, n.Project, n.Severity = nil, "", "", "", "", "" // the ledger has them in other entries
	data, err := canonical(n.Notification)
	if err != nil {
		return Fail(InvalidInput, fmt.Errorf("notice of %s: %w", n.Step, err))
	}
	_, err = m.Ledger.Append(ctx, ledger.Draft{
		Key: fmt.Sprintf("%s/%s/notice.%d", n.WorkflowID, n.RunID, n.Number), At: n.At.UTC().Format(time.RFC3339), Kind: NotificationKind,
		Subject: n.Subject, WorkflowID: n.WorkflowID, RunID: n.RunID, Data: data,
	})
	return err
}
