package ledger

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func export(t testing.TB, entries []Entry) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, e := range entries {
		line, err := Line(e)
		require.NoError(t, err)
		out.Write(line)
	}
	return out.Bytes()
}

func TestLines(t *testing.T) {
	head := Beginning()
	var want []Entry
	for _, d := range append(golden, Draft{Key: "big", At: "2026-03-01T12:00:00Z", Kind: "note", Data: strings.Repeat("\x01", MaxData)}) {
		require.NoError(t, d.Check())
		want = append(want, d.Seal(head))
		head = want[len(want)-1].Head()
	}
	text := export(t, want)
	require.Equal(t, 3, bytes.Count(text, []byte("\n")))
	var got []Entry
	require.NoError(t, Lines(bytes.NewReader(text), func(e Entry) error { got = append(got, e); return nil }))
	require.Equal(t, want, got)
	require.Contains(t, string(text), `"data":"Grüße <&> `)

	stop := errors.New("stop")
	require.ErrorIs(t, Lines(bytes.NewReader(text), func(Entry) error { return stop }), stop)
}

func TestLinesRefuse(t *testing.T) {
	line := string(export(t, chain(1)))
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":        {"hello\n", "line 1 is not an entry: "},
		"cut off":        {line + line[:40], "line 2 is not an entry: "},
		"an empty line":  {line + "\n", "line 2 is not an entry: "},
		"another key":    {strings.Replace(line, `{`, `{"x":1,`, 1), "line 1 is not written as an export writes it"},
		"a key twice":    {strings.Replace(line, `"actor":"anna"`, `"actor":"otto","actor":"anna"`, 1), "line 1 is not written as an export writes it"},
		"another case":   {strings.Replace(line, `"actor"`, `"Actor"`, 1), "line 1 is not written as an export writes it"},
		"spaces":         {strings.Replace(line, `,`, `, `, 1), "line 1 is not written as an export writes it"},
		"a missing key":  {strings.Replace(line, `"actor":"anna",`, ``, 1), "line 1 is not written as an export writes it"},
		"a longer line":  {line + strings.Repeat("x", maxLine+1), "line 2 is longer than any entry"},
		"a wrong number": {strings.Replace(line, `"seq":1`, `"seq":"1"`, 1), "line 1 is not an entry: "},
	} {
		t.Run(name, func(t *testing.T) {
			err := Lines(strings.NewReader(c.text), func(Entry) error { return nil })
			require.ErrorContains(t, err, c.want)
		})
	}
}

// What is read is what was written, byte for byte, or it is refused.
func FuzzLines(f *testing.F) {
	f.Add(export(f, chain(3)))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var entries []Entry
		if Lines(bytes.NewReader(text), func(e Entry) error { entries = append(entries, e); return nil }) != nil {
			return
		}
		again := export(t, entries)
		require.Equal(t, strings.TrimSuffix(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"), strings.TrimSuffix(string(again), "\n"))
		verify(NewVerifier(nil, nil), entries)
	})
}
