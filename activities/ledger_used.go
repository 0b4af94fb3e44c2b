package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
)

// UsedStatement is a statement that starts a run.
type UsedStatement struct {
	WorkflowID string            `json:"workflow_id"`
	Subject    string            `json:"subject"`
	RunID      string            `json:"run_id"`
	At         time.Time         `json:"at"`
	By         string            `json:"by"`
	Data       UsedStatementData `json:"data"`
}

// UsedStatementData is the data of a ledger entry statement.used.
type UsedStatementData struct {
	// RunID is the run that it has started: another one is a Conflict.
	RunID     string         `json:"run_id"`
	Statement string         `json:"statement"`
	Proof     identity.Proof `json:"proof"`
}

// UseStatement uses a statement up. It may be repeated for the same run; for another it is PermissionDenied.
func (r *Records) UseStatement(ctx context.Context, used UsedStatement) error {
	if err := ofItself(ctx, used.WorkflowID); err != nil {
		return Classify(ctx, err)
	}
	return Classify(ctx, useStatement(ctx, r.Ledger, used))
}

func useStatement(ctx context.Context, book Ledger, used UsedStatement) error {
	text, err := canonical(used.Data)
	if err != nil {
		return Fail(InvalidInput, fmt.Errorf("ledger entry %s: %w", identity.UsedKind, err))
	}
	_, err = book.Append(ctx, ledger.Draft{
		Key: identity.UsedKey(used.Data.Statement), At: used.At.UTC().Format(time.RFC3339), Kind: identity.UsedKind, Subject: used.Subject, Actor: used.By,
		WorkflowID: used.WorkflowID, RunID: used.RunID, Data: text,
	})
	if ClassOf(err) == Conflict {
		return Fail(PermissionDenied, errors.New("the word that started it has started another run, and counts once"))
	}
	return err
}
