package identity

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// No two statements have the same text: what is written can be read back, and some that are near each other differ.
func FuzzStatement(f *testing.F) {
	f.Add("a", "b: c", "\n", "run-id: x", "sha256:", "\\", int64(0), int64(1))
	f.Add(" ", "\u202e", "\xff", "\ufffd", "\\u{20}", "", int64(7), int64(7))
	f.Add("--override", `"--override"`, "", `""`, "a: b\narg c", "arg c: d", int64(7), int64(8))
	f.Add("\u3164", "\u115f\u1160", "\u2800", "\ufe0f", "\u0301", "\U000e0100", int64(1), int64(2))
	f.Fuzz(func(t *testing.T, a, b, c, d, e, g string, at, until int64) {
		build := func(a, b, c, d, e, g string) Statement {
			return Statement{
				Cluster: a, Do: b, Who: c, Login: g, Host: d, Run: e, RunID: g, Request: b, Step: a, Attempt: len(a), Plan: c, Shown: g,
				Arguments: map[string]string{a: b, c: d, e + " " + g: a}, Fields: map[string]string{e: g, b: c}, Reason: d,
				At: time.Unix(at&0xffffffff, 0), Until: time.Unix(until&0xffffffff, 0), Nonce: e,
			}
		}
		all := []Statement{
			build(a, b, c, d, e, g), build(b, a, c, d, e, g), build(a, c, b, d, e, g), build(a, b, d, c, e, g), build(a, b, c, e, d, g),
			build(a, b, c, d, g, e), build(a+b, "", c, d, e, g), build("", a+b, c, d, e, g), build(a, b+c, "", d, e, g), build(a, b, c+"\n"+d, "", e, g),
			build(a+" ", b, c, d, e, g), build(`"`+a+`"`, b, c, d, e, g), build("--"+a, b, c, d, e, g), build(a+": "+b, b, c, d, e, g), build(a, b, c, d, e+"\u2800", g),
		}
		for i := range all {
			for j := range i + 1 {
				differ(t, all[i], all[j])
			}
			if text, err := all[i].Text(); err == nil && !strings.Contains(text, ": sha256:") {
				read, ok := readBack(text)
				require.True(t, ok, "%q", text)
				require.True(t, equal(all[i], read), "%q\n%+v\n%+v", text, all[i], read)
			}
		}
	})
}

// readBack is the statement of a text without digests, by the one rule that a line is NAME: VALUE.
func readBack(text string) (s Statement, ok bool) {
	s.Arguments, s.Fields = map[string]string{}, map[string]string{}
	at, until := "", ""
	texts := map[string]*string{
		"cluster": &s.Cluster, "do": &s.Do, "who": &s.Who, "login": &s.Login, "host": &s.Host, "run": &s.Run, "run-id": &s.RunID, "request": &s.Request, "step": &s.Step,
		"plan": &s.Plan, "shown": &s.Shown, "reason": &s.Reason, "nonce": &s.Nonce, "at": &at, "until": &until,
	}
	body, ok := strings.CutPrefix(text, "evenkeel statement 1\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(body, "\n"), "\n") {
		key, value, cut := strings.Cut(line, ": ")
		of, name, named := strings.Cut(key, " ")
		quoted := strings.HasPrefix(name, `"`)
		switch set := map[string]map[string]string{"arg": s.Arguments, "field": s.Fields}[of]; {
		case named && set != nil && quoted == strings.ContainsAny(name, ` "`):
			set[unescaped(strings.Trim(name, `"`))] = unescaped(value)
		case key == "attempt":
			s.Attempt, _ = strconv.Atoi(value)
		case cut && texts[key] != nil:
			*texts[key] = unescaped(value)
			delete(texts, key)
		default:
			return s, false
		}
	}
	delete(texts, "shown") // which a text may lack
	s.At, _ = time.Parse(time.RFC3339, at)
	s.Until, _ = time.Parse(time.RFC3339, until)
	return s, ok && len(texts) == 0
}

var escapes = regexp.MustCompile(`\\(\\|n|[ux]\{[0-9a-f]+\})`)

func unescaped(text string) string {
	return escapes.ReplaceAllStringFunc(text, func(e string) string {
		switch e[1] {
		case '\\':
			return `\`
		case 'n':
			return "\n"
		}
		n, _ := strconv.ParseInt(e[3:len(e)-1], 16, 32)
		if e[1] == 'x' {
			return string([]byte{byte(n)})
		}
		return string(rune(n))
	})
}
