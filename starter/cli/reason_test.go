package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A reason that no run would take is refused before anything is asked or started, by every command that takes one.
func TestReasonsHaveOneBound(t *testing.T) {
	t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
	for _, command := range []string{
		"runbook run llm", "runbook run llm --override", "runbook pause llm", "runbook abort llm", "gate approve llm:a.1", "gate reject llm:a.1", "scale app=2",
	} {
		for reason, why := range map[string]string{
			strings.Repeat("x", 4097): "the reason has 4097 bytes, and 4096 are kept; write less",
			"a\x1b[2J":                "the reason holds the character U+001B at byte 2, which nobody sees; leave it out",
		} {
			var out, errs bytes.Buffer
			code := Execute(t.Context(), Streams{Out: &out, Err: &errs}, append(strings.Fields(command), "--reason", reason))
			require.Equal(t, exitUsage, code, command)
			require.Equal(t, "starter: --reason: "+why+"\n", errs.String(), command)
			require.Empty(t, out.String(), command)
		}
	}
}
