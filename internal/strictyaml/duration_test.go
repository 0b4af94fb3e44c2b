package strictyaml_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0s": 0, "90s": 90 * time.Second, "5m": 5 * time.Minute, "48h": 48 * time.Hour,
		"30d": 720 * time.Hour, "1h30m": 90 * time.Minute, "1d2h3m4s": 93784 * time.Second,
	} {
		got, err := strictyaml.ParseDuration(text)
		require.NoError(t, err, text)
		require.Equal(t, strictyaml.Duration(want), got, text)
		require.Equal(t, int(want/time.Second), got.Seconds(), text)
	}
	for text, want := range map[string]string{
		"90":                      "90 has no unit; write 90s, 5m, 48h or 30d",
		"":                        `"" is not a duration; write 90s, 5m, 48h, 30d or 1h30m`,
		"-5s":                     `"-5s" is not a duration; write 90s, 5m, 48h, 30d or 1h30m`,
		"1.5h":                    `"1.5h" is not a duration; write 90s, 5m, 48h, 30d or 1h30m`,
		"5 m":                     `"5 m" is not a duration; write 90s, 5m, 48h, 30d or 1h30m`,
		"30m1h":                   `"30m1h" is not a duration; write 90s, 5m, 48h, 30d or 1h30m`,
		"100ms":                   `"100ms" is not a duration; write 90s, 5m, 48h, 30d or 1h30m`,
		"300000000h":              `"300000000h" is longer than 292 years`,
		"106751d24h":              `"106751d24h" is longer than 292 years`,
		"9999999999999999999999s": `"9999999999999999999999s" is longer than 292 years`,
	} {
		_, err := strictyaml.ParseDuration(text)
		require.EqualError(t, err, want, text)
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"90s", "1h30m", "30d", "0s", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := strictyaml.ParseDuration(text)
		if err != nil {
			return
		}
		again, err := strictyaml.ParseDuration(d.String())
		require.NoError(t, err)
		require.Equal(t, d, again)
	})
}
