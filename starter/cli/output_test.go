package cli

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What comes from outside moves no cursor and breaks no line, whichever way it is shown.
func TestNothingMovesTheCursor(t *testing.T) {
	t.Setenv("TZ", "UTC")
	const hostile = "a\x1b[2Jb\nc\td"
	rows := [][]string{{"NAME", "STATE"}, {hostile, "running"}}
	_, out, _ := says(t, "text", func(s *starter) error { s.table(rows); return nil })
	require.Equal(t, "NAME        STATE\na\uFFFD[2Jb c\uFFFDd  running\n", out)
	require.NotContains(t, wrapTable(rows, 80), "\x1b")

	var written bytes.Buffer
	p := &progress{out: &written, columns: 80}
	p.line("app", time.Unix(0, 0), hostile, false)
	require.Equal(t, "00:00:00  app          a\uFFFD[2Jb c d\n", written.String())

	_, _, told := says(t, "text", func(*starter) error { return errors.Join(missing(hostile, hostile, hostile)) })
	require.Equal(t, "starter: a\uFFFD[2Jb c d: a\uFFFD[2Jb c d; a\uFFFD[2Jb c d\n", told)

	_, out, _ = says(t, "text", func(s *starter) error {
		s.printInitProject(initProjectReport{Name: hostile, Directory: hostile, From: hostile, Services: []string{hostile}, Others: []string{hostile}, Router: hostile, Unfit: []string{hostile}, Upstreams: []upstreamReport{{File: hostile, Error: hostile}, {File: hostile, Written: true}}})
		return nil
	})
	require.NotContains(t, out, "\x1b")
	require.Equal(t, 7, bytes.Count([]byte(out), []byte("\n")))
}
