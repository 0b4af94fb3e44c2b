package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/oncall"
)

const rotaPeople = "apiVersion: evenkeel/v1\ntime_zone: Europe/Vienna\nhosts: {gpu1: {projects: {shop: {directory: .}}}}\n" +
	"people: {anna: {host: [anna@gpu-1]}, ben: {host: [ben@gpu-1]}}\n"

const rotaText = `oncall:
  start: 2026-01-09
  rota:
    primary: [anna, ben]
    secondary: [ben, anna]
    commander: [anna, anna, ben]
`

func TestOncall(t *testing.T) {
	c, err := parse("f", "/f", []byte(rotaPeople+rotaText+`  overrides:
    - {role: primary, who: ben, from: 2026-01-10T09:00, to: "2026-01-12T08:00:00Z", reason: anna is ill}
groups:
  sre: ["oncall:primary", anna]
approvals: {starters: ["oncall:commander", sre]}
`))
	require.NoError(t, err)
	require.Equal(t, map[string][]string{
		"sre": {"oncall:primary", "anna"}, "oncall:primary": {"oncall:primary"}, "oncall:secondary": {"oncall:secondary"}, "oncall:commander": {"oncall:commander"},
	}, c.Groups)
	require.Equal(t, []string{"sre"}, c.Approvals.Operators, "a role on call is an operator only where the file says so")
	rota := c.OncallRota()
	require.Equal(t, "2026-01-09T17:00:00+01:00", rota.Begins().Format(time.RFC3339))
	require.Equal(t, "ben", rota.At(time.Date(2026, 1, 12, 7, 59, 59, 0, time.UTC))[oncall.Primary].Who)
	require.Equal(t, "anna", rota.At(time.Date(2026, 1, 12, 8, 0, 0, 0, time.UTC))[oncall.Primary].Who)
	require.Empty(t, GroupFault(c.Groups, "oncall:secondary"))

	field, problem := c.OverrideFault(Override{Role: "primary", Who: "ben", From: "2026-01-12T08:30", To: "2026-01-12T10:00", Reason: "x"})
	require.Equal(t, "from", field)
	require.Contains(t, problem, "overlaps the override of primary by ben from 2026-01-10T09:00:00+01:00 to 2026-01-12T09:00:00+01:00; ")

	none, err := parse("f", "/f", []byte(rotaPeople))
	require.NoError(t, err)
	require.Nil(t, none.OncallRota())
	require.Equal(t, `"oncall:secondary" names a role on call, and the configuration has no rota; write it under oncall`, GroupFault(none.Groups, "oncall:secondary"))
}

// An override is added to whatever form a person may have given the file, or to none at all; nothing else changes.
func TestAddOverride(t *testing.T) {
	entry := []string{
		"- role: secondary", "  who: anna", "  from: 2026-02-01T09:00:00+01:00", "  to: 2026-02-02T09:00:00+01:00", `  reason: "ben: \"away\" \\ # x"`,
	}
	const one = "{role: primary, who: ben, from: 2026-01-10 09:00, to: 2026-01-12 09:00, reason: x}\n"
	for name, c := range map[string]struct {
		text   string
		behind string // the line that it goes behind, "" where it cannot be added
		indent string
		head   string
	}{
		"no overrides yet":       {rotaPeople + rotaText + "\n# what follows\ndisabled: [x]\n", "    commander: [anna, anna, ben]", "    ", "  overrides:"},
		"rota first":             {rotaPeople + "oncall:\n    rota: {primary: [anna], secondary: [ben], commander: [ben]}\n    # the first\n    start: 2026-01-09\n", "    start: 2026-01-09", "      ", "    overrides:"},
		"no end of the last":     {rotaPeople + strings.TrimSuffix(rotaText, "\n"), "    commander: [anna, anna, ben]", "    ", "  overrides:"},
		"lines of another world": {strings.ReplaceAll(rotaPeople+rotaText+"disabled: [x]\n", "\n", "\r\n"), "    commander: [anna, anna, ben]", "    ", "  overrides:"},
		"an empty key":           {rotaPeople + rotaText + "  overrides:\ndisabled: [x]\n", "  overrides:", "    ", ""},
		"an entry in one line":   {rotaPeople + rotaText + "  overrides:\n    - " + one + "    # more\n", "    - " + strings.TrimSpace(one), "    ", ""},
		"no indent of the list":  {rotaPeople + rotaText + "  overrides:\n  - " + one + "\ndisabled: [x]\n", "  - " + strings.TrimSpace(one), "  ", ""},
		"an entry of lines": {
			rotaPeople + rotaText + "  overrides:\n      - role: primary\n        who: ben\n        from: 2026-01-10 09:00\n\n        # why\n        reason: >-\n          x\n          y\n        to: 2026-01-12 09:00\ndisabled: [x]\n",
			"        to: 2026-01-12 09:00", "      ", "",
		},
		"overrides first":     {rotaPeople + "oncall:\n  overrides:\n  - " + one + "  rota: {primary: [anna], secondary: [ben], commander: [ben]}\n  start: 2026-01-09\n", "  - " + strings.TrimSpace(one), "  ", ""},
		"a list in one line":  {rotaPeople + rotaText + "  overrides: [" + strings.TrimSpace(one) + "]\n", "", "", ""},
		"an empty list":       {rotaPeople + rotaText + "  overrides: []\n", "", "", ""},
		"all in one line":     {rotaPeople + "oncall: {start: 2026-01-09, rota: {primary: [anna], secondary: [ben], commander: [ben]}}\n", "", "", ""},
		"an entry over lines": {rotaPeople + rotaText + "  overrides:\n    - {role: primary, who: ben, from: 2026-01-10 09:00,\n  to: 2026-01-12 09:00, reason: x}\n", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "evenkeel.yaml")
			require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(c.text, "disabled: [x]", "disabled: [worker-rl]")), 0o600))
			loaded, err := Load(file)
			require.NoError(t, err)
			before, err := os.ReadFile(file)
			require.NoError(t, err)
			o := Override{Role: "secondary", Who: "anna", From: "2026-02-01T09:00:00+01:00", To: "2026-02-02T09:00:00+01:00", Reason: `ben: "away" \ # x`}
			add, err := loaded.AddOverride(o)
			if c.behind == "" {
				require.ErrorIs(t, err, ErrForm)
				return
			}
			require.NoError(t, err)
			var want []string
			if c.head != "" {
				want = append(want, c.head)
			}
			for _, line := range entry {
				want = append(want, c.indent+line)
			}
			require.Equal(t, want, add.Lines)
			old := strings.Split(strings.ReplaceAll(string(before), "\r\n", "\n"), "\n")
			require.Equal(t, c.behind, old[add.Line-1])
			all := append(append(append([]string{}, old[:add.Line]...), want...), old[add.Line:]...)
			require.Equal(t, strings.Join(all, "\n"), strings.ReplaceAll(string(add.Text), "\r\n", "\n"))
			require.Equal(t, strings.Count(string(before), "\r") > 0, strings.Count(string(add.Text), "\r\n") == strings.Count(string(add.Text), "\n"))

			// What is written can be added to again.
			require.NoError(t, os.WriteFile(file, add.Text, 0o600))
			_, err = loaded.AddOverride(o)
			require.EqualError(t, err, "it was changed meanwhile")
			again, err := Load(file)
			require.NoError(t, err)
			require.Len(t, again.Oncall.Overrides, len(loaded.Oncall.Overrides)+1)
			o.Role = "commander"
			_, err = again.AddOverride(o)
			require.NoError(t, err)
		})
	}
}
