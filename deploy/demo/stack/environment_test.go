package stack

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAShellReadsTheEnvironmentAsItIs(t *testing.T) {
	const nasty = `it's "$HOME" and \ more`
	s, err := New(t.TempDir(), t.TempDir(), t.Logf, "NASTY="+nasty)
	require.NoError(t, err)
	file, err := s.WriteEnvironment()
	require.NoError(t, err)
	shell := exec.Command("sh", "-c", `. "$1" && printf '%s|%s|%s' "$NASTY" "$EVENKEEL_DEMO_STATE" "$EVENKEEL_ADMIN_TOKEN"`, "sh", file)
	shell.Env = []string{}
	out, err := shell.Output()
	require.NoError(t, err)
	require.Equal(t, nasty+"|"+s.Dir+"|", string(out))
}
