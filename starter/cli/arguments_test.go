package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

func TestArguments(t *testing.T) {
	for line, want := range map[string]string{
		"runbook show":             "runbook show: NAME is missing; usage: starter runbook show NAME [flags]",
		"runbook show a b":         `runbook show: "b" is one argument too many; usage: starter runbook show NAME [flags]`,
		"runbook plan":             "runbook plan: NAME|FILE is missing; usage: starter runbook plan NAME|FILE [flags]",
		"runbook abort":            "runbook abort: RUN is missing; usage: starter runbook abort RUN [flags]",
		"runbook status a b":       `runbook status: "b" is one argument too many; usage: starter runbook status [RUN] [flags]`,
		"runbook status EMPTY":     "runbook status: RUN is empty; usage: starter runbook status [RUN] [flags]",
		"runbook lint a EMPTY":     "",
		"runbook list a":           `runbook list: it takes no argument such as "a"; usage: starter runbook list [flags]`,
		"gate approve":             "gate approve: ID is missing; usage: starter gate approve ID [flags]",
		"restore-backup":           "restore-backup: FILE is missing; usage: starter restore-backup FILE [flags]",
		"backup a b":               `backup: "b" is one argument too many; usage: starter backup [FILE] [flags]`,
		"scale":                    "scale: [PROJECT/]SERVICE=N is missing; usage: starter scale [PROJECT/]SERVICE=N... [flags]",
		"scale app=1 b=2 --cancel": "",
		"audit export x":           `audit export: it takes no argument such as "x"; usage: starter audit export [flags]`,
	} {
		t.Run(line, func(t *testing.T) {
			root := newStarter(Streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}).root()
			words := strings.Fields(line)
			for i := range words {
				words[i] = strings.Replace(words[i], "EMPTY", "", 1)
			}
			cmd, rest, err := root.Find(words)
			require.NoError(t, err)
			require.NoError(t, cmd.ParseFlags(rest))
			err = cmd.ValidateArgs(cmd.Flags().Args())
			if want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, want)
			require.Equal(t, exitUsage, failureOf(t, err).code)
		})
	}
}

// No command has a check of its own beside its usage line.
func TestAllCommandsTakeWhatTheirUsageSays(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, child := range cmd.Commands() {
			walk(child)
		}
		if cmd.HasSubCommands() {
			return
		}
		err := cmd.ValidateArgs([]string{"1", "2", "3", "4"})
		if strings.HasSuffix(cmd.Use, "...") {
			require.NoError(t, err, cmd.CommandPath())
			return
		}
		require.ErrorContains(t, err, "; usage: "+cmd.CommandPath(), cmd.CommandPath())
	}
	walk(newStarter(Streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}).root())
}
