package message

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/request"
)

func TestSpelling(t *testing.T) {
	for text, want := range map[string]string{
		"größer 資料 🙂 e\u0301":                   "größer 資料 🙂 e\u0301",
		"<!channel> & <@U1>":                    "&lt;!channel&gt; &amp; &lt;@U1&gt;",
		"&lt;":                                  "&amp;lt;",
		"a\nb\r\x1b\t":                          `a\u{a}b\u{d}\u{1b}\u{9}`,
		"a\u202eb\u200b\ufeff":                  `a\u{202e}b\u{200b}\u{feff}`,
		"a\u00a0\u3164\u2800":                   `a\u{a0}\u{3164}\u{2800}`,
		"\xff\ufffd":                            `\x{ff}` + "\ufffd",
		`\d \u202e \u{202e} \x{ff} \\u{61}`:     `\d \u202e \u{5c}u{202e} \u{5c}x{ff} \\u{5c}u{61}`,
		"\u0301e\u0301\u0301\u0301\u0301\u0301": `\u{301}e` + "\u0301\u0301\u0301" + `\u{301}\u{301}`,
		" a b ":                                 `\u{20}a b\u{20}`,
		"  ":                                    `\u{20}\u{20}`,
		"":                                      "",
	} {
		require.Equal(t, want, slackPlain.line(text), "%q", text)
		require.Equal(t, text, readBack(slackPlain.line(text)))
	}
	require.Equal(t, "\ta \\u{60}b\\u{60} ", slackCode.text("\ta `b` "))
	require.Equal(t, `\u{7c}\u{2a}a\u{2a}\u{5f}\u{7e}`, slackWords.line("|*a*_~"))
	require.Equal(t, `\u{202e} \\ \u{60}`, slackStatement.text("\\u{202e} \\\\ `"), "a statement is shown as it is signed")
}

func TestCut(t *testing.T) {
	for text, want := range map[string]string{"": "", "abcdef": "abcdef", "abcdefg": "abc…", "a<<": "a…", "ab資": "ab資", "ab資資": "ab…", `""`: `""`, `""""`: `"…`} {
		got, _ := cut(slackPlain.letters(text, false), 6)
		require.Equal(t, want, got, text)
	}
	require.Equal(t, []string{"abc", "&lt;d", "ef"}, pieces(slackPlain.letters("abc<def", false), 5))
	require.Equal(t, []string{""}, pieces(slackPlain.letters("", false), 5))
}

func TestLinkTo(t *testing.T) {
	for _, c := range []struct {
		want, configured string
		path             []string
	}{
		{"https://a.b/c/d%2Fe", "https://a.b/c/", []string{"d/e"}},
		{"http://127.0.0.1:8233/x/%2E%2E/%3C%21here%3E%7C", "http://127.0.0.1:8233", []string{"x", "..", "<!here>|"}},
		{"https://a.b/?x=1&y=%2A%5F", "https://a.b/?x=1&y=*_", nil},
		{"https://a.b/%40channel%60", "https://a.b", []string{"@channel`"}},
		{"", "javascript:alert(1)", nil},
		{"", "ftp://a.b", nil},
		{"", "https://", nil},
		{"", "https://user:pass@a.b", nil},
		{"", "https://a.b|c", nil},
		{"", "//a.b", nil},
		{"", "", []string{"https://evil.example"}},
		{"", "https://a.b", []string{strings.Repeat("x", 600)}},
	} {
		require.Equal(t, c.want, LinkTo("x", c.configured, c.path...).url, c.configured)
	}
}

// An address from outside is text, whatever it looks like; only what LinkTo has made is a link.
func TestSourceIsNoLink(t *testing.T) {
	m := Alerts(Group{Alerts: []Alert{{Name: "A", Firing: true, Source: "https://evil.example"}}})
	for _, p := range m.Slack() {
		require.NotContains(t, string(encoded(p)), "<")
	}
}

func TestValue(t *testing.T) {
	r := approval(t).Request
	require.Equal(t, r.ID+" "+r.Shown+" approve", Value(r, request.Approve))
	long, hidden, open := r, r, r
	long.ID, hidden.ID, open.Shown = of(1025), r.ID+"\u200b", ""
	for _, none := range []string{Value(long, "approve"), Value(hidden, "approve"), Value(open, "approve"), Value(r, "a b"), Value(r, ""), Value(r, of(257))} {
		require.Empty(t, none)
	}
	for _, value := range []string{"", "a", "a b", " 0123456789abcdef approve", "a 0123 approve", "a 0123456789abcdef "} {
		_, _, _, ok := Pressed(value)
		require.False(t, ok, value)
	}
	long.ID = of(1024)
	require.LessOrEqual(t, len(Value(long, of(256))), maxButtonValue-600, "a tag has room behind it")
}

func TestLine(t *testing.T) {
	require.Equal(t, `no <!here> \u{200b} of two lines`, Line(" no <!here> \u200b\nof\ttwo  lines "))
}
