package runbook

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOperations(t *testing.T) {
	all := Operations()
	for i, o := range all {
		found, ok := FindOperation(o.Name)
		require.True(t, ok)
		require.Equal(t, o, found)
		require.NotEmpty(t, o.Summary)
		require.Contains(t, []Risk{Read, Write, Destructive}, o.Risk)
		require.True(t, o.Risk != Read || o.Idempotent, "%s: a read that cannot be repeated", o.Name)
		if i > 0 {
			require.Less(t, all[i-1].Name, o.Name)
		}
	}
	_, ok := FindOperation("product.nothing")
	require.False(t, ok)
}
