package cli

import (
	"fmt"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/templates"
)

// describePolicy writes down a policy that a service would have for its name alone: its bounds surprise whoever
// does not know of it.
func describePolicy(found *config.FoundService) {
	set, err := templates.Load("", nil)
	if err != nil || found.CannotScale != "" {
		return
	}
	if policy, ok := set.Policy(found.Name); ok && policy.Name != "default" {
		found.Service.Policy = policy.Name
		found.From["policy"] = fmt.Sprintf("the built-in one of that name: %d to %d replicas; policy: default has others", policy.Min, policy.Max)
		if other, ok := set.DefaultPolicy(); ok {
			found.From["policy"] = fmt.Sprintf("the built-in one of that name: %d to %d replicas; policy: default has %d to %d", policy.Min, policy.Max, other.Min, other.Max)
		}
	}
}

// healthTooLate says why no replica could be ready in time, where its health check first answers after the warm-up of
// the policy that it would have; empty where it does not.
func healthTooLate(s scaling.Service) string {
	set, err := templates.Load("", nil)
	if err != nil || !s.HealthCheck {
		return ""
	}
	if policy, ok := set.PolicyOf(s.Name); ok && s.HealthIntervalSeconds >= policy.WarmUpSeconds {
		return fmt.Sprintf("its health check first answers after its interval of %d s, and warm_up of its policy is %d s: set health, a path to ask, or policy to one with a longer warm_up",
			s.HealthIntervalSeconds, policy.WarmUpSeconds)
	}
	return ""
}
