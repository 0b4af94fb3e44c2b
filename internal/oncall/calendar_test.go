package oncall_test

import (
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/oncall"
)

// properties unfolds a calendar and returns the properties of each event.
func properties(t *testing.T, text string) []map[string]string {
	t.Helper()
	require.NotContains(t, strings.ReplaceAll(text, "\r\n", ""), "\n", "every line ends in CRLF")
	for line := range strings.SplitSeq(text, "\r\n") {
		require.LessOrEqual(t, len(line), 75)
		require.True(t, utf8.ValidString(line), "no character is cut")
	}
	var events []map[string]string
	for line := range strings.SplitSeq(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n ", ""), "\r\n"), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		require.True(t, ok, line)
		switch {
		case line == "BEGIN:VEVENT":
			events = append(events, map[string]string{})
		case len(events) > 0 && name != "END":
			require.NotContains(t, events[len(events)-1], name)
			events[len(events)-1][name] = value
		}
	}
	return events
}

func TestCalendar(t *testing.T) {
	r := vienna(t)
	changed := time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC)
	r.Overrides = []oncall.Override{
		{oncall.Primary, "ben", at(t, "2026-03-28T09:00", r.Zone), at(t, "2026-03-30T09:00", r.Zone), `anna's "fair", day 1; see C:\x ` + strings.Repeat("é", 40)},
	}
	shifts := r.Weeks(at(t, "2026-03-28T00:00", r.Zone), 2)
	text := r.Calendar(shifts, changed)
	want, err := os.ReadFile("testdata/oncall.ics")
	require.NoError(t, err)
	require.Equal(t, string(want), text)

	events := properties(t, text)
	require.Len(t, events, len(shifts))
	require.Len(t, shifts, 8, "two weeks of three roles, and a week that an override splits in three")
	seen := map[string]bool{}
	for _, e := range events {
		require.False(t, seen[e["UID"]], "a UID is one event's")
		seen[e["UID"]] = true
		require.Equal(t, "20260301T120000Z", e["DTSTAMP"])
	}

	// A shift that an override takes over keeps its UID, and so does every shift in a later export.
	r.Overrides = []oncall.Override{{oncall.Primary, "dora", at(t, "2026-03-27T17:00", r.Zone), at(t, "2026-04-03T17:00", r.Zone), "x"}}
	other := properties(t, r.Calendar(r.Weeks(at(t, "2026-03-20T17:00", r.Zone), 3), changed.Add(time.Hour)))
	kept := 0
	for _, e := range other {
		if seen[e["UID"]] {
			kept++
		}
	}
	require.Equal(t, 6, kept)
	require.Empty(t, properties(t, r.Calendar(nil, changed)))
}

// Before the start it is the first weeks.
func TestWeeksBeforeTheStart(t *testing.T) {
	r := vienna(t)
	shifts := r.Weeks(time.Time{}, 1)
	require.Len(t, shifts, 3)
	for i, s := range shifts {
		require.Equal(t, oncall.Roles()[i], s.Role)
		require.True(t, s.Since.Equal(r.Begins()))
	}
}
