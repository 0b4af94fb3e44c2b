package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/templates"
)

// installed are the runbooks of this host by Definition.Sum.
func installed(set *templates.Set) (map[string]runbook.Program, error) {
	all := map[string]runbook.Program{}
	for _, d := range set.Runbooks() {
		sum, err := d.Sum()
		if err != nil {
			return nil, fmt.Errorf("runbook %s: %w", d.Name, err)
		}
		all[sum] = runbook.Lay(d)
	}
	return all, nil
}

// keepInstalled keeps in the ledger what is installed on a host, one entry whenever that changes: a run goes on with the
// definition that it began with when the host has another one, and what its gates demand is read there. A runbook that is
// not there any more has an entry without a definition.
func keepInstalled(ctx context.Context, book activities.Ledger, host string, all map[string]runbook.Program) error {
	newest, err := newestInstalled(ctx, book, host)
	if err != nil {
		return err
	}
	now := map[string]runbook.Installed{}
	for sum, program := range all {
		d := program.Definition
		now[d.Name] = runbook.Installed{Host: host, Name: d.Name, SHA256: sum, Definition: d}
	}
	for name := range newest {
		if _, ok := now[name]; !ok {
			now[name] = runbook.Installed{Host: host, Name: name}
		}
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(now)) {
		before, known := newest[name]
		if known && before.sum == now[name].SHA256 {
			continue
		}
		data, err := json.Marshal(now[name])
		if err == nil {
			_, err = book.AppendFirst(ctx, ledger.Draft{
				Key: fmt.Sprintf("%s/%s/%d", runbook.InstalledKey(host, now[name].SHA256), name, before.seq), At: time.Now().UTC().Format(time.RFC3339),
				Kind: runbook.InstalledKind, Subject: "runbook/" + name, Data: string(data),
			})
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("runbook %s: %w", name, err))
		}
	}
	return errors.Join(faults...)
}

// installedEntry is the newest entry about one runbook of a host.
type installedEntry struct {
	seq int64
	sum string
}

func newestInstalled(ctx context.Context, book activities.Ledger, host string) (map[string]installedEntry, error) {
	newest, last := map[string]installedEntry{}, int64(0)
	for {
		page, err := book.Read(ctx, ledger.Filter{KeyPrefix: runbook.InstalledKey(host, ""), Kind: runbook.InstalledKind, AfterSeq: last})
		if err != nil || len(page) == 0 {
			return newest, err
		}
		for _, e := range page {
			var kept runbook.Installed
			if err := json.Unmarshal([]byte(e.Data), &kept); err != nil {
				return nil, fmt.Errorf("entry %d: %w", e.Seq, err)
			}
			newest[kept.Name], last = installedEntry{e.Seq, kept.SHA256}, e.Seq
		}
	}
}
