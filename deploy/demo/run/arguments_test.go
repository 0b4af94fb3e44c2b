package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// Only without arguments is anything started, or an earlier demo removed.
func TestArguments(t *testing.T) {
	for _, c := range []struct {
		args        []string
		code        int
		proceed     bool
		out, faults string
	}{
		{proceed: true},
		{args: []string{"--help"}, out: usage},
		{args: []string{"-x", "-h"}, out: usage},
		{args: []string{"--port", "80"}, code: 2, faults: "demo: \"--port\" is not known: it takes no arguments; see --help\n"},
		{args: []string{""}, code: 2, faults: "demo: \"\" is not known: it takes no arguments; see --help\n"},
	} {
		var out, faults bytes.Buffer
		code, proceed := arguments(c.args, &out, &faults)
		require.Equal(t, c.code, code, c.args)
		require.Equal(t, c.proceed, proceed, c.args)
		require.Equal(t, c.out, out.String(), c.args)
		require.Equal(t, c.faults, faults.String(), c.args)
	}
}
