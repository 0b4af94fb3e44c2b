package templates

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
)

// asks is a runbook that asks groups of its own in every place where groups are named.
func asks(group string) string {
	return begin("mine", "") + strings.ReplaceAll(`steps:
  - {id: tell, kind: notify, message: m, groups: [sre, "GROUP"]}
  - {id: ask, kind: gate, approves: [go], timeout: 5m, message: m, groups: [sre], on_timeout: escalate, escalate_to: ["GROUP"]}
  - id: which
    kind: switch
    cases: [{steps: [{id: more, kind: manual, message: m, timeout: 5m, groups: ["GROUP"]}]}]
  - {id: go, kind: action, uses: product.cache_warm, risk: write, idempotent: true, undo: {uses: product.cache_warm}}
on_failure:
  - {id: failed, kind: notify, message: m, groups: ["GROUP"]}
`, "GROUP", group)
}

// A runbook that asks who is on call is used only where a rota says who that is.
func TestRolesOnCall(t *testing.T) {
	open := func(c config.Config, text string) *Set {
		c.TemplatesDir = tree(t, map[string]string{"mine.yaml": text})
		set, err := Open(&c)
		require.NoError(t, err)
		return set
	}
	with := config.Config{Path: "/f", Oncall: &config.Oncall{}, Groups: map[string][]string{"sre": {"a@b"}, "oncall:primary": {"oncall:primary"}}}
	without := config.Config{Path: "/f", Groups: map[string][]string{"sre": {"a@b"}}}

	set := open(with, asks("oncall:primary"))
	require.Empty(t, set.Faulty())
	d, ok := set.Runbook("mine")
	require.True(t, ok)
	require.Equal(t, []string{"oncall:primary"}, d.Steps[1].Gate.EscalateTo)
	require.Empty(t, open(config.Config{}, asks("oncall:primary")).Faulty(), "without a configuration nothing is known")

	set = open(without, asks("oncall:primary"))
	_, ok = set.Runbook("mine")
	require.False(t, ok)
	const fault = `"oncall:primary" names a role on call, and the configuration has no rota; write it under oncall`
	var faults []string
	for _, f := range set.Faulty()[0].Faults {
		_, field, _ := strings.Cut(f, "mine.yaml:")
		faults = append(faults, field)
	}
	require.Equal(t, []string{
		"5:56: steps[0].groups[1]: " + fault,
		"6:119: steps[1].escalate_to[0]: " + fault,
		"9:81: steps[2].cases[0].steps[0].groups[0]: " + fault,
		"12:53: on_failure[0].groups[0]: " + fault,
	}, faults)

	set = open(with, asks("oncall:primry"))
	require.Contains(t, set.Faulty()[0].Reason, `steps[0].groups[1]: "oncall:primry" is no role on call; did you mean "oncall:primary"?`)

	dir := tree(t, map[string]string{"mine.yaml": asks("oncall:primary")})
	require.Empty(t, lint(t, dir, LintOptions{Config: &with}, "mine.yaml"))
	require.Contains(t, lint(t, dir, LintOptions{Config: &without}, "mine.yaml"), "mine.yaml:5:56: steps[0].groups[1]: "+fault)

	// One person has a role at a time.
	dir = tree(t, map[string]string{"mine.yaml": strings.Replace(asks("oncall:primary"), `groups: [sre], on_timeout`, `min: 3, groups: [sre], on_timeout`, 1)})
	require.Contains(t, lint(t, dir, LintOptions{Config: &with}, "mine.yaml"), "3 persons must approve, and sre, oncall:primary count as 2 at most")
}
