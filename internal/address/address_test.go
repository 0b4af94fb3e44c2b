package address

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSecret(t *testing.T) {
	const none, clear = "is not an address; ", "is not encrypted, and "
	for text, want := range map[string]string{
		"https://hooks.example/hush?sig=1": "",
		"http://127.0.0.1:8080/hush":       "",
		"http://[::1]/hush":                "",
		"http://localhost/hush":            "",
		"":                                 none,
		"hush":                             none,
		"https:///hush":                    none,
		"ftp://hooks.example/hush":         none,
		"https://hooks.example/hu sh\x7f":  none,
		"http://hooks.example/hush":        clear,
		"http://127.0.0.1.example/hush":    clear,
		"http://localhost.example/hush":    clear,
		"https://me:hush@hooks.example/":   "holds a user or password, ",
		"https://hooks.example/#hush":      "goes on after #, ",
	} {
		got := Secret(text)
		require.NotContains(t, got, "hush", text)
		if want == "" {
			require.Empty(t, got, text)
		} else {
			require.Contains(t, got, want, text)
			require.Contains(t, got, "; ", text)
		}
	}
}

func TestEncrypted(t *testing.T) {
	for text, want := range map[string]bool{
		"https://a.example": true, "http://127.1.2.3": true, "http://localhost:1": true, "http://a.example": false, "http://10.0.0.1": false,
	} {
		u, err := url.Parse(text)
		require.NoError(t, err)
		require.Equal(t, want, Encrypted(u), text)
	}
}
