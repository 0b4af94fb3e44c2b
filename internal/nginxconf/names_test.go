package nginxconf

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUpstreamNames(t *testing.T) {
	for name, want := range map[string]bool{
		"app": true, "openWebUI": true, "_worker": true, "9": true, "a.b-c": true, strings.Repeat("a", 100): true,
		"": false, ".a": false, "-a": false, "a..b": false, "a/b": false, "a b": false, "a\n": false, "a;": false, strings.Repeat("a", 101): false,
	} {
		require.Equal(t, want, IsUpstreamName(name), name)
	}
}
