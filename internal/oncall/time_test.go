package oncall_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/oncall"
)

func TestParseTime(t *testing.T) {
	vienna := zone(t, "Europe/Vienna")
	for text, want := range map[string]string{
		"2026-01-09T17:00": "2026-01-09T17:00:00+01:00", "2026-07-09 17:00": "2026-07-09T17:00:00+02:00",
		"2026-01-09 17:00:01": "2026-01-09T17:00:01+01:00", "2026-01-09T17:00:00Z": "2026-01-09T18:00:00+01:00",
		"2026-10-25T02:30:00+02:00": "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00": "2026-10-25T02:30:00+01:00",
		"2026-03-29T01:59": "2026-03-29T01:59:00+01:00", "2026-03-29T03:00": "2026-03-29T03:00:00+02:00",
		"2026-10-25T01:59:59": "2026-10-25T01:59:59+02:00", "2026-10-25T03:00": "2026-10-25T03:00:00+01:00",
	} {
		got, err := oncall.ParseTime(text, vienna)
		require.NoError(t, err, text)
		require.Equal(t, want, got.Format(time.RFC3339), text)
	}
	for text, want := range map[string]string{
		"":                      `"" is no time; write one of Europe/Vienna such as 2026-01-09T17:00, or RFC 3339`,
		"2026-01-09":            `"2026-01-09" is no time; write one of Europe/Vienna such as 2026-01-09T17:00, or RFC 3339`,
		"2026-01-09T17:00:00.5": `"2026-01-09T17:00:00.5" is no time; write one of Europe/Vienna such as 2026-01-09T17:00, or RFC 3339`,
		"2026-02-30T17:00":      `"2026-02-30T17:00" is no time; write one of Europe/Vienna such as 2026-01-09T17:00, or RFC 3339`,
		"2026-03-29T02:00":      `"2026-03-29T02:00" is left out in Europe/Vienna, where the clocks are put forward then; write another time`,
		"2026-10-25T02:00":      `"2026-10-25T02:00" is there twice in Europe/Vienna, where the clocks are put back then; write it with an offset, such as 2026-10-25T02:00:00+02:00`,
	} {
		_, err := oncall.ParseTime(text, vienna)
		require.EqualError(t, err, want)
	}
}

func TestDate(t *testing.T) {
	var d oncall.Date
	require.NoError(t, d.UnmarshalText([]byte("2026-01-09")))
	require.Equal(t, "2026-01-09", d.String())
	require.Equal(t, d, d.Friday())
	require.NoError(t, d.UnmarshalText([]byte("2026-01-01")))
	require.Equal(t, "2025-12-26", d.Friday().String())
	for _, text := range []string{"", "2026-1-9", "2026-02-30", "0000-01-01", "2026-01-09T17:00:00Z", "Friday"} {
		require.ErrorContains(t, d.UnmarshalText([]byte(text)), "is no date; write one such as 2026-01-09", text)
	}
}

// What is read is what the clock on the wall shows, in whatever zone.
func FuzzParseTime(f *testing.F) {
	f.Add("2026-10-25T02:30", "Europe/Vienna")
	f.Add("2011-12-30T17:00", "Pacific/Apia")
	f.Add("2026-01-09T17:00:00Z", "UTC")
	f.Fuzz(func(t *testing.T, text, name string) {
		z, err := time.LoadLocation(name)
		if err != nil {
			return
		}
		got, err := oncall.ParseTime(text, z)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		again, err := oncall.ParseTime(got.Format(time.RFC3339), z)
		if got.Year() > 0 && got.Year() < 10000 {
			if _, offset := got.Zone(); offset%60 == 0 {
				require.NoError(t, err)
				require.True(t, got.Equal(again))
			}
		}
	})
}

func TestGroups(t *testing.T) {
	require.Equal(t, []string{"oncall:primary", "oncall:secondary", "oncall:commander"}, oncall.Groups())
	for _, role := range oncall.Roles() {
		got, ok := oncall.OfGroup(role.Group())
		require.True(t, ok)
		require.Equal(t, role, got)
	}
	for _, name := range []string{"oncall", "oncall:", "oncall:boss", "primary", "sre"} {
		_, ok := oncall.OfGroup(name)
		require.False(t, ok, name)
	}
}
