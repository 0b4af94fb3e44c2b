package cli

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/workflows"
)

// join takes the run that is at work in place of a new one, and says in what it is another. Who named a plan wanted
// that one and no other.
func (s *starter) join(ctx context.Context, c client.Client, id, runID string, plan activities.RunbookPlan, named bool) (startedRun, error) {
	run := startedRun{WorkflowRun: c.GetWorkflow(ctx, id, runID), joined: true}
	status, err := runbookStatus(ctx, c, id, runID)
	switch {
	case ctx.Err() != nil:
		return startedRun{}, ctx.Err()
	case err != nil:
		run.differs = []string{"whether its plan is the same is not known: " + noAnswer(err)}
	default:
		run.differs = differences(plan, status)
	}
	if named && len(run.differs) > 0 {
		return startedRun{}, &failure{
			code: exitNo, class: activities.Conflict, where: "--plan", what: "nothing was started: " + id + sinceWhen(ctx, c, id) + ", and " + strings.Join(run.differs, ", "),
			hint: "follow it with " + statusCommand(id),
		}
	}
	if s.output == "text" {
		s.Out.Printf("%s%s; joined it\n", id, sinceWhen(ctx, c, id))
		for _, d := range run.differs {
			s.Out.Printf("  not what you asked for: %s\n", d)
		}
	}
	return run, nil
}

// differences says in what a run at work is another than the planned one.
func differences(plan activities.RunbookPlan, status workflows.RunbookStatus) []string {
	var all []string
	names := condition.Values{}
	maps.Copy(names, plan.Inputs)
	maps.Copy(names, status.Inputs)
	for _, name := range names.Names() {
		theirs, has := status.Inputs[name]
		ours, given := plan.Inputs[name]
		switch {
		case has && given && condition.Quoted(theirs) != condition.Quoted(ours):
			all = append(all, fmt.Sprintf("its input %s is %s, not %s", name, condition.Quoted(theirs), condition.Quoted(ours)))
		case has && !given:
			all = append(all, fmt.Sprintf("its input %s is %s, and you left it out", name, condition.Quoted(theirs)))
		case !has:
			all = append(all, fmt.Sprintf("its input %s is not set, and you gave %s", name, condition.Quoted(ours)))
		}
	}
	switch {
	case status.PlanSHA256 == "":
		all = append(all, "it has no plan yet")
	case status.PlanSHA256 != plan.SHA256:
		all = append(all, "its plan is "+shortHash(status.PlanSHA256)+", not "+shortHash(plan.SHA256))
	}
	return all
}
