package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// An undo goes back to a number that there was, whatever the policy says of it now.
func TestRestoreKnowsNoBounds(t *testing.T) {
	plan := func(to int, restore bool) Change {
		return MakePlan(Request{
			Host: "gpu-1", Project: "shop", Targets: []Target{{"db", to}}, Restore: restore,
			Inventory: Inventory{CPUs: 8, MemoryMB: 8192, Replicas: []Replica{
				{ID: "id-1", Name: "shop-db-1", Service: "db", Number: 1, State: "running", ImageID: "sha256:1", ConfigHash: "h"},
				{ID: "id-2", Name: "shop-db-2", Service: "db", Number: 2, State: "running", ImageID: "sha256:1", ConfigHash: "h"},
			}},
			Services: []Service{{Name: "db", Image: "postgres:17", Database: "postgres, by its image", ImageID: "sha256:1", Hash: "h", SharedVolumes: []string{"data at /data"}}},
			Policies: map[string]Policy{"db": {Name: "db", Min: 2, Max: 2, WarmUpSeconds: 1, HealthySeconds: 1, DrainSeconds: 1}},
		}).Changes[0]
	}
	codes := func(c Change) (all []string) {
		for _, r := range c.Refusals {
			all = append(all, r.Code)
		}
		return all
	}
	require.Equal(t, []string{BelowMin}, codes(plan(1, false)))
	require.Equal(t, []string{AboveMax, SingleWriter}, codes(plan(3, false)))
	require.Empty(t, codes(plan(1, true)))
	back := plan(3, true)
	require.Empty(t, codes(back))
	require.Contains(t, back.Warnings, "all 3 replicas of db write into data at /data")
}
