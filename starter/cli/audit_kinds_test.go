package cli

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var inBackquotes = regexp.MustCompile("`([a-z_.]+)`")

// The table of the page on the ledger has all kinds and no other.
func TestKindsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/ledger.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(page), "\n| kind | when | fields of `data` |\n|---|---|---|\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	var kinds []string
	for line := range strings.Lines(table) {
		family := ""
		for _, match := range inBackquotes.FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
			kind := match[1]
			if strings.HasPrefix(kind, ".") {
				kind = family + kind
			}
			family, _, _ = strings.Cut(kind, ".")
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	require.Equal(t, entryKinds(), kinds)
}
