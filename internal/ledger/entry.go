// Package ledger is the form of the audit ledger: what an entry is, how the entries hang together as
// a chain of hashes, and how a chain that was tampered with is found out. Where the entries are kept
// is none of its business.
package ledger

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The bounds of an entry, in bytes.
const (
	MaxKey        = 512
	MaxKind       = 64
	MaxSubject    = 512
	MaxActor      = 256
	MaxWorkflowID = 1000 // as Temporal bounds it
	MaxRunID      = 64
	MaxData       = 256 << 10
)

// Draft is what somebody wants to be remembered.
type Draft struct {
	// Key says which event this is: <workflow id>/<run id>/<event>. One key is one entry.
	Key string `json:"key"`
	// At is when it happened, RFC 3339 in UTC with a Z and at most nanoseconds.
	At string `json:"at"`
	// Kind is the sort of event, such as approval.
	Kind string `json:"kind"`
	// Subject is what it is about; Actor is who did it. Either may be empty.
	Subject string `json:"subject"`
	Actor   string `json:"actor"`
	// WorkflowID and RunID name the run that wrote it; empty where there is none.
	WorkflowID string `json:"workflow_id"`
	RunID      string `json:"run_id"`
	// Data is text of any form, most often JSON. What is kept and hashed are exactly these bytes.
	Data string `json:"data"`
}

// Entry is one link of the chain. It is never changed.
type Entry struct {
	// Seq counts the entries from 1 without a gap.
	Seq        int64  `json:"seq"`
	Key        string `json:"key"`
	At         string `json:"at"`
	Kind       string `json:"kind"`
	Subject    string `json:"subject"`
	Actor      string `json:"actor"`
	WorkflowID string `json:"workflow_id"`
	RunID      string `json:"run_id"`
	Data       string `json:"data"`
	// PrevHash is the hash of the entry before, Genesis for the first.
	PrevHash string `json:"prev_hash"`
	// Hash is Sum of the entry, 64 lower-case hexadecimal digits.
	Hash string `json:"hash"`
}

// Seal makes of a draft the entry that follows prev.
func (d Draft) Seal(prev Head) Entry {
	e := Entry{
		Seq: prev.Seq + 1, Key: d.Key, At: d.At, Kind: d.Kind, Subject: d.Subject, Actor: d.Actor,
		WorkflowID: d.WorkflowID, RunID: d.RunID, Data: d.Data, PrevHash: prev.Hash,
	}
	e.Hash = Sum(e)
	return e
}

// Head returns the entry as an end of the chain.
func (e Entry) Head() Head { return Head{Seq: e.Seq, Hash: e.Hash} }

// Says reports whether the entry already says what the draft says. The time and the run may differ:
// a repeated attempt is later, and may belong to another run of the same workflow.
func (e Entry) Says(d Draft) bool {
	return e.Key == d.Key && e.Kind == d.Kind && e.Subject == d.Subject && e.Actor == d.Actor && e.Data == d.Data
}

// Check returns what is wrong with the draft, in one line, or nil.
func (d Draft) Check() error {
	for _, f := range []struct {
		name, value string
		most        int
		needed      bool
	}{
		{"key", d.Key, MaxKey, true},
		{"kind", d.Kind, MaxKind, true},
		{"subject", d.Subject, MaxSubject, false},
		{"actor", d.Actor, MaxActor, false},
		{"workflow_id", d.WorkflowID, MaxWorkflowID, false},
		{"run_id", d.RunID, MaxRunID, false},
	} {
		if f.needed && f.value == "" {
			return fmt.Errorf("ledger entry: %s is missing", f.name)
		}
		if len(f.value) > f.most {
			return fmt.Errorf("ledger entry: %s has %d bytes; it may have %d", f.name, len(f.value), f.most)
		}
		// One line each: they are shown in tables.
		if !utf8.ValidString(f.value) || strings.ContainsFunc(f.value, unicode.IsControl) {
			return fmt.Errorf("ledger entry: %s %q holds a control character or is not UTF-8; write one line of text", f.name, f.value)
		}
	}
	if !isTime(d.At) {
		return fmt.Errorf("ledger entry: at %q is not a time in UTC; write one such as 2026-03-01T12:00:00Z", cut(d.At, 64))
	}
	if len(d.Data) > MaxData {
		return fmt.Errorf("ledger entry: data has %d bytes; it may have %d", len(d.Data), MaxData)
	}
	// PostgreSQL keeps no NUL in a text.
	if !utf8.ValidString(d.Data) || strings.ContainsRune(d.Data, 0) {
		return fmt.Errorf("ledger entry: data holds a NUL or is not UTF-8; write text")
	}
	return nil
}

var utc = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$`)

// isTime is stricter than package time: texts of times must compare as the times do, at least by the
// second.
func isTime(s string) bool {
	_, err := time.Parse(time.RFC3339, s)
	return err == nil && utc.MatchString(s)
}

// cut shortens s to at most n bytes.
func cut(s string, n int) string { return s[:min(n, len(s))] }
