package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
)

// UsedStatementData is the data of a ledger entry statement.used.
type UsedStatementData struct {
	// RunID is the run that it has started.
	RunID     string         `json:"run_id"`
	Statement string         `json:"statement"`
	Proof     identity.Proof `json:"proof"`
}

// UseStart uses up what a person has signed to start the run that asks, and returns what that person may do. It may be
// repeated in the same run. A word that has started another run, and a person who may not start one, is PermissionDenied;
// what proves nobody is not used up. It runs on the queue of the host, whose clock and configuration decide.
func (p *People) UseStart(ctx context.Context, who Starter) (Standing, error) {
	defer Heartbeat(ctx)()
	standing, err := p.useStart(ctx, who)
	return standing, Classify(ctx, err)
}

func (p *People) useStart(ctx context.Context, who Starter) (Standing, error) {
	run, now := activity.GetInfo(ctx).WorkflowExecution, p.Asked(ctx)
	if who.Word == nil || who.Word.Statement.Run != run.ID {
		return Standing{}, Fail(InvalidInput, errors.New("no word is there that starts the run "+run.ID))
	}
	word := *who.Word
	word.Namespace = identity.StartNamespace
	word.Statement.Cluster, word.Statement.Do, word.Statement.Host, word.Statement.RunID = p.Cluster, identity.Start, p.Host, ""
	who.Word = &word
	text, err := word.Statement.Text()
	if err != nil {
		return Standing{}, Fail(InvalidInput, err)
	}
	used, err := p.used(ctx, text)
	if err == nil && used == nil {
		var other *ledger.Entry
		if other, err = p.startOf(ctx, run.ID, run.RunID); err == nil && other != nil {
			err = Fail(PermissionDenied, errors.New("another word has started this run"))
		}
	}
	switch {
	case err != nil:
		return Standing{}, err
	case used != nil && (used.WorkflowID != run.ID || used.RunID != run.RunID):
		return Standing{}, Fail(PermissionDenied, errors.New("the word that started it has started another run, and counts once"))
	case used != nil: // by an attempt before, which may have been long ago
		if now, err = time.Parse(time.RFC3339, used.At); err != nil {
			return Standing{}, err
		}
	}
	standing, err := p.mayStart(ctx, who, now)
	if err != nil || standing.Proof == nil || used != nil {
		return standing, err
	}
	data := UsedStatementData{RunID: run.RunID, Statement: standing.Statement, Proof: *standing.Proof}
	first, err := p.tell(ctx, identity.UsedKey(text), identity.UsedKind, who.Name, now, data)
	if err == nil && !first {
		err = Fail(Unavailable, errors.New("the word is being used up by somebody else; it is looked at again"))
	}
	return standing, err
}

// used is the entry by which a statement was used up; nil where it was not.
func (p *People) used(ctx context.Context, text string) (*ledger.Entry, error) {
	return p.entry(ctx, identity.UsedKey(text), identity.UsedKind)
}

// startsOfRun bounds how many starts of one workflow id are looked through, the newest first.
const startsOfRun = 100

// startOf is the entry by which the word was used up that started a run: the first, where there are several. It is nil where
// nobody is proven to have started it.
func (p *People) startOf(ctx context.Context, run, runID string) (first *ledger.Entry, err error) {
	all, err := p.Ledger.Read(ctx, ledger.Filter{Kind: identity.UsedKind, Subject: run, NewestFirst: true, Limit: startsOfRun})
	for i := range all {
		if all[i].WorkflowID == run && all[i].RunID == runID {
			first = &all[i]
		}
	}
	return first, err
}
