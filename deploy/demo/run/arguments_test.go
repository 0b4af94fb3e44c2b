package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// Only with arguments that are understood is anything started, or an earlier demo removed.
func TestArguments(t *testing.T) {
	for _, c := range []struct {
		args        []string
		code        int
		play        []string
		out, faults string
	}{
		{play: []string{"scale", "gate"}},
		{args: []string{"--scene", "gate"}, play: []string{"gate"}},
		{args: []string{"-scene=scale"}, play: []string{"scale"}},
		{args: []string{"--help"}, out: usage},
		{args: []string{"help"}, out: usage},
		{args: []string{"--port", "80"}, code: 2, faults: "demo: flag provided but not defined: -port; see --help\n"},
		{args: []string{"gate"}, code: 2, faults: "demo: \"gate\" is not known; see --help\n"},
		{args: []string{""}, code: 2, faults: "demo: \"\" is not known; see --help\n"},
		{args: []string{"--scene", "gates"}, code: 2, faults: "demo: no scene is named \"gates\"; write one of scale, gate\n"},
		{args: []string{"--scene", ""}, code: 2, faults: "demo: no scene is named \"\"; write one of scale, gate\n"},
		{args: []string{"--scene"}, code: 2, faults: "demo: flag needs an argument: -scene; see --help\n"},
	} {
		var out, faults bytes.Buffer
		play, code := arguments(c.args, &out, &faults)
		require.Equal(t, c.code, code, c.args)
		require.Equal(t, c.play, play, c.args)
		require.Equal(t, c.out, out.String(), c.args)
		require.Equal(t, c.faults, faults.String(), c.args)
	}
}
