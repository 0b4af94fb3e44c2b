package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServiceNames(t *testing.T) {
	for name, want := range map[string]bool{
		"app": true, "openWebUI": true, "_worker": true, "-x": true, "a.b": true,
		"": false, "a b": false, "a/b": false, "a\n": false, "ä": false,
	} {
		require.Equal(t, want, IsServiceName(name), name)
	}
}
