package app

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	ledgerdb "github.com/evenkeel/evenkeel/activities/ledger"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// The ledger has an entry whenever what is installed on a host changes, also when it is what it was before, or gone.
func TestKeepInstalled(t *testing.T) {
	dir := t.TempDir()
	book, err := ledgerdb.Open(t.Context(), ledgerdb.Options{DSN: "sqlite:" + filepath.Join(dir, "ledger.db"), StateDir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, book.Close()) })
	one := func(owner string) map[string]runbook.Program {
		d := runbook.Definition{Name: "wipe", Owner: owner}
		sum, err := d.Sum()
		require.NoError(t, err)
		return map[string]runbook.Program{sum: runbook.Lay(d)}
	}
	for _, all := range []map[string]runbook.Program{one("a"), one("a"), one("b"), one("a"), {}, {}, one("a")} {
		require.NoError(t, keepInstalled(t.Context(), book, "gpu-1", all))
	}
	entries, err := book.Read(t.Context(), ledger.Filter{Kind: runbook.InstalledKind, KeyPrefix: runbook.InstalledKey("gpu-1", "")})
	require.NoError(t, err)
	var owners []string
	for _, e := range entries {
		var kept runbook.Installed
		require.NoError(t, json.Unmarshal([]byte(e.Data), &kept))
		require.Equal(t, "runbook/wipe", e.Subject)
		owners = append(owners, kept.Definition.Owner)
	}
	require.Equal(t, []string{"a", "b", "a", "", "a"}, owners)
}
