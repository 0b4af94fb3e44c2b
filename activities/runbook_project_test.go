package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/runbook"
)

// shelf are two installed runbooks, one about a project and one about the host.
type shelf struct{}

func (shelf) Runbook(name string) (runbook.Definition, bool) {
	switch name {
	case "restart_app":
		return runbook.Definition{Name: name, Scope: runbook.ScopeProject}, true
	case "free_vram":
		return runbook.Definition{Name: name, Scope: runbook.ScopeHost}, true
	}
	return runbook.Definition{}, false
}

func (shelf) ReadRunbook(string, []byte) (runbook.Definition, error) {
	return runbook.Definition{Scope: runbook.ScopeProject}, nil
}
func (shelf) NearestRunbook(string) string { return "" }

func (shelf) RunbookFault(name string) string {
	if name == "broken" {
		return "Runbook broken is disabled: b.yaml:4:1: steps: is missing; correct it and restart evenkeel"
	}
	return ""
}

func TestLoadRunbookThatIsDisabled(t *testing.T) {
	r := &Runbooks{Definitions: shelf{}, Projects: map[string][]string{"gpu-1": {"shop"}}}
	_, err := r.LoadRunbook(t.Context(), RunbookCall{Name: "broken", Host: "gpu-1"})
	require.Equal(t, PreconditionFailed, class(t, err))
	require.ErrorContains(t, err, "Runbook broken is disabled: b.yaml:4:1: steps: is missing; correct it and restart evenkeel")
	_, err = r.LoadRunbook(t.Context(), RunbookCall{Name: "nobody", Host: "gpu-1"})
	require.Equal(t, NotFound, class(t, err))
}

// noOperations are a host that has no commands.
type noOperations struct{ Operations }

func (noOperations) CommandLines(runbook.Program) map[string]runbook.CommandLine { return nil }

func TestLoadRunbookResolvesTheProject(t *testing.T) {
	r := &Runbooks{Definitions: shelf{}, Operations: noOperations{}, Projects: map[string][]string{"gpu-1": {"bank", "shop"}, "gpu-2": {"shop"}, "gpu-3": nil}}
	for name, c := range map[string]struct {
		call RunbookCall
		want string
		says string
	}{
		"the only one":            {RunbookCall{Name: "restart_app", Host: "gpu-2"}, "shop", ""},
		"named":                   {RunbookCall{Name: "restart_app", Host: "gpu-1", Project: "bank"}, "bank", ""},
		"several":                 {RunbookCall{Name: "restart_app", Host: "gpu-1"}, "", "the host gpu-1 has several projects; name one of bank, shop with --project"},
		"another host's":          {RunbookCall{Name: "restart_app", Host: "gpu-2", Project: "bank"}, "", `the host gpu-2 has no project "bank"; it has shop`},
		"none at all":             {RunbookCall{Name: "restart_app", Host: "gpu-3"}, "", "the host gpu-3 has no project in the configuration, and the runbook restart_app is about one"},
		"no such host":            {RunbookCall{Name: "restart_app", Host: "gpu-9"}, "", `the configuration has no host "gpu-9"`},
		"about the host":          {RunbookCall{Name: "free_vram", Host: "gpu-1"}, "", ""},
		"about the host, and not": {RunbookCall{Name: "free_vram", Host: "gpu-1", Project: "shop"}, "", "the runbook free_vram is about the host gpu-1 and not about a project; leave --project out"},
		"one that is planned":     {RunbookCall{Text: "x", Host: "gpu-1"}, "", "name one of bank, shop with --project"},
	} {
		t.Run(name, func(t *testing.T) {
			loaded, err := r.LoadRunbook(t.Context(), c.call)
			if c.says != "" {
				require.Equal(t, InvalidInput, class(t, err))
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, loaded.Project)
		})
	}
}
