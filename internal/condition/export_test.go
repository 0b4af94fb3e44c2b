package condition

import (
	"testing"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/parser"
	"github.com/stretchr/testify/require"
)

// Bounds are what an expression may be at most.
var Bounds = []int{maxText, maxDepth, maxNodes, maxRegex, maxNames, maxValue, maxCost}

// Unparse writes what the parser makes of an expression.
func Unparse(t *testing.T, text string) string {
	t.Helper()
	parsed, errs := shared().parser.Parse(common.NewTextSource(text))
	require.Empty(t, errs.GetErrors())
	out, err := parser.Unparse(parsed.Expr(), parsed.SourceInfo())
	require.NoError(t, err)
	return out
}

// Longest is how long the text of a value can be.
var Longest = longest
