package cli

import (
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// entryKinds are the kinds of all entries that evenkeel makes, those of one family together.
func entryKinds() []string {
	all := append(slices.Clone(activities.KeptKinds), activities.NotificationKind, activities.ServiceAsked, activities.ServiceFinished, activities.ServiceStarting, activities.ServiceTaking, ledger.HostKeyKind, runbook.InstalledKind, identity.UsedKind)
	slices.Sort(all)
	return all
}

// kindLines lists them with a line for each family.
func kindLines() string {
	var lines []string
	family := ""
	for _, kind := range entryKinds() {
		of, _, _ := strings.Cut(kind, ".")
		if of != family {
			family = of
			lines = append(lines, "  "+kind)
			continue
		}
		lines[len(lines)-1] += ", " + kind
	}
	return strings.Join(lines, "\n")
}

// noSuchKind is the error of a kind of which the ledger has nothing; nil for one that evenkeel makes. What another
// version has made is found without it.
func noSuchKind(kind string) error {
	all := entryKinds()
	if kind == "" || slices.Contains(all, kind) {
		return nil
	}
	hint := "see starter audit list --help"
	if near, ok := strictyaml.Nearest(kind, all); ok {
		hint = "did you mean " + near + "?"
	}
	return usage("--kind", "there is no kind of entry "+strictyaml.Quote(kind), hint)
}
