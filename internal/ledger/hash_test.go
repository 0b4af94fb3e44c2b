package ledger

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var golden = []Draft{
	{
		Key: "runbook/disk/gpu1/4f1c/approved", At: "2026-03-01T12:00:00Z", Kind: "approval", Subject: "runbook/disk",
		Actor: "anna@gpu-1", WorkflowID: "runbook/disk/gpu1", RunID: "4f1c", Data: `{"plan":"9b2e"}`,
	},
	{Key: "k2", At: "2026-03-01T12:00:00.123456789Z", Kind: "note", Data: "Grüße <&> \u2028\n"},
}

// The hashes come from another program, the one of docs/ledger.md. They never change: every ledger
// that exists would be broken.
func TestGolden(t *testing.T) {
	first := golden[0].Seal(Beginning())
	second := golden[1].Seal(first.Head())
	require.Equal(t, int64(1), first.Seq)
	require.Equal(t, strings.Repeat("0", 64), first.PrevHash)
	require.Equal(t, "b69152f78c00a7029d54aaa74aec2708e1a3d483ac82652903868c236c430c1c", first.Hash)
	require.Equal(t, int64(2), second.Seq)
	require.Equal(t, first.Hash, second.PrevHash)
	require.Equal(t, "95c99d9a7230c156859259ec6eb089cc804dd5bc318764aa39ea3efdc93e1347", second.Hash)
}

// What a field holds cannot pass for what another one holds.
func TestEveryFieldCounts(t *testing.T) {
	seen := map[string]string{}
	e := Entry{Seq: 1, Key: "ab", At: "ab", Kind: "ab", Subject: "ab", Actor: "ab", WorkflowID: "ab", RunID: "ab", Data: "ab", PrevHash: "ab"}
	seen[Sum(e)] = "untouched"
	for name, change := range fields {
		for _, text := range []string{"a", "abb", "", "ab\x00"} {
			changed := e
			*change(&changed) = text
			sum := Sum(changed)
			require.Empty(t, seen[sum], "%s = %q", name, text)
			seen[sum] = name
		}
	}
	for _, seq := range []int64{0, 2, 10, -1} {
		changed := e
		changed.Seq = seq
		require.Empty(t, seen[Sum(changed)])
		seen[Sum(changed)] = "seq"
	}
	shifted := e
	shifted.Key, shifted.At = "a", "bab"
	require.Empty(t, seen[Sum(shifted)])
	e.Hash = "whatever"
	require.Equal(t, "untouched", seen[Sum(e)])
}

// fields are the texts of an entry that are hashed.
var fields = map[string]func(*Entry) *string{
	"key":         func(e *Entry) *string { return &e.Key },
	"at":          func(e *Entry) *string { return &e.At },
	"kind":        func(e *Entry) *string { return &e.Kind },
	"subject":     func(e *Entry) *string { return &e.Subject },
	"actor":       func(e *Entry) *string { return &e.Actor },
	"workflow_id": func(e *Entry) *string { return &e.WorkflowID },
	"run_id":      func(e *Entry) *string { return &e.RunID },
	"data":        func(e *Entry) *string { return &e.Data },
	"prev_hash":   func(e *Entry) *string { return &e.PrevHash },
}
