package cli

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
)

// A start that a host has let in is verified by the key of that host, and by no other's.
func TestAuditOfWhatWasLetIn(t *testing.T) {
	key, err := identity.OpenHostKey(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	host, err := identity.HostSigner("gpu-1", key.Public())
	require.NoError(t, err)
	for by, want := range map[string]string{"gpu-1": "", "gpu-2": "no key of host:gpu-2 made it"} {
		h := heardWords()["a start"]
		h.statement.Who, h.entry.Actor = "alertmanager", "alertmanager"
		text, err := h.statement.Text()
		require.NoError(t, err)
		signature, err := key.Sign(h.namespace, text)
		require.NoError(t, err)
		h.entry.At, h.entry.Key = "2026-03-01T12:00:00Z", identity.UsedKey(text)
		h.entry.Data = jsonOf(t, activities.UsedStatementData{RunID: wipeRunID, Statement: text, Proof: identity.Proof{
			Kind: identity.Alertmanager, Namespace: h.namespace, Who: "alertmanager", By: by, Signature: signature,
		}})
		why := "was not looked at"
		e := &evidence{trust: identity.Trust{Hosts: identity.Signers{host}}, each: func(_ signed, w string) error { why = w; return nil }}
		require.NoError(t, e.take(h.entry))
		require.Contains(t, why, want)
		require.Equal(t, want == "", why == "", why)
	}
}
