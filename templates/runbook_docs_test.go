package templates

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/runbooktest"
)

// What the pages about runbooks show can be copied: its runbooks are sound, and the test of one of them passes.
func TestTheRunbooksInTheDocsAreSound(t *testing.T) {
	dir := t.TempDir()
	var blocks [][][]byte
	for _, page := range []string{"../docs/runbooks.md", "../docs/runbook-language.md"} {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		blocks = append(blocks, regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)...)
	}
	require.Len(t, blocks, 3)
	for i, block := range blocks {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.yaml", i)), block[1], 0o600))
	}
	set, err := Load(dir, nil)
	require.NoError(t, err)
	_, ok := set.Runbook("replace_model_server")
	require.True(t, ok)
	ran := 0
	for _, r := range set.RunbookTests() {
		if r.Runbook.Name != "restart_consumer" {
			continue
		}
		for _, c := range r.Cases {
			require.Empty(t, runbooktest.Run(runbook.Lay(r.Runbook), c).Faults, c.Name)
			ran++
		}
	}
	require.Equal(t, 2, ran)
}
