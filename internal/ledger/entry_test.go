package ledger

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDraftCheck(t *testing.T) {
	good := Draft{Key: "k", At: "2026-03-01T12:00:00Z", Kind: "note"}
	require.NoError(t, good.Check())
	for _, d := range golden {
		require.NoError(t, d.Check())
	}
	for _, c := range []struct {
		name   string
		change func(*Draft)
		want   string // empty when it is right
	}{
		{"no key", func(d *Draft) { d.Key = "" }, "ledger entry: key is missing"},
		{"no kind", func(d *Draft) { d.Kind = "" }, "ledger entry: kind is missing"},
		{"longest key", func(d *Draft) { d.Key = strings.Repeat("ä", 256) }, ""},
		{"long key", func(d *Draft) { d.Key = strings.Repeat("k", 513) }, "ledger entry: key has 513 bytes; it may have 512"},
		{"long kind", func(d *Draft) { d.Kind = strings.Repeat("k", 65) }, "ledger entry: kind has 65 bytes; it may have 64"},
		{"long subject", func(d *Draft) { d.Subject = strings.Repeat("k", 513) }, "ledger entry: subject has 513 bytes; it may have 512"},
		{"long actor", func(d *Draft) { d.Actor = strings.Repeat("k", 257) }, "ledger entry: actor has 257 bytes; it may have 256"},
		{"long workflow", func(d *Draft) { d.WorkflowID = strings.Repeat("k", 1001) }, "ledger entry: workflow_id has 1001 bytes; it may have 1000"},
		{"long run", func(d *Draft) { d.RunID = strings.Repeat("k", 65) }, "ledger entry: run_id has 65 bytes; it may have 64"},
		{"most data", func(d *Draft) { d.Data = strings.Repeat("k", 256<<10) }, ""},
		{"long data", func(d *Draft) { d.Data = strings.Repeat("k", 256<<10+1) }, "ledger entry: data has 262145 bytes; it may have 262144"},
		{"lines in data", func(d *Draft) { d.Data = "a\nb\tc" }, ""},
		{"data with NUL", func(d *Draft) { d.Data = "a\x00" }, "ledger entry: data holds a NUL or is not UTF-8; write text"},
		{"data of bytes", func(d *Draft) { d.Data = "\xff" }, "ledger entry: data holds a NUL or is not UTF-8; write text"},
		{"line in key", func(d *Draft) { d.Key = "a\nb" }, `ledger entry: key "a\nb" holds a control character or is not UTF-8; write one line of text`},
		{"escape in actor", func(d *Draft) { d.Actor = "\x1b[2J" }, `ledger entry: actor "\x1b[2J" holds a control character or is not UTF-8; write one line of text`},
		{"bytes in subject", func(d *Draft) { d.Subject = "\xff" }, `ledger entry: subject "\xff" holds a control character or is not UTF-8; write one line of text`},
		{"no time", func(d *Draft) { d.At = "" }, `ledger entry: at "" is not a time in UTC; write one such as 2026-03-01T12:00:00Z`},
		{"other zone", func(d *Draft) { d.At = "2026-03-01T12:00:00+01:00" }, `ledger entry: at "2026-03-01T12:00:00+01:00" is not a time in UTC; write one such as 2026-03-01T12:00:00Z`},
		{"zone zero", func(d *Draft) { d.At = "2026-03-01T12:00:00+00:00" }, `ledger entry: at "2026-03-01T12:00:00+00:00" is not a time in UTC; write one such as 2026-03-01T12:00:00Z`},
		{"short hour", func(d *Draft) { d.At = "2026-03-01T1:00:00Z" }, `ledger entry: at "2026-03-01T1:00:00Z" is not a time in UTC; write one such as 2026-03-01T12:00:00Z`},
		{"comma", func(d *Draft) { d.At = "2026-03-01T12:00:00,5Z" }, `ledger entry: at "2026-03-01T12:00:00,5Z" is not a time in UTC; write one such as 2026-03-01T12:00:00Z`},
		{"picoseconds", func(d *Draft) { d.At = "2026-03-01T12:00:00.123456789012Z" }, `ledger entry: at "2026-03-01T12:00:00.123456789012Z" is not a time in UTC; write one such as 2026-03-01T12:00:00Z`},
		{"milliseconds", func(d *Draft) { d.At = "2026-03-01T12:00:00.120Z" }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := good
			c.change(&d)
			if c.want == "" {
				require.NoError(t, d.Check())
				return
			}
			require.EqualError(t, d.Check(), c.want)
		})
	}
}

func TestSays(t *testing.T) {
	e := golden[0].Seal(Beginning())
	later := golden[0]
	later.At, later.RunID, later.WorkflowID = "2026-03-02T12:00:00Z", "other", "other"
	require.True(t, e.Says(later), "a repeated attempt says the same at another time")
	for _, change := range []func(*Draft){
		func(d *Draft) { d.Key += "x" },
		func(d *Draft) { d.Kind += "x" },
		func(d *Draft) { d.Subject += "x" },
		func(d *Draft) { d.Actor += "x" },
		func(d *Draft) { d.Data += " " },
	} {
		other := golden[0]
		change(&other)
		require.False(t, e.Says(other))
	}
}

func TestParseHead(t *testing.T) {
	for _, h := range []Head{Beginning(), {Seq: 42, Hash: strings.Repeat("0a", 32)}} {
		got, err := ParseHead(h.String() + "\n")
		require.NoError(t, err)
		require.Equal(t, h, got)
	}
	hash := strings.Repeat("ab", 32)
	for _, text := range []string{
		"", "\n", "42", "42 ", "42 ab", "x " + hash, "-1 " + hash, "042 " + hash, "42  " + hash, " 42 " + hash, "42 " + hash + " ", "42 " + hash + "\n\n",
		"42 " + strings.ToUpper(hash), "42 " + strings.Repeat("zz", 32), "0 " + hash, "99999999999999999999 " + hash,
	} {
		_, err := ParseHead(text)
		require.ErrorContains(t, err, "is not a number and a hash", text)
	}
}
