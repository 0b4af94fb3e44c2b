package cli

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

const (
	wipeRun     = "runbook/gpu-1/shop/wipe"
	wipeRunID   = "0199-0123abcd"
	wipeRequest = wipeRun + ":sure.1@0123abcd"
)

// heard is a genuine word with the entry that keeps it.
type heard struct {
	entry     ledger.Entry
	namespace string
	statement identity.Statement
	// data makes the entry's data of what was signed.
	data func(text string, p *identity.Proof) any
}

func heardWords() map[string]heard {
	entry := func(kind string) ledger.Entry {
		return ledger.Entry{Seq: 2, Kind: kind, Actor: "anna@gpu-1", WorkflowID: wipeRun, RunID: wipeRunID}
	}
	statement := identity.Statement{Do: request.Approve, Who: "anna@gpu-1", Run: wipeRun, RunID: wipeRunID, Request: wipeRequest, Plan: planSHA256}
	word := func(kind request.Kind) func(string, *identity.Proof) any {
		return func(text string, p *identity.Proof) any {
			return request.Word{Request: wipeRequest, Asks: kind, Step: "sure", Decision: request.Approve, PlanSHA256: planSHA256, Statement: text, Proof: p}
		}
	}
	order := func(o runbook.Ordered) func(string, *identity.Proof) any {
		return func(text string, p *identity.Proof) any { o.Statement, o.Proof = text, p; return o }
	}
	confirm, skip, pause, answered, late, start := statement, statement, statement, statement, statement, statement
	confirm.Do = "confirm"
	skip.Do, skip.Request, skip.Plan, skip.Step = runbook.SkipStep, "", "", "sure"
	pause.Do, pause.Request, pause.Plan = runbook.Pause, "", ""
	answered.Do = runbook.RetryVrb
	late.Do, late.Request, late.Plan, late.Step, late.RunID = runbook.SkipStep, "", "", "before", "another"
	start.Do, start.Request, start.RunID, start.Step = identity.Start, "", "", "wipe"
	button := statement
	button.Shown, button.RunID, button.Plan = shownSHA256, "", ""
	buttonWord := func(kind request.Kind) func(string, *identity.Proof) any {
		return func(text string, p *identity.Proof) any {
			return request.Word{
				Request: wipeRequest, Asks: kind, Step: "sure", Decision: request.Approve, Via: request.ViaSlack, Shown: shownSHA256, PlanSHA256: planSHA256, Statement: text, Proof: p,
			}
		}
	}
	buttonOrder := button
	buttonOrder.Do = runbook.RetryVrb
	used := entry(identity.UsedKind)
	text, _ := start.Text()
	used.Key = identity.UsedKey(text)
	return map[string]heard{
		"an approval":              {entry("request.approved"), identity.AnswerNamespace, statement, word(request.Approval)},
		"a confirmation":           {entry("request.answered"), identity.AnswerNamespace, confirm, word(request.Confirmation)},
		"a button":                 {entry("request.approved"), identity.AnswerNamespace, button, buttonWord(request.Approval)},
		"a button that confirms":   {entry("request.answered"), identity.AnswerNamespace, button, buttonWord(request.Confirmation)},
		"an order by a button":     {entry("operator.retry"), identity.AnswerNamespace, buttonOrder, order(runbook.Ordered{Order: runbook.RetryVrb, Step: "sure"})},
		"an order about a step":    {entry("operator.skip"), identity.OrderNamespace, skip, order(runbook.Ordered{Order: runbook.SkipStep, Step: "sure"})},
		"an order about the run":   {entry("operator.pause"), identity.OrderNamespace, pause, order(runbook.Ordered{Order: runbook.Pause, Step: "sure"})},
		"an order as an answer":    {entry("operator.retry"), identity.AnswerNamespace, answered, order(runbook.Ordered{Order: runbook.RetryVrb, Step: "sure"})},
		"an order that was denied": {entry("operator.denied"), identity.OrderNamespace, late, order(runbook.Ordered{Order: runbook.SkipStep, Step: "sure", Denied: "late"})},
		"a start": {used, identity.StartNamespace, start, func(text string, p *identity.Proof) any {
			return activities.UsedStatementData{RunID: wipeRunID, Statement: text, Proof: *p}
		}},
	}
}

// A genuine statement proves the entry that it was made for, and no other.
func TestAuditHoldsEntriesAgainstStatements(t *testing.T) {
	key, err := identity.OpenHostKey(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	host, err := identity.HostSigner("gpu-1", key.Public())
	require.NoError(t, err)
	why := func(h heard) (why string) {
		e := &evidence{trust: identity.Trust{Hosts: identity.Signers{host}}, each: func(_ signed, w string) error { why = w; return nil }}
		text, err := h.statement.Text()
		require.NoError(t, err)
		signature, err := key.Sign(h.namespace, text)
		require.NoError(t, err)
		h.entry.At, h.entry.Data = "2026-03-01T12:00:00Z", jsonOf(t, h.data(text, &identity.Proof{Kind: identity.Host, Namespace: h.namespace, Who: h.statement.Who, Signature: signature}))
		why = "was not looked at"
		require.NoError(t, e.take(h.entry))
		return why
	}
	for name, h := range heardWords() {
		require.Empty(t, why(h), name)
	}
	for name, c := range map[string]struct {
		of     string
		change func(*heard)
		want   string
	}{
		"a button elsewhere":          {"a button", func(h *heard) { h.entry.WorkflowID = "other" }, `its line run is "runbook/gpu-1/shop/wipe", and the entry says "other"`},
		"a button of something else":  {"a button", func(h *heard) { h.statement.Shown = planSHA256 }, `its line shown is "` + planSHA256 + `", and the entry says "` + shownSHA256 + `"`},
		"a button of another request": {"a button", func(h *heard) { h.statement.Request = wipeRun + ":sure.2@0123abcd" }, `its line request is "runbook/gpu-1/shop/wipe:sure.2@0123abcd", and the entry says "runbook/gpu-1/shop/wipe:sure.1@0123abcd"`},
		"a button's no":               {"a button", func(h *heard) { h.statement.Do = request.Reject }, `its line do is "reject", and the entry says "approve"`},
		"a button's other order":      {"an order by a button", func(h *heard) { h.statement.Do = runbook.SkipStep }, `its line do is "skip", and the entry says "retry"`},
		"another run":                 {"an approval", func(h *heard) { h.entry.WorkflowID = "runbook/gpu-1/shop/other" }, `its line run is "runbook/gpu-1/shop/wipe", and the entry says "runbook/gpu-1/shop/other"`},
		"after a reset":               {"an approval", func(h *heard) { h.entry.RunID = "later" }, ""}, // the request says of which run it was
		"a later run":                 {"an approval", func(h *heard) { h.statement.RunID = "0199-99999999" }, `its line run-id is "0199-99999999", and the entry says "0199-0123abcd"`},
		"a no as a yes":               {"an approval", func(h *heard) { h.entry.Kind = "request.rejected" }, `its line do is "approve", and the entry says "reject"`},
		"an order's kind":             {"an order about the run", func(h *heard) { h.entry.Kind = "operator.undo" }, `its line do is "pause", and the entry says "undo"`},
		"no word's kind":              {"an approval", func(h *heard) { h.entry.Kind = "runbook.finished" }, "an entry runbook.finished keeps no word of a person"},
		"somebody else":               {"an approval", func(h *heard) { h.entry.Actor = "bob@gpu-1" }, `its line who is "anna@gpu-1", and the entry says "bob@gpu-1"`},
		"a no":                        {"an approval", func(h *heard) { h.statement.Do = request.Reject }, `its line do is "reject", and the entry says "approve"`},
		"another request":             {"an approval", func(h *heard) { h.statement.Request = wipeRun + ":sure.2@0123abcd" }, `its line request is "runbook/gpu-1/shop/wipe:sure.2@0123abcd", and the entry says "runbook/gpu-1/shop/wipe:sure.1@0123abcd"`},
		"another plan":                {"an approval", func(h *heard) { h.statement.Plan = "" }, `its line plan is "", and the entry says "` + planSHA256 + `"`},
		"another kind":                {"a confirmation", func(h *heard) { h.statement.Do = request.Approve }, `its line do is "approve", and the entry says "confirm"`},
		"a start as a yes":            {"an approval", func(h *heard) { h.namespace = identity.StartNamespace }, "it is signed in start@evenkeel, and request.approved needs answer@evenkeel"},
		"another step":                {"an order about a step", func(h *heard) { h.statement.Step = "other" }, `its line step is "other", and the entry says "sure"`},
		"another order":               {"an order about the run", func(h *heard) { h.statement.Do = runbook.Resume }, `its line do is "resume", and the entry says "pause"`},
		"an order's answer":           {"an order as an answer", func(h *heard) { h.statement.Request = wipeRun + ":other.1@0123abcd" }, `its line request is "runbook/gpu-1/shop/wipe:other.1@0123abcd", and the entry says "runbook/gpu-1/shop/wipe:sure.N"`},
		"no answer at all":            {"an order as an answer", func(h *heard) { h.statement.Request = "" }, `its line request is "", and the entry says "runbook/gpu-1/shop/wipe:sure.N"`},
		"denied elsewhere":            {"an order that was denied", func(h *heard) { h.entry.WorkflowID = "other" }, `its line run is "runbook/gpu-1/shop/wipe", and the entry says "other"`},
		"a start elsewhere":           {"a start", func(h *heard) { h.entry.WorkflowID = "other" }, `its line run is "runbook/gpu-1/shop/wipe", and the entry says "other"`},
		"a start again":               {"a start", func(h *heard) { h.entry.Key += "2" }, "the key of the entry is not that of its statement"},
	} {
		h := heardWords()[c.of]
		c.change(&h)
		require.Equal(t, c.want, why(h), name)
	}
}

// What the list shows of who it was is what the entries say, and it says so.
func TestAuditListSaysWhoIsNotProven(t *testing.T) {
	proof := &identity.Proof{Kind: identity.Host, Who: "anna@gpu-1", Signature: "one"}
	entry := func(w request.Word) ledger.Entry {
		return ledger.Entry{Seq: 1, At: time.Time{}.Format(time.RFC3339), Kind: "request.approved", Actor: "anna@gpu-1", Data: jsonOf(t, w)}
	}
	const claimed, verify = "says it is anna@gpu-1", "who signed is shown as the entries say it; starter audit verify proves it\n"
	for name, c := range map[string]struct {
		word  request.Word
		claim bool
	}{
		"signed":           {request.Word{Statement: "evenkeel statement 1\n", Proof: proof}, false},
		"nothing signed":   {request.Word{}, true},
		"no signature":     {request.Word{Statement: "evenkeel statement 1\n", Proof: &identity.Proof{Who: "anna@gpu-1"}}, true},
		"no statement":     {request.Word{Proof: proof}, true},
		"of somebody else": {request.Word{Statement: "evenkeel statement 1\n", Proof: &identity.Proof{Who: "bob@gpu-1", Signature: "one"}}, true},
	} {
		_, out, _ := says(t, "text", func(s *starter) error { return (&audit{starter: s}).printEntries([]ledger.Entry{entry(c.word)}) })
		if c.claim {
			require.Contains(t, out, claimed, name)
			require.NotContains(t, out, verify, name)
			continue
		}
		require.NotContains(t, out, claimed, name)
		require.Contains(t, out, verify, name)
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}
