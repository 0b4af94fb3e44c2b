package activities

import (
	"context"
	"time"

	"github.com/evenkeel/evenkeel/internal/ledger"
)

// Ledger is the audit ledger. activities/ledger implements it.
type Ledger interface {
	// Append adds an entry; the same key with the same content again is the same entry, with other
	// content it is Conflict. A ledger that was tampered with is PreconditionFailed.
	Append(ctx context.Context, d ledger.Draft) (ledger.Entry, error)
	// AppendFirst adds an entry where none has its key; first says whether it did. An entry that has it stays,
	// whatever it says.
	AppendFirst(ctx context.Context, d ledger.Draft) (first bool, err error)
	// AppendUnless adds an entry where none has its key, unless refuse has something against it. That is given the
	// entries of the same kind and subject from since on, while nobody else can append; why is what it said.
	AppendUnless(ctx context.Context, d ledger.Draft, since time.Time, refuse func([]ledger.Entry) string) (why string, err error)
	// Read returns a page of at most ledger.PageBytes; only an empty one is the end.
	Read(ctx context.Context, f ledger.Filter) ([]ledger.Entry, error)
	// Verify looks at the whole ledger. What is wrong with it is in the report.
	Verify(ctx context.Context) (ledger.Report, error)
}

// Records keeps what must be remembered longer than Temporal does. It runs on the shared queue.
type Records struct {
	Ledger Ledger
	// Asked says when an activity was asked for, by the clock of whoever gives it out: Since.
	Asked func(context.Context) time.Time
}

// ReadEntries returns one page of entries, small enough for a history.
func (r *Records) ReadEntries(ctx context.Context, f ledger.Filter) ([]ledger.Entry, error) {
	page, err := r.Ledger.Read(ctx, f)
	return page, Classify(ctx, err)
}

// VerifyLedger verifies the whole ledger against the anchor of the host that runs it.
func (r *Records) VerifyLedger(ctx context.Context) (ledger.Report, error) {
	report, err := r.Ledger.Verify(ctx)
	return report, Classify(ctx, err)
}
