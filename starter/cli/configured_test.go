package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// Every command that has the flag reads the file that it names: one that is not there is refused before anything else
// is done. Only init has it for a file that it writes.
func TestWhoHasConfigReadsIt(t *testing.T) {
	t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
	t.Setenv("EVENKEEL_STATE", t.TempDir())
	gone := filepath.Join(t.TempDir(), "gone.yaml")
	words := map[string]string{"NAME": "cache_service_failure", "NAME|FILE": "cache_service_failure", "[PROJECT/]SERVICE=N...": "app=2"}
	var have int
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, child := range cmd.Commands() {
			walk(child)
		}
		if cmd.Flags().Lookup("config") == nil || cmd.Name() == "init" {
			return
		}
		have++
		args := append(strings.Fields(cmd.CommandPath())[1:], "--config", gone)
		for _, word := range strings.Fields(cmd.Use)[1:] {
			if name := words[word]; name != "" {
				args = append(args, name)
			}
		}
		var out, errs bytes.Buffer
		code := Execute(t.Context(), Streams{Out: &out, Err: &errs}, args)
		require.Equal(t, exitMissing, code, "%s: %s%s", args, out.String(), errs.String())
		require.Contains(t, out.String()+errs.String(), gone+", which --config names, does not exist", args)
	}
	root := newStarter(Streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}).root()
	walk(root)
	require.Equal(t, 22, have)
	require.Nil(t, root.PersistentFlags().Lookup("config"))
}
