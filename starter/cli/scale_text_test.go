package cli

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/workflows"
)

// named are replicas of which only the names show.
func named(names ...string) (out []scaling.Replica) {
	for _, n := range names {
		out = append(out, scaling.Replica{Name: n})
	}
	return out
}

func TestStepsOfAChange(t *testing.T) {
	policy := scaling.Policy{WarmUpSeconds: 60, DrainSeconds: 90}
	routed := scaling.Endpoint{Upstream: "web"}
	for name, c := range map[string]struct {
		change scaling.Change
		want   string
	}{
		"up":               {scaling.Change{Add: []int{2, 3}, Policy: policy, Endpoint: routed}, "start #2 #3 → warm-up (1m0s at most) → healthy → route → verify"},
		"up, nobody sends": {scaling.Change{Add: []int{2}, Policy: policy}, "start #2 → warm-up (1m0s at most) → healthy → verify"},
		"watched":          {scaling.Change{Add: []int{2}, ObserveSeconds: 10, Policy: policy}, "start #2 → warm-up (1m0s at most) → healthy → observe (10 s) → verify"},
		"stopped ones": {
			scaling.Change{Start: named("shop-app-2"), Add: []int{3}, Policy: policy, Endpoint: routed},
			"start shop-app-2 #3 → warm-up (1m0s at most) → healthy → route → verify",
		},
		"down": {
			scaling.Change{Remove: named("shop-app-3", "shop-app-2"), Policy: policy, Endpoint: routed},
			"unroute shop-app-3 shop-app-2 → drain shop-app-3 shop-app-2 (1m30s at most) → stop → verify → remove",
		},
		"down, nobody sends":   {scaling.Change{Remove: named("shop-app-3"), Policy: policy}, "drain shop-app-3 (1m30s at most) → stop → verify → remove"},
		"what was left behind": {scaling.Change{Discard: named("shop-app-4")}, "remove shop-app-4"},
		"nothing":              {scaling.Change{}, "nothing to do"},
		"refused":              {scaling.Change{Add: []int{2}, Refusals: []scaling.Refusal{{Message: "no"}}}, "refused"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, steps(c.change)) })
	}
}

// One text for all projects, with every reason, in which nothing can move the cursor.
func TestPrintPlans(t *testing.T) {
	plans := []scaling.Plan{
		{Host: "gpu-1", Project: "bank", Changes: []scaling.Change{{Service: "app", From: 2, To: 2, Warnings: []string{"it has\x1b[2K no limits"}}}},
		{Host: "gpu-1", Project: "shop", Changes: []scaling.Change{{Service: "app", From: 1, To: 9, Refusals: []scaling.Refusal{{Message: "too many"}, {Message: "no image"}}}}},
	}
	_, out, _ := says(t, "text", func(s *starter) error { s.printPlans(plans); return s.plansOnly(plans, true) })
	require.Equal(t, `Plan for bank on gpu-1
  app 2 → 2: nothing to do
    [NOTE] it has\u001b[2K no limits
Plan for shop on gpu-1
  app 1 → 9: refused
    [REFUSED] too many
    [REFUSED] no image
Nothing was changed.
`, out)
	code, out, _ := says(t, "json", func(s *starter) error { return s.plansOnly(plans, true) })
	require.Equal(t, exitNo, code)
	require.Contains(t, out, `"project": "bank"`)
	code, _, _ = says(t, "text", func(s *starter) error { return s.plansOnly(plans[:1], false) })
	require.Equal(t, exitDone, code)
}

// The worst of several ends decides the exit code.
func TestPrintResults(t *testing.T) {
	result := func(outcome workflows.ServiceOutcome, reason string) workflows.ServiceResult {
		return workflows.ServiceResult{Host: "gpu-1", Project: "shop", Service: "app", From: new(1), To: 3, Outcome: outcome, Reason: reason}
	}
	for name, c := range map[string]struct {
		results []workflows.ServiceResult
		code    int
	}{
		"scaled":           {[]workflows.ServiceResult{result(workflows.Scaled, ""), result(workflows.Unchanged, "")}, exitDone},
		"refused":          {[]workflows.ServiceResult{result(workflows.Scaled, ""), result(workflows.Refused, "too many")}, exitNo},
		"rolled back":      {[]workflows.ServiceResult{result(workflows.RolledBack, "not ready"), result(workflows.Refused, "")}, exitFailed},
		"not all put back": {[]workflows.ServiceResult{result(workflows.RollbackIncomplete, "")}, exitFailed},
		"failed":           {[]workflows.ServiceResult{result(workflows.Failed, "")}, exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, _ := says(t, "text", func(s *starter) error { return s.printResults(nil, c.results) })
			require.Equal(t, c.code, code)
		})
	}
	back := result(workflows.RolledBack, "shop-app-2 exited with code 3; its last lines: no\x1b[2K way")
	back.Undone, back.Warnings = []string{"2 new replicas of app removed"}, []string{"not verified through the router"}
	_, out, _ := says(t, "text", func(s *starter) error { return s.printResults(nil, []workflows.ServiceResult{back}) })
	require.Equal(t, `shop/app 1 → 3 on gpu-1: rolled back: shop-app-2 exited with code 3; its last lines: no\u001b[2K way
  put back: 2 new replicas of app removed
  note: not verified through the router
`, out)
	_, out, _ = says(t, "json", func(s *starter) error { return s.printResults(nil, []workflows.ServiceResult{back}) })
	require.Contains(t, out, `"outcome": "rolled_back"`)
}

func TestPrintStarted(t *testing.T) {
	_, out, _ := says(t, "text", func(s *starter) error {
		return s.printStarted([]client.WorkflowRun{ended{id: "service/gpu1/shop/app", runID: "1"}})
	})
	require.Equal(t, "started service/gpu1/shop/app (run 1)\n  > starter status\n", out)
}
