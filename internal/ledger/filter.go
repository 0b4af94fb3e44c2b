package ledger

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// MaxLimit is the most entries of one page.
	MaxLimit = 1000
	// PageBytes bounds a page by the size of its JSON: a page ends before the entry that would take it
	// beyond, but always has one. Temporal refuses a result of 2 MiB.
	PageBytes = 1 << 20
)

// Filter says which entries to read. An empty field leaves all; several must all hold.
type Filter struct {
	Kind       string `json:"kind,omitempty"`
	Subject    string `json:"subject,omitempty"`
	Actor      string `json:"actor,omitempty"`
	WorkflowID string `json:"workflow_id,omitempty"`
	KeyPrefix  string `json:"key_prefix,omitempty"`
	// Since leaves what happened at that time or later, RFC 3339 in UTC; it counts in whole seconds.
	Since string `json:"since,omitempty"`
	// AfterSeq and BeforeSeq leave what is newer, or older, than that entry; 0 sets no bound. They
	// turn the pages.
	AfterSeq  int64 `json:"after_seq,omitempty"`
	BeforeSeq int64 `json:"before_seq,omitempty"`
	// NewestFirst turns the order round, which is the oldest first.
	NewestFirst bool `json:"newest_first,omitempty"`
	// Limit is the most entries to return, 1 to MaxLimit; 0 is MaxLimit. Fewer may come although there
	// are more, see PageBytes: only an empty page is the end.
	Limit int `json:"limit,omitempty"`
}

// Check returns what is wrong with the filter, or nil.
func (f Filter) Check() error {
	if f.Limit < 0 || f.Limit > MaxLimit {
		return fmt.Errorf("ledger filter: limit %d; write 1 to %d", f.Limit, MaxLimit)
	}
	if f.AfterSeq < 0 || f.BeforeSeq < 0 {
		return fmt.Errorf("ledger filter: entries are numbered from 1")
	}
	if f.Since != "" && !isTime(f.Since) {
		return fmt.Errorf("ledger filter: since %q is not a time in UTC; write one such as 2026-03-01T12:00:00Z", cut(f.Since, 64))
	}
	for _, text := range []string{f.Kind, f.Subject, f.Actor, f.WorkflowID, f.KeyPrefix} {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return fmt.Errorf("ledger filter: %q holds a NUL or is not UTF-8", cut(text, 64))
		}
	}
	return nil
}

// SinceSecond is what the text of a time begins with or comes behind when it is not before Since;
// empty without Since. Fractions of different length would compare wrongly, seconds cannot.
func (f Filter) SinceSecond() string { return cut(f.Since, len(time.RFC3339)-len("Z07:00")) }

// KeyEnd is the first text behind all keys with the prefix; empty when nothing is behind them.
func (f Filter) KeyEnd() string {
	runes := []rune(f.KeyPrefix)
	for i, last := range slices.Backward(runes) {
		next := last + 1
		if next == 0xD800 { // no text holds what lies between
			next = 0xE000
		}
		if next <= utf8.MaxRune {
			return string(append(runes[:i:i], next))
		}
	}
	return ""
}
