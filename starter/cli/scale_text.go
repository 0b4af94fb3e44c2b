package cli

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/workflows"
)

// printPlans shows what would happen and every reason why it must not.
func (s *starter) printPlans(plans []scaling.Plan) {
	refused := false
	for _, plan := range plans {
		s.Out.Printf("Plan for %s on %s\n", plan.Project, plan.Host)
		for _, c := range plan.Changes {
			s.Out.Printf("  %s: %s\n", c.String(), steps(c))
			for _, r := range c.Refusals {
				s.Out.Printf("    [REFUSED] %s\n", r.Message)
			}
			for _, w := range c.Warnings {
				s.Out.Printf("    [NOTE] %s\n", w)
			}
		}
		refused = refused || plan.Refused()
	}
	if refused {
		s.Out.Printf("Nothing was changed.\n")
	}
}

// steps describes a change in the words of its phases.
func steps(c scaling.Change) string {
	var steps []string
	switch {
	case len(c.Refusals) > 0:
		return "refused"
	case c.Grows():
		steps = append(steps, "start "+coming(c), fmt.Sprintf("warm-up (%s at most)", c.Policy.WarmUp()), "healthy")
		if c.ObserveSeconds > 0 {
			steps = append(steps, fmt.Sprintf("observe (%d s)", c.ObserveSeconds))
		}
		if c.Endpoint.Routed() {
			steps = append(steps, "route")
		}
		steps = append(steps, "verify")
	case len(c.Remove) > 0:
		if c.Endpoint.Routed() {
			steps = append(steps, "unroute "+replicaNames(c.Remove))
		}
		steps = append(steps, fmt.Sprintf("drain %s (%s at most)", replicaNames(c.Remove), c.Policy.Drain()), "stop", "verify", "remove")
	case len(c.Discard) > 0:
		steps = append(steps, "remove "+replicaNames(c.Discard))
	default:
		return "nothing to do"
	}
	return strings.Join(steps, " → ")
}

// coming names the replicas that a change brings: stopped ones by name, new ones by number.
func coming(c scaling.Change) string {
	var out []string
	for _, r := range c.Start {
		out = append(out, r.Name)
	}
	for _, n := range c.Add {
		out = append(out, fmt.Sprintf("#%d", n))
	}
	return strings.Join(out, " ")
}

func replicaNames(replicas []scaling.Replica) string {
	var out []string
	for _, r := range replicas {
		out = append(out, r.Name)
	}
	return strings.Join(out, " ")
}

// printStarted names the runs that were started and not waited for.
func (s *starter) printStarted(runs []client.WorkflowRun) error {
	if s.output == "json" {
		started := []map[string]string{}
		for _, run := range runs {
			started = append(started, map[string]string{"workflow_id": run.GetID(), "run_id": run.GetRunID()})
		}
		return s.printJSON(map[string]any{"started": started})
	}
	for _, run := range runs {
		s.Out.Printf("started %s (run %s)\n", run.GetID(), run.GetRunID())
	}
	s.Out.Printf("  > starter status\n")
	return nil
}

// printResults shows how the runs ended and returns the exit code as an error.
func (s *starter) printResults(plans []scaling.Plan, results []workflows.ServiceResult) error {
	if s.output == "json" {
		if err := s.printJSON(map[string]any{"plans": plans, "results": results}); err != nil {
			return err
		}
	}
	code := exitDone
	for _, r := range results {
		switch r.Outcome {
		case workflows.Scaled, workflows.Unchanged:
		case workflows.Refused:
			code = max(code, exitNo)
		default:
			code = exitFailed
		}
		if s.output == "text" {
			s.printResult(r)
		}
	}
	if code != exitDone {
		return answered(code)
	}
	return nil
}

func (s *starter) printResult(r workflows.ServiceResult) {
	s.Out.Printf("%s/%s on %s: %s", r.Project, r.Change(), r.Host, strings.ReplaceAll(string(r.Outcome), "_", " "))
	if r.Reason != "" {
		s.Out.Printf(": %s", r.Reason)
	}
	s.Out.Printf("\n")
	for _, line := range r.Undone {
		s.Out.Printf("  put back: %s\n", line)
	}
	for _, line := range r.Warnings {
		s.Out.Printf("  note: %s\n", line)
	}
}
