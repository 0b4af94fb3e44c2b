package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/templates"
)

// installed are the runbooks of this host by Definition.Sum.
func installed(set *templates.Set) (map[string]runbook.Definition, error) {
	all := map[string]runbook.Definition{}
	for _, d := range set.Runbooks() {
		sum, err := d.Sum()
		if err != nil {
			return nil, fmt.Errorf("runbook %s: %w", d.Name, err)
		}
		all[sum] = d
	}
	return all, nil
}

// keepInstalled keeps them in the ledger, each once: a run goes on with the definition that it began with when this host
// has another one, and what its gates demand is read there.
func keepInstalled(ctx context.Context, book activities.Ledger, host string, all map[string]runbook.Definition) error {
	for sum, d := range all {
		data, err := json.Marshal(runbook.Installed{Host: host, Name: d.Name, SHA256: sum, Definition: d})
		if err != nil {
			return fmt.Errorf("runbook %s: %w", d.Name, err)
		}
		if _, err := book.AppendFirst(ctx, ledger.Draft{
			Key: runbook.InstalledKey(host, sum), At: time.Now().UTC().Format(time.RFC3339), Kind: runbook.InstalledKind, Subject: "runbook/" + d.Name, Data: string(data),
		}); err != nil {
			return fmt.Errorf("runbook %s: %w", d.Name, err)
		}
	}
	return nil
}
