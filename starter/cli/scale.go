package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

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
	dryRun, noWait, belowMin, cancel bool
	why                              string
}

func (s *starter) scaleCommand() *cobra.Command {
	var o scaleOptions
	cmd := &cobra.Command{
		Use:   "scale SERVICE=N...",
		Short: "Scale services up or down without losing a request",
		Long: `Shows one plan for all services, then runs each change as a durable workflow and follows it.
A plan with any refusal is not carried out at all. Ctrl-C stops following; the run goes on.`,
		Example: "  starter scale app=4 worker-llm=2\n  starter scale app=1 --dry-run\n  starter scale --cancel app",
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
	cmd.Flags().BoolVar(&o.cancel, "cancel", false, "cancel the runs of the named services; they put things back")
	cmd.Flags().StringVar(&o.why, "reason", "", "why, in a sentence; kept with the run")
	return cmd
}

func parseTargets(args []string) ([]scaling.Target, error) {
	if len(args) == 0 {
		return nil, usage("scale", "no service is named", "write SERVICE=N, such as app=4")
	}
	var targets []scaling.Target
	for _, arg := range args {
		service, number, ok := strings.Cut(arg, "=")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 0 || service == "" {
			return nil, usage("scale", fmt.Sprintf("%q is not SERVICE=N", arg), "write a service and a whole number of replicas, such as app=4")
		}
		for _, t := range targets {
			if t.Service == service {
				return nil, usage("scale", fmt.Sprintf("%s is named twice", service), "name each service once")
			}
		}
		targets = append(targets, scaling.Target{Service: service, Replicas: n})
	}
	return targets, nil
}

func (s *starter) scale(ctx context.Context, targets []scaling.Target, o scaleOptions) error {
	_, name, host, err := s.configuration()
	if err != nil {
		return err
	}
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	var docker *activities.Docker
	var plan scaling.Plan
	request := activities.PlanRequest{Project: host.Compose.Project, Targets: targets, BelowMin: o.belowMin}
	if err := ask(ctx, c, name, "plan a scale", &plan, docker.PlanScale, request); err != nil {
		return err
	}
	if s.output == "text" {
		s.printPlan(plan)
	}
	if plan.Refused() || o.dryRun {
		return s.planOnly(plan)
	}
	runs, err := s.startScale(ctx, c, plan, o)
	if err != nil {
		return err
	}
	if o.noWait {
		return s.printStarted(runs)
	}
	return s.followScale(ctx, c, plan, runs)
}

// planOnly ends a command that carries out nothing.
func (s *starter) planOnly(plan scaling.Plan) error {
	if s.output == "json" {
		if err := s.printJSON(map[string]any{"plan": plan}); err != nil {
			return err
		}
	}
	if plan.Refused() {
		return answered(exitNo)
	}
	return nil
}

// startScale starts one workflow per change. A service that is being scaled already is found before
// anything is started, so that a plan is not carried out by half.
func (s *starter) startScale(ctx context.Context, c *connect.Connection, plan scaling.Plan, o scaleOptions) ([]client.WorkflowRun, error) {
	for _, change := range plan.Changes {
		if err := notRunning(ctx, c, workflows.ScaleID(plan.Host, plan.Project, change.Service)); err != nil {
			return nil, err
		}
	}
	var runs []client.WorkflowRun
	for _, change := range plan.Changes {
		request := workflows.ScaleRequest{
			Host: plan.Host, Project: plan.Project, Service: change.Service, Replicas: change.To, BelowMin: o.belowMin, By: by(), Why: o.why,
		}
		run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID:                                       workflows.ScaleID(plan.Host, plan.Project, change.Service),
			TaskQueue:                                workflows.TaskQueue,
			WorkflowExecutionErrorWhenAlreadyStarted: true,
			StaticSummary:                            change.String() + " by " + request.By,
		}, workflows.ScaleService, request)
		if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			return nil, atWork(ctx, c, workflows.ScaleID(plan.Host, plan.Project, change.Service))
		}
		if err != nil {
			return nil, missing("Temporal", firstLine(err), "see starter doctor")
		}
		runs = append(runs, run)
	}
	return runs, nil
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

func (s *starter) cancelScale(ctx context.Context, services []string) error {
	_, name, host, err := s.configuration()
	if err != nil {
		return err
	}
	if len(services) == 0 {
		return usage("scale --cancel", "no service is named", "write the services whose runs to cancel")
	}
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	var faults []error
	for _, service := range services {
		service, _, _ = strings.Cut(service, "=")
		id := workflows.ScaleID(name, host.Compose.Project, service)
		if notRunning(ctx, c, id) == nil {
			faults = append(faults, no(id, "nothing is running", "see starter status"))
			continue
		}
		if err := c.CancelWorkflow(ctx, id, ""); err != nil {
			faults = append(faults, missing("Temporal", firstLine(err), "see starter doctor"))
			continue
		}
		fmt.Fprintf(s.Err, "cancelling %s; it puts things back\n", id)
	}
	return errors.Join(faults...)
}
