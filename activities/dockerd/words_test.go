package dockerd

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLastLines(t *testing.T) {
	environment := []string{"TOKEN=hunter2hunter2", "LONG=hunter2hunter2hunter2", "SHORT=on", "HOME=/home/somebody", "KEY=first-line\nsecond-line\n", "EMPTY="}
	long := strings.Repeat("x", maxSaid)
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"only blanks", " \n\n", nil},
		{"ordinary", "one\r\ntwo\n", []string{"one", "two"}},
		{"a secret", "password is hunter2hunter2!\n", []string{"password is ${TOKEN}!"}},
		{"the longer of two", "hunter2hunter2hunter2", []string{"${LONG}"}},
		{"short values and paths are words", "turned on in /home/somebody", []string{"turned on in /home/somebody"}},
		{"a value of several lines", "got first-line\nsecond-line", []string{"got ${KEY}"}},
		{"a value of several lines, taken apart", "1: first-line\n2: second-line", []string{"1: ${KEY}", "2: ${KEY}"}},
		{"a secret in colours", "\x1b[31mhunter2\x1b[0mhunter2", []string{"${TOKEN}"}},
		{"what moves a cursor or sets a title", "a\x1b[2J\x1b]0;title\x07b\x08\x00c\td\u202e", []string{"abc d"}},
		{"broken bytes", "a\xffb", []string{"a�b"}},
		{"the last twenty", strings.Repeat("old\n", 30) + "new", append(strings.Split(strings.Repeat("old ", 19), " ")[:19], "new")},
		{"no more than 4 KiB", "first\n" + long, []string{long}},
		{"the end of a line that is too long", "a" + long + "z", []string{"…" + strings.Repeat("x", maxSaid-4) + "z"}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, lastLines(c.text, environment)) })
	}
}

func TestASecretIsNotCutInHalf(t *testing.T) {
	secret := strings.Repeat("s", 100)
	for cut := range 120 {
		lines := lastLines(secret+strings.Repeat("x", maxSaid-cut), []string{"SECRET=" + secret})
		require.NotContains(t, strings.Join(lines, ""), "ss", "cut %d", cut)
	}
}

func TestTail(t *testing.T) {
	end := &tail{size: 10}
	for _, part := range []string{"abcdefgh", "ijklmnopqrstuvwxyz", "", "0123", "45"} {
		n, err := end.Write([]byte(part))
		require.NoError(t, err)
		require.Len(t, part, n)
	}
	require.Equal(t, "wxyz012345", end.String())
	require.LessOrEqual(t, len(end.kept), 20+6)
}
