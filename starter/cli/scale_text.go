package cli

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/workflows"
)

// printPlan shows what would happen and every reason why it must not.
func (s *starter) printPlan(plan scaling.Plan) {
	fmt.Fprintf(s.Out, "Plan for %s on %s\n", plan.Project, plan.Host)
	for _, c := range plan.Changes {
		fmt.Fprintf(s.Out, "  %s: %s\n", c, steps(c))
		for _, r := range c.Refusals {
			fmt.Fprintf(s.Out, "    [REFUSED] %s\n", r.Message)
		}
		for _, w := range c.Warnings {
			fmt.Fprintf(s.Out, "    [NOTE] %s\n", w)
		}
	}
	if plan.Refused() {
		fmt.Fprintln(s.Out, "Nothing was changed.")
	}
}

// steps describes a change in the words of its phases.
func steps(c scaling.Change) string {
	var steps []string
	switch {
	case len(c.Refusals) > 0:
		return "refused"
	case len(c.Add) > 0:
		steps = append(steps, "start "+numbers(c.Add), fmt.Sprintf("warm-up (%s at most)", c.Policy.WarmUp()), "healthy")
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

func numbers(all []int) string {
	var out []string
	for _, n := range all {
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
		fmt.Fprintf(s.Out, "started %s (run %s)\n", run.GetID(), run.GetRunID())
	}
	return nil
}

// printResults shows how the runs ended and returns the exit code as an error.
func (s *starter) printResults(plan scaling.Plan, results []workflows.ScaleResult) error {
	if s.output == "json" {
		if err := s.printJSON(map[string]any{"plan": plan, "results": results}); err != nil {
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

func (s *starter) printResult(r workflows.ScaleResult) {
	fmt.Fprintf(s.Out, "%s %d → %d: %s", r.Service, r.From, r.To, strings.ReplaceAll(r.Outcome, "_", " "))
	if r.Reason != "" {
		fmt.Fprintf(s.Out, ": %s", r.Reason)
	}
	fmt.Fprintln(s.Out)
	for _, line := range r.Undone {
		fmt.Fprintf(s.Out, "  put back: %s\n", line)
	}
	for _, line := range r.Warnings {
		fmt.Fprintf(s.Out, "  note: %s\n", line)
	}
}
