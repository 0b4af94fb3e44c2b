package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// KeptKinds are the kinds of all entries that Keep keeps. Each is a name of it: the Web UI shows a local activity by
// its name.
var KeptKinds = slices.Concat(request.EntryKinds, runbook.Kinds)

// KeepRequest are a run's entries for the ledger, and expressions to evaluate once they are kept.
type KeepRequest struct {
	WorkflowID string          `json:"workflow_id"`
	RunID      string          `json:"run_id"`
	At         time.Time       `json:"at"`
	Records    []ledger.Record `json:"records,omitempty"`
	Items      []runbook.Item  `json:"items,omitempty"`
}

// Kept is what was evaluated, and the run that it was for.
type Kept struct {
	Results map[string]runbook.ItemResult `json:"results,omitempty"`
	// Suppressed says that the quota of an entry is used up: neither that nor what came behind it was kept.
	Suppressed *runbook.Suppression `json:"suppressed,omitempty"`
	RunID      string               `json:"run_id"`
}

// Keep appends to the ledger and then evaluates. It is used as a local activity: both are short, and a step then costs
// one event for them. As KeepLater it is an ordinary one, for when the ledger was away: the same entries under the same
// keys.
func (r *Records) Keep(ctx context.Context, req KeepRequest) (Kept, error) {
	for _, rec := range req.Records {
		if err := r.ofRun(ctx, req.WorkflowID, req.RunID, rec.Kind, req.At); err != nil {
			return Kept{}, Classify(ctx, err)
		}
		data, err := canonical(rec.Data)
		if err != nil {
			return Kept{}, Classify(ctx, Fail(InvalidInput, fmt.Errorf("ledger entry %s: %w", rec.Event, err)))
		}
		// A workflow task whose worker died is done again, a moment later and so with other times in it. What it told
		// the ledger then stands: the key says which decision of the run it is. Its form is documented, and with another
		// one the entry would be there twice.
		draft := ledger.Draft{
			Key: req.WorkflowID + "/" + req.RunID + "/" + rec.Event, At: req.At.UTC().Format(time.RFC3339), Kind: rec.Kind,
			Subject: rec.Subject, Actor: rec.Actor, WorkflowID: req.WorkflowID, RunID: req.RunID, Data: data,
		}
		if fault := draft.Check(); fault != nil { // that it happened is kept all the same
			if draft.Data, err = canonical(notKept{fault.Error()}); err != nil {
				return Kept{}, Classify(ctx, err)
			}
		}
		if rec.Quota != nil {
			suppressed, err := r.withinQuota(ctx, draft, *rec.Quota, req.At)
			if err != nil || suppressed != nil {
				return Kept{Suppressed: suppressed, RunID: runID(ctx)}, Classify(ctx, err)
			}
			continue
		}
		if _, err = r.Ledger.AppendFirst(ctx, draft); err != nil {
			return Kept{}, Classify(ctx, err)
		}
	}
	return Kept{Results: runbook.Evaluate(req.Items, req.At), RunID: runID(ctx)}, nil
}

// ofRun refuses entries of another workflow than the one that asks, and kinds that are not for runs to keep: a worker
// itself says which definitions and keys its host has.
func (r *Records) ofRun(ctx context.Context, id, run, kind string, at time.Time) error {
	if err := r.ofItself(ctx, id, run, at); err != nil {
		return err
	}
	if !slices.Contains(KeptKinds, kind) {
		return Fail(PermissionDenied, fmt.Errorf("no run keeps entries of the kind %s", kind))
	}
	return nil
}

// backdated is how much older than its keeping an entry may be, beside what clocks are apart: a run waits a day for a
// ledger that is away.
const backdated = LedgerWait + identity.MaxApart

// LedgerWait is how long a run waits for the ledger.
const LedgerWait = 24 * time.Hour

// ofItself refuses what one workflow has to say of another, and what it says to have happened at a time at which it cannot.
// A run is one by its id: what is no such id could make the key of another workflow's entry. It need not be the one that
// asks, which may have been reset since.
func (r *Records) ofItself(ctx context.Context, id, run string, at time.Time) error {
	if !activity.IsActivity(ctx) {
		return nil
	}
	own, now := activity.GetInfo(ctx).WorkflowExecution, r.Asked(ctx)
	switch {
	case own.ID != id:
		return Fail(PermissionDenied, fmt.Errorf("a run tells the ledger of itself, and not of %s", id))
	case own.RunID != run && uuid.Validate(run) != nil:
		return Fail(PermissionDenied, fmt.Errorf("%s is no id of a run", run))
	case at.Sub(now) > identity.MaxApart || now.Sub(at) > backdated:
		return Fail(PermissionDenied, fmt.Errorf("nothing that a run tells happens at %s, when it is %s", at.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)))
	}
	return nil
}

// withinQuota keeps an entry unless there are as many already as there may be.
func (r *Records) withinQuota(ctx context.Context, draft ledger.Draft, q ledger.Quota, now time.Time) (*runbook.Suppression, error) {
	triggers := runbook.Triggers{CooldownSeconds: q.CooldownSeconds, Breaker: runbook.Breaker{MaxRuns: q.Max, WindowSeconds: q.WindowSeconds}}
	var s runbook.Suppression
	why, err := r.Ledger.AppendUnless(ctx, draft, now.Add(-triggers.Remembered()), func(before []ledger.Entry) string {
		var past []time.Time
		for _, e := range before {
			at, err := time.Parse(time.RFC3339Nano, e.At)
			own := e.WorkflowID == draft.WorkflowID && !at.Before(q.Started.Truncate(time.Second))
			if err == nil && !own { // a chain that holds has no other times
				past = append(past, at)
			}
		}
		s = runbook.Suppress(triggers, past, now)
		return s.Reason
	})
	if err != nil || why == "" {
		return nil, err
	}
	return &s, nil
}

// notKept is the data of an entry whose own data the ledger does not take, such as what is too long for it.
type notKept struct {
	Why string `json:"not_kept"`
}

// canonical is data as JSON with sorted keys. An ordinary activity gets a map of what a local one gets as it is, and
// both must make the same bytes.
func canonical(data any) (string, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return "", err
	}
	var plain any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&plain); err != nil {
		return "", err
	}
	text, err = json.Marshal(plain)
	return string(text), err
}
