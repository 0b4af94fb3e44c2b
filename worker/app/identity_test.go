package app

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	ledgerdb "github.com/evenkeel/evenkeel/activities/ledger"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
)

// Each change of a host's key is an entry, also the one back to a former key; a start with the same key is none.
func TestAnnounce(t *testing.T) {
	dir := t.TempDir()
	book, err := ledgerdb.Open(t.Context(), ledgerdb.Options{DSN: "sqlite:" + filepath.Join(dir, "ledger.db"), StateDir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, book.Close()) })
	starts := func(host, name string) (public string) {
		key, err := identity.OpenHostKey(filepath.Join(dir, name))
		require.NoError(t, err)
		for range 2 {
			require.NoError(t, (&proof{key: key}).announce(t.Context(), book, host))
		}
		return key.Public()
	}
	a, b := starts("gpu-1", "a"), starts("gpu-1", "b")
	other := starts("gpu-2", "c")
	starts("gpu-1", "a")
	starts("gpu-1", "b")
	entries, err := book.Read(t.Context(), ledger.Filter{Kind: ledger.HostKeyKind})
	require.NoError(t, err)
	var known []ledger.HostKey
	for _, e := range entries {
		var k ledger.HostKey
		require.NoError(t, json.Unmarshal([]byte(e.Data), &k))
		require.Equal(t, "host/"+k.Host, e.Subject)
		known = append(known, k)
	}
	require.Equal(t, []ledger.HostKey{{Host: "gpu-1", Key: a}, {Host: "gpu-1", Key: b}, {Host: "gpu-2", Key: other}, {Host: "gpu-1", Key: a}, {Host: "gpu-1", Key: b}}, known)
}
