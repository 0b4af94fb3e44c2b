package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// scaleOptions are the flags of `starter scale`.
type scaleOptions struct {
	dryRun, noWait, belowMin, sharedVolume, cancel bool
	why                                            string
}

func (s *starter) scaleCommand() *cobra.Command {
	var o scaleOptions
	cmd := &cobra.Command{
		Use:   "scale [PROJECT/]SERVICE=N...",
		Short: "Scale services up or down without losing a request",
		Long: `Shows one plan for all services, then runs each change as a durable workflow and follows it.
A plan with any refusal is not carried out at all. Ctrl-C stops following; the run goes on.`,
		Example: "  starter scale app=4 worker-llm=2\n  starter scale shop/app=1 --dry-run\n  starter scale --cancel app",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.cancel {
				return s.cancelScale(cmd.Context(), args)
			}
			targets, err := parseTargets(args)
			if err != nil {
				return err
			}
			return s.scale(cmd.Context(), targets, o)
		},
	}
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show the plan and change nothing")
	cmd.Flags().BoolVar(&o.noWait, "no-wait", false, "start the runs and return at once")
	cmd.Flags().BoolVar(&o.belowMin, "below-min", false, "allow fewer replicas than the policy's minimum")
	cmd.Flags().BoolVar(&o.sharedVolume, "shared-volume", false, "allow several replicas of a database that writes into one volume")
	cmd.Flags().BoolVar(&o.cancel, "cancel", false, "cancel the runs of the named services; they put things back")
	cmd.Flags().StringVar(&o.why, "reason", "", "why, in a sentence; kept with the run")
	return s.onProject(cmd, "the only one, or the only one that lists the service")
}

func (s *starter) scale(ctx context.Context, targets []target, o scaleOptions) error {
	_, name, host, err := s.configuration()
	if err != nil {
		return err
	}
	projects, wanted, err := byProject(name, host, s.project, targets)
	if err != nil {
		return err
	}
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	plans := make([]scaling.Plan, len(projects))
	refused := false
	for i, project := range projects {
		var docker *activities.Docker
		request := activities.PlanRequest{Project: project, Targets: wanted[project], BelowMin: o.belowMin, SharedVolume: o.sharedVolume}
		if err := ask(ctx, c, name, "plan a scale", &plans[i], docker.PlanScale, request); err != nil {
			return err
		}
		refused = refused || plans[i].Refused()
	}
	if s.output == "text" {
		s.printPlans(plans)
	}
	if refused || o.dryRun {
		return s.plansOnly(plans, refused)
	}
	runs, err := s.startScale(ctx, c, plans, o)
	if err != nil {
		return err
	}
	if o.noWait {
		return s.printStarted(runs)
	}
	return s.followScale(ctx, c, plans, runs)
}

// plansOnly ends a command that carries out nothing.
func (s *starter) plansOnly(plans []scaling.Plan, refused bool) error {
	if s.output == "json" {
		if err := s.printJSON(map[string]any{"plans": plans}); err != nil {
			return err
		}
	}
	if refused {
		return answered(exitNo)
	}
	return nil
}

// startScale starts one workflow per change. A service that is being changed already is found before
// anything is started, so that a plan is not carried out by half.
func (s *starter) startScale(ctx context.Context, c *connect.Connection, plans []scaling.Plan, o scaleOptions) ([]client.WorkflowRun, error) {
	for _, plan := range plans {
		for _, change := range plan.Changes {
			if err := notRunning(ctx, c, workflows.ServiceID(plan.Host, plan.Project, change.Service)); err != nil {
				return nil, err
			}
		}
	}
	var runs []client.WorkflowRun
	for _, plan := range plans {
		for _, change := range plan.Changes {
			run, err := startChange(ctx, c, plan, change, o)
			if err != nil {
				return nil, err
			}
			runs = append(runs, run)
		}
	}
	return runs, nil
}

func startChange(ctx context.Context, c *connect.Connection, plan scaling.Plan, change scaling.Change, o scaleOptions) (client.WorkflowRun, error) {
	id := workflows.ServiceID(plan.Host, plan.Project, change.Service)
	request := workflows.ScaleRequest{
		Host: plan.Host, Project: plan.Project, Service: change.Service, Replicas: change.To, BelowMin: o.belowMin, SharedVolume: o.sharedVolume,
		By: by(), Why: o.why,
	}
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       id,
		TaskQueue:                                workflows.TaskQueue,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            fmt.Sprintf("%s/%s on %s by %s", plan.Project, change, plan.Host, request.By),
	}, workflows.ScaleService, request)
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return nil, atWork(ctx, c, id)
	}
	if err != nil {
		return nil, missing("Temporal", firstLine(err), "see starter doctor")
	}
	return run, nil
}

// notRunning returns nil unless a run of that id is at work.
func notRunning(ctx context.Context, c client.Client, id string) error {
	description, err := c.DescribeWorkflowExecution(ctx, id, "")
	if err == nil && description.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return atWork(ctx, c, id)
	}
	return nil
}

// atWork says who is at work on what the caller wanted.
func atWork(ctx context.Context, c client.Client, id string) error {
	what := id + " is already running"
	if description, err := c.DescribeWorkflow(ctx, id, ""); err == nil {
		if summary, err := description.GetStaticSummary(); err == nil && summary != "" {
			what = summary + " is at work"
		}
	}
	return &failure{code: exitNo, class: activities.Conflict, where: id, what: what, hint: "wait for it, or stop it with starter scale --cancel"}
}
