package terminal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"größer 資料\u3000🙂 e\u0301": "größer 資料\u3000🙂 e\u0301",
		"a\nb":                     "a\nb",
		"\x1b[2Jclean":             `\u001b[2Jclean`,
		"a\rb\a\b\t\x00\x7f":       `a\u000db\u0007\u0008\u0009\u0000\u007f`,
		"\u009b2J":                 `\u009b2J`,
		"\x9b2J":                   `\ufffd2J`,
		"\u202egpj.exe\u2066":      `\u202egpj.exe\u2066`,
		"a\u2028b\u2029c":          `a\u2028b\u2029c`,
		"a\u200db\ufeff":           `a\u200db\ufeff`,
		"\U000e0041":               `\udb40\udc41`,
		"\ufffd":                   "\ufffd",
	} {
		require.Equal(t, want, Text(text), "%q", text)
		var read string
		require.NoError(t, json.Unmarshal([]byte(`"`+strings.ReplaceAll(Text(text), "\n", `\n`)+`"`), &read))
		require.Equal(t, strings.ToValidUTF8(text, "\ufffd"), read, "JSON reads the same")
	}
}

func TestLine(t *testing.T) {
	require.Equal(t, `a b c d e  f\u001bg`, Line("a\n \n\tb\r\nc\u2028d\u0085e  f\x1bg"))
	for r := range rune(unicode.MaxRune) {
		if strings.ContainsFunc(Line(string(r)), func(r rune) bool { return !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r) }) {
			t.Fatalf("%U is written as it is", r)
		}
	}
}

// However a text is cut into writes, the same comes out.
func TestWriterCut(t *testing.T) {
	const text = "ä資🙂\x1b\u202e\n\xff\xf0\x9f"
	for cut := range len(text) {
		var out bytes.Buffer
		w := NewWriter(&out)
		for _, part := range []string{text[:cut], text[cut:]} {
			n, err := w.Write([]byte(part))
			require.NoError(t, err)
			require.Equal(t, len(part), n)
		}
		require.NoError(t, w.Flush())
		require.Equal(t, Text(text), out.String())
	}
	var out bytes.Buffer
	w := NewWriter(&out)
	for _, b := range []byte(text) {
		_, err := w.Write([]byte{b})
		require.NoError(t, err)
	}
	require.NoError(t, w.Flush())
	require.Equal(t, Text(text), out.String())
	_, err := NewWriter(iotest.TruncateWriter(failing{}, 0)).Write([]byte("a"))
	require.NoError(t, err, "nothing reaches it")
	_, err = NewWriter(failing{}).Write([]byte("a"))
	require.ErrorIs(t, err, os.ErrClosed)
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

type word string

func TestPrintf(t *testing.T) {
	const hostile = "a\nb\x1bc"
	var out bytes.Buffer
	w := NewWriter(&out)
	w.Printf("%s|%-9s|%q|%v|%s|%d|%5.1f%%|%s|%v\n  %s\n", hostile, word("x\ny"), hostile, errors.New(hostile), word(hostile), 7, 2.25, time.Minute, []string{hostile}, "end")
	w.Control("\r\x1b[K")
	require.Equal(t, `a b\u001bc|x y      |"a\nb\x1bc"|a b\u001bc|a b\u001bc|7|  2.2%|1m0s|[a b\u001bc]`+"\n  end\n\r\x1b[K", out.String())
}

func TestPrintError(t *testing.T) {
	var out bytes.Buffer
	PrintError(&out, "worker", errors.Join(errors.New("a\x1bb"), errors.Join(errors.New("c\nd")), fmt.Errorf("e: %w", errors.New("f"))))
	require.Equal(t, "worker: a\\u001bb\nworker: c d\nworker: e: f\n", out.String())
}

func TestIs(t *testing.T) {
	f, err := os.Open(os.DevNull) // a character device, and no terminal
	require.NoError(t, err)
	defer f.Close()
	require.False(t, Is(f))
	require.False(t, Is(&bytes.Buffer{}))
	_, ok := Width(NewWriter(f))
	require.False(t, ok)
}
