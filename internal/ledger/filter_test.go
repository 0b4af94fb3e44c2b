package ledger

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFilterCheck(t *testing.T) {
	for _, f := range []Filter{{}, {Limit: 1000}, {Since: "2026-03-01T12:00:00.5Z", KeyPrefix: "ä"}} {
		require.NoError(t, f.Check())
	}
	for want, f := range map[string]Filter{
		"ledger filter: limit -1; write 1 to 1000":                                                      {Limit: -1},
		"ledger filter: limit 1001; write 1 to 1000":                                                    {Limit: 1001},
		"ledger filter: entries are numbered from 1":                                                    {AfterSeq: -1},
		`ledger filter: since "yesterday" is not a time in UTC; write one such as 2026-03-01T12:00:00Z`: {Since: "yesterday"},
		`ledger filter: "a\x00" holds a NUL or is not UTF-8`:                                            {KeyPrefix: "a\x00"},
		`ledger filter: "\xff" holds a NUL or is not UTF-8`:                                             {Kind: "\xff"},
	} {
		require.EqualError(t, f.Check(), want)
	}
}

func TestSinceSecond(t *testing.T) {
	require.Empty(t, Filter{}.SinceSecond())
	since := Filter{Since: "2026-03-01T12:00:00.9Z"}.SinceSecond()
	for at, want := range map[string]bool{
		"2026-03-01T11:59:59.999999999Z": false,
		"2026-03-01T11:59:59Z":           false,
		"2026-03-01T12:00:00Z":           true,
		"2026-03-01T12:00:00.1Z":         true,
		"2026-03-01T12:00:01Z":           true,
	} {
		require.Equal(t, want, at >= since, at)
	}
}

func TestKeyEnd(t *testing.T) {
	for prefix, want := range map[string]string{
		"": "", "a": "b", "a/": "a0", "runbook/x": "runbook/y", "ä": "å", "a\U0010FFFF": "b", "\U0010FFFF": "", "\uD7FF": "\uE000",
	} {
		require.Equal(t, want, Filter{KeyPrefix: prefix}.KeyEnd(), prefix)
	}
}
