package identity

import (
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
)

func approval() Statement {
	return Statement{
		Cluster: "5d7c9a3e-7a51-4a0e-93c2-0c5f6a2b1d11", Do: "approve", Who: "anna@gpu-1", Host: "gpu-1", Run: "runbook/gpu-1/shop/fix/k",
		RunID: "01a2", Request: "runbook/gpu-1/shop/fix/k:gate.1@0123abcd", Attempt: 1, Plan: strings.Repeat("ab", 32),
		Arguments: map[string]string{"service": "app", "command": "wipe"}, Fields: map[string]string{"ticket": "OPS-7"},
		Reason: "agreed with Bo\nat 5", Until: time.Date(2026, 11, 27, 6, 53, 0, 5, time.UTC), At: time.Date(2026, 11, 27, 7, 38, 0, 0, time.FixedZone("", 3600)), Nonce: "f00d",
	}
}

func TestStatementText(t *testing.T) {
	text, err := approval().Text()
	require.NoError(t, err)
	require.Equal(t, `evenkeel statement 1
cluster: 5d7c9a3e-7a51-4a0e-93c2-0c5f6a2b1d11
do: approve
who: anna@gpu-1
login: 
host: gpu-1
run: runbook/gpu-1/shop/fix/k
run-id: 01a2
request: runbook/gpu-1/shop/fix/k:gate.1@0123abcd
step: 
attempt: 1
plan: abababababababababababababababababababababababababababababababab
arg command: wipe
arg service: app
field ticket: OPS-7
reason: agreed with Bo\nat 5
until: 2026-11-27T06:53:00Z
at: 2026-11-27T06:38:00Z
nonce: f00d
`, text)
}

func TestStatementOfWhatIsLong(t *testing.T) {
	s := approval()
	s.Arguments["service"] = strings.Repeat("ä", 200)
	text, err := s.Text()
	require.NoError(t, err)
	require.Contains(t, text, "\narg service: sha256:")
	require.Contains(t, text, " 400 bytes\n")
	s.Fields = map[string]string{}
	for name := range strings.SplitSeq("abcdefghijklmnopqrstuvwxyz", "") {
		s.Fields[name] = strings.Repeat("x", 200)
	}
	text, err = s.Text()
	require.NoError(t, err)
	require.Contains(t, text, "\nfields: sha256:")
	require.NotContains(t, text, "field a")
	s.Run = strings.Repeat("\x1b", 250) // short, and 7 bytes each
	s.RunID, s.Request, s.Step, s.Who, s.Reason = s.Run, s.Run, s.Run, s.Run, s.Run
	_, err = s.Text()
	require.ErrorContains(t, err, "it may have 8192")
}

// No text of a statement can be read as another's.
func TestStatementTricks(t *testing.T) {
	plain := approval()
	for name, change := range map[string]func(*Statement){
		"a line of another key":      func(s *Statement) { s.Run, s.RunID = "a\nrun-id: b", "" },
		"a name with a colon":        func(s *Statement) { s.Arguments = map[string]string{"service: app\narg x": "y", "command": "wipe"} },
		"a digest as a value":        func(s *Statement) { s.Reason = digest(strings.Repeat("x", 300)) },
		"what has that digest":       func(s *Statement) { s.Reason = strings.Repeat("x", 300) },
		"an escape as a value":       func(s *Statement) { s.Reason = `agreed with Bo\nat 5` },
		"a blank at the end":         func(s *Statement) { s.Reason += " " },
		"a blank that does not show": func(s *Statement) { s.Reason += "\u00a0" },
		"right to left":              func(s *Statement) { s.Reason += "\u202e" },
		"a broken byte":              func(s *Statement) { s.Reason += "\xff" },
		"its replacement":            func(s *Statement) { s.Reason += "\ufffd" },
		"a name with a blank":        func(s *Statement) { s.Arguments = map[string]string{"service x": "app", "command": "wipe"} },
		"no name":                    func(s *Statement) { s.Arguments[""] = "app" },
		"a name in quotes":           func(s *Statement) { s.Arguments[`""`] = "app" },
		"a name like a flag":         func(s *Statement) { s.Arguments["-- override"] = "yes" },
		"a filler":                   func(s *Statement) { s.Reason += "\u3164" },
		"a Hangul filler":            func(s *Statement) { s.Reason += "\u115f\u1160" },
		"Braille without a dot":      func(s *Statement) { s.Reason += "\u2800" },
		"a variation selector":       func(s *Statement) { s.Reason += "\ufe0f" },
		"one of Mongolian":           func(s *Statement) { s.Arguments["service\u180b"] = "app" },
		"a joiner of graphemes":      func(s *Statement) { s.Reason += "\u034f" },
		"a mark on the blank before": func(s *Statement) { s.Reason = "\u0301" + s.Reason },
		"a field for an argument":    func(s *Statement) { s.Arguments, s.Fields = s.Fields, s.Arguments },
		"request for step":           func(s *Statement) { s.Request, s.Step = s.Step, s.Request },
	} {
		t.Run(name, func(t *testing.T) {
			changed := approval()
			change(&changed)
			differ(t, plain, changed)
			text, err := changed.Text()
			require.NoError(t, err)
			keys := strings.Count(text, "\n") - strings.Count(text, "\narg ") - strings.Count(text, "\nfield ")
			require.Equal(t, 16, keys, text)
		})
	}
}

// differ holds two statements against their texts: the same exactly where all their values are.
func differ(t *testing.T, a, b Statement) {
	t.Helper()
	one, errOne := a.Text()
	two, errTwo := b.Text()
	if errOne != nil || errTwo != nil {
		return
	}
	require.Equal(t, equal(a, b), one == two, "%q\n%q", one, two)
	for _, text := range []string{one, two} {
		require.LessOrEqual(t, len(text), MaxBytes)
		require.Negative(t, strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }))
		require.False(t, strings.ContainsFunc(text, hides), "%q", text)
	}
}

// hides says of a letter that it is drawn as nothing.
func hides(r rune) bool {
	return r == '\u2800' || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.Variation_Selector, r)
}

// equal compares what a statement holds of its times: seconds.
func equal(a, b Statement) bool {
	if stamp(a.Until) != stamp(b.Until) || stamp(a.At) != stamp(b.At) || !maps.Equal(a.Arguments, b.Arguments) || !maps.Equal(a.Fields, b.Fields) {
		return false
	}
	a.Until, a.At, a.Arguments, a.Fields = b.Until, b.At, nil, nil
	b.Arguments, b.Fields = nil, nil
	return reflect.DeepEqual(a, b)
}

// What stands in a statement as a digest is shown whole.
func TestWhole(t *testing.T) {
	long := strings.Repeat("a\n", 200)
	s := Statement{Arguments: map[string]string{"short": "x", "wipe": long}, Reason: long}
	shown := strings.Repeat(`a\n`, 200)
	require.Equal(t, "arg wipe: "+shown+"\nreason: "+shown+"\n", s.Whole())
	many := map[string]string{}
	for i := range 40 {
		many[strings.Repeat("n", i+1)] = strings.Repeat("v", 200)
	}
	require.Len(t, strings.Split(strings.TrimSpace(Statement{Fields: many}.Whole()), "\n"), 40, "together they are too long")
	require.Empty(t, Statement{Arguments: map[string]string{"short": "x"}, Reason: "y"}.Whole())
}
