package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/evenkeel/evenkeel/internal/message"
)

// PageNotice tells the pager what a notice means to who is on call. A request is an alert of its own: it is triggered when it
// is opened and when it is escalated, acknowledged when somebody has answered and more must, and resolved when it is closed.
// One that nobody has answered in time is triggered once more and stays open, and so does what a step of a run has to say,
// which is one alert per run: nobody but a person knows when that is over. It may be repeated.
func (m *Messages) PageNotice(ctx context.Context, n Notice) error {
	if m.Pager == nil {
		return Classify(ctx, Fail(Unavailable, errors.New("this worker's configuration has no paging")))
	}
	var err error
	switch key := pageKey(n); {
	case pages(n):
		err = m.Pager.Trigger(ctx, m.page(n, key))
	case n.Outcome() != "":
		err = m.Pager.Resolve(ctx, key)
	case n.By != "":
		err = m.Pager.Acknowledge(ctx, key)
	}
	return Classify(ctx, err)
}

// pages says whether a notice wakes somebody up.
func pages(n Notice) bool {
	switch n.About {
	case "notify", "opened", "escalated", "expired":
		return true
	}
	return false
}

// pageKey tells the alert of a notice from all others.
func pageKey(n Notice) string {
	key := cmp.Or(n.Request, n.WorkflowID+"@"+n.RunID)
	if CheckDedupKey(key) != nil {
		sum := sha256.Sum256([]byte(key))
		return hex.EncodeToString(sum[:])
	}
	return key
}

// page is the notice as an alert.
func (m *Messages) page(n Notice, key string) Page {
	shown := aboutNotice(n, askOf(n, m.Zone))
	details := map[string]string{"run": n.WorkflowID, "for": n.To()}
	if n.Asked != nil {
		details["answer"] = answerBy(n)
	}
	return Page{DedupKey: key, Severity: n.Severity, Summary: message.Page(shown), Source: cmp.Or(n.Host, "evenkeel"), Details: details}
}

// answerBy is the command by which somebody answers the request of a notice.
func answerBy(n Notice) string {
	if n.Asked.Kind.Yes() == "" {
		return "starter runbook status " + n.WorkflowID
	}
	return "starter gate approve " + n.Asked.Short()
}
