package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

var someFindings = []finding{
	{"configuration", statusOK, "/etc/evenkeel/evenkeel.yaml", ""},
	{"search attributes", statusNote, "the namespace default has no EvenkeelHost", "create them with starter init --search-attributes"},
	{"nginx upstreams", statusMissing, "/srv/shop/deployments/production/nginx/conf.d/upstreams/app.conf: no such file or directory", "write it, or run starter init"},
	{"GPUs", statusNotAsked, "", ""},
}

func TestWrapFindings(t *testing.T) {
	for width, want := range map[int]string{
		60: `
CHECK              STATUS     DETAIL
configuration      ok         /etc/evenkeel/evenkeel.yaml
search attributes  note       the namespace default has no
                              EvenkeelHost
                              → create them with starter
                              init --search-attributes
nginx upstreams    missing    /srv/shop/deployments/
                              production/nginx/conf.d/
                              upstreams/app.conf: no such
                              file or directory
                              → write it, or run starter
                              init
GPUs               not asked
`,
		80: `
CHECK              STATUS     DETAIL                    WHAT TO DO
configuration      ok         /etc/evenkeel/
                              evenkeel.yaml
search attributes  note       the namespace default     create them with starter
                              has no EvenkeelHost       init --search-attributes
nginx upstreams    missing    /srv/shop/deployments/    write it, or run starter
                              production/nginx/conf.d/  init
                              upstreams/app.conf: no
                              such file or directory
GPUs               not asked
`,
		120: `
CHECK              STATUS     DETAIL                                        WHAT TO DO
configuration      ok         /etc/evenkeel/evenkeel.yaml
search attributes  note       the namespace default has no EvenkeelHost     create them with starter init
                                                                            --search-attributes
nginx upstreams    missing    /srv/shop/deployments/production/nginx/       write it, or run starter init
                              conf.d/upstreams/app.conf: no such file or
                              directory
GPUs               not asked
`,
	} {
		got := wrapTable(findingRows(someFindings, width < hintColumns), width)
		require.Equal(t, strings.TrimPrefix(want, "\n"), got, "%d columns", width)
		for line := range strings.SplitSeq(got, "\n") {
			require.LessOrEqual(t, len([]rune(line)), width, line)
		}
	}
}

func TestWrapCell(t *testing.T) {
	for text, want := range map[string][]string{
		"":                       {""},
		"one two":                {"one two"},
		"one  two three":         {"one two", "three"},
		"a\nb":                   {"a", "b"},
		"x 0123456789abcdef y":   {"x", "01234567", "89abcdef", "y"},
		"/a/bc/defghijklm/n":     {"/a/bc/", "defghijk", "lm/n"},
		"äöüäöüäöü ß":            {"äöüäöüäö", "ü ß"},
		"/0123456789 after this": {"/0123456", "789", "after", "this"},
	} {
		require.Equal(t, want, wrapCell(text, 8), text)
	}
}

// A terminal says how wide it is; whatever is none has the usual width.
func TestColumns(t *testing.T) {
	require.Equal(t, usualColumns, columns(&strings.Builder{}))
	file, err := os.Create(t.TempDir() + "/file")
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	require.Equal(t, usualColumns, columns(file))
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = terminal.Close() })
	require.Equal(t, usualColumns, columns(terminal)) // a new one has no width yet
	require.NoError(t, unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 72}))
	require.Equal(t, 72, columns(terminal))
}

// No line is longer than a terminal is wide, whatever the cells hold.
func TestWrapWithin(t *testing.T) {
	long := "hosts.gpu-1.projects.shop: " + strings.Repeat("x", 90) + " /srv/" + strings.Repeat("folder/", 12) + " and some words"
	for _, below := range []bool{true, false} {
		rows := findingRows([]finding{{"Compose project of " + strings.Repeat("p", 40), statusNotAsked, long, "correct " + long}, {"a", statusOK, "1", ""}}, below)
		for width := 24; width < 200; width += 7 {
			for line := range strings.Lines(wrapTable(rows, width)) {
				require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width)
			}
		}
	}
	t.Setenv("COLUMNS", "61")
	require.Equal(t, 61, columns(&bytes.Buffer{}), "a terminal that does not say how wide it is")
	t.Setenv("COLUMNS", "x")
	require.Equal(t, usualColumns, columns(&bytes.Buffer{}))
}
