package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/internal/ledger"
)

// tell appends an entry about the run that asks, of a kind that hosts alone write; actor may be empty. It is not the first
// where the ledger has one of that key.
func (p *People) tell(ctx context.Context, key, kind, actor string, at time.Time, data any) (first bool, err error) {
	text, err := canonical(data)
	if err != nil {
		return false, Fail(InvalidInput, fmt.Errorf("ledger entry %s: %w", kind, err))
	}
	run := activity.GetInfo(ctx).WorkflowExecution
	return p.Ledger.AppendFirst(ctx, ledger.Draft{
		Key: key, At: at.UTC().Format(time.RFC3339), Kind: kind, Subject: run.ID, Actor: actor, WorkflowID: run.ID, RunID: run.RunID, Data: text,
	})
}

// entry is the one with that key, where it has that kind; nil where there is none.
func (p *People) entry(ctx context.Context, key, kind string) (*ledger.Entry, error) {
	found, err := p.Ledger.Read(ctx, ledger.Filter{KeyPrefix: key, Kind: kind, Limit: 1})
	if err != nil || len(found) == 0 || found[0].Key != key {
		return nil, err
	}
	return &found[0], nil
}

// said is what an entry says, and when that was.
func said[T any](e ledger.Entry) (data T, at time.Time, err error) {
	if err = json.Unmarshal([]byte(e.Data), &data); err == nil {
		at, err = time.Parse(time.RFC3339, e.At)
	}
	if err != nil {
		err = Fail(PreconditionFailed, fmt.Errorf("the ledger's entry %s: %w", e.Key, err))
	}
	return data, at, err
}
