package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/templates"
	"github.com/evenkeel/evenkeel/worker/connect"
)

func TestWorkerConfiguration(t *testing.T) {
	dir := t.TempDir()
	c := &config.Config{Path: "/etc/e.yaml", SHA256: "abc", TemplatesDir: dir, Hosts: map[string]config.Host{"gpu-1": {}}}
	installed, err := templates.Install(c, "")
	require.NoError(t, err)
	began := activities.StartedWith{Configuration: "abc", Definitions: installed.Definitions.SHA256()}
	d := &doctor{hostName: "gpu-1", config: c, installed: installed}
	require.Equal(t, well("the worker of gpu-1 has read the same files"), d.compared(began, nil))
	other := activities.StartedWith{Configuration: "def", Definitions: began.Definitions}
	require.Equal(t, noted("the worker of gpu-1 was started with another text than /etc/e.yaml has now", "restart `evenkeel` (or `worker`) on gpu-1 with that file"), d.compared(other, nil))
	require.Equal(t, notAsked("the worker does not say: it has no such activity"), d.compared(activities.StartedWith{}, errors.New("it has no such activity")))
	require.Equal(t, statusNotAsked, d.compared(activities.StartedWith{}, nil).Status, "one of an earlier version")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "mine.yaml"), []byte(mine), 0o600))
	d.installed, err = templates.Install(c, "")
	require.NoError(t, err)
	require.Equal(t, noted("the worker of gpu-1 was started with other definitions than "+dir+" has now", "restart `evenkeel` (or `worker`) on gpu-1, so that it reads them"), d.compared(began, nil))

	d.temporal = func() (*connect.Connection, error) { return nil, errors.New("down") }
	require.Equal(t, notAsked("needs the Temporal server"), d.workerConfiguration(t.Context()))
	require.Equal(t, notAsked("needs the configuration of a host"), (&doctor{configFault: errors.New("x")}).workerConfiguration(t.Context()))
}

const mine = "apiVersion: evenkeel/v1\nkind: Runbook\nmetadata: {name: mine, owner: me, severity: Sev4}\nsteps: [{id: a, kind: checkpoint}]\n"

// A plan is what the worker makes of the files that it read when it started; whoever has changed one since is told.
func TestPlanOfAFileThatTheWorkerHasNotRead(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.yaml")
	require.NoError(t, os.WriteFile(file, []byte(mine), 0o600))
	set, err := templates.Open(&config.Config{TemplatesDir: dir})
	require.NoError(t, err)
	same, _ := set.Runbook("mine")
	const stale = "starter: the worker of gpu-1 has not read FILE as it is now; restart `evenkeel` or `worker` there; what follows is about the former text\n"
	nobody := &failure{code: exitUsage, class: activities.NotFound, what: activities.NoRunbook("mine") + "; did you mean ours?"}
	for name, c := range map[string]struct {
		call activities.RunbookCall
		has  string
		err  error
		want string
	}{
		"the same text":       {activities.RunbookCall{Name: "mine"}, same.SHA256, nil, ""},
		"another text":        {activities.RunbookCall{Name: "mine"}, "abc", nil, stale},
		"none of that name":   {activities.RunbookCall{Name: "mine"}, "", nobody, "starter: no runbook is named \"mine\" there; the worker of gpu-1 has not read FILE as it is now; restart `evenkeel` or `worker` there\n"},
		"something else":      {activities.RunbookCall{Name: "mine"}, "", missing("host gpu-1", "no docker", ""), "starter: host gpu-1: no docker\n"},
		"a built-in one":      {activities.RunbookCall{Name: "cache_service_failure"}, "abc", nil, ""},
		"one that is nowhere": {activities.RunbookCall{Name: "other"}, "", nobody, "starter: no runbook is named \"mine\"; did you mean ours?\n"},
		"a file":              {activities.RunbookCall{File: file, Text: mine}, "abc", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.call.Host = "gpu-1"
			plan := activities.RunbookPlan{Plan: runbook.Plan{Definition: c.has}}
			_, _, errs := says(t, "text", func(s *starter) error {
				return s.heedFile(&config.Config{TemplatesDir: dir}, c.call, plan, c.err)
			})
			require.Equal(t, c.want, strings.ReplaceAll(errs, file, "FILE"))
		})
	}
}
