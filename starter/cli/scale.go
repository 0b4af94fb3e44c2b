package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
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
		Long: `Show one plan for all services, then run each change as a durable workflow and follow it. A plan with any
refusal is not carried out at all. Ctrl-C stops following; the run continues.`,
		Example: "  starter scale app=4 worker-llm=2\n  starter scale shop/app=1 --dry-run\n  starter scale --cancel app",
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.cancel {
				for _, other := range []string{"dry-run", "no-wait", "below-min", "shared-volume", "reason"} {
					if cmd.Flags().Changed(other) {
						return usage("scale --cancel", "--"+other+" does not go with --cancel", "leave one of them out")
					}
				}
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
	reasonFlag(cmd, &o.why, "kept with the run")
	s.signingFlags(cmd)
	return s.onProject(cmd, "the only one, or the only one that lists the service")
}

func (s *starter) scale(ctx context.Context, targets []target, o scaleOptions) error {
	configuration, name, host, err := s.configuration()
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
	if err := s.noneAtWork(ctx, c, name, projects, wanted); err != nil {
		return err
	}
	plans := make([]scaling.Plan, len(projects))
	refused := false
	for i, project := range projects {
		var docker *activities.Docker
		request := activities.PlanRequest{Project: project, Targets: wanted[project], BelowMin: o.belowMin, SharedVolume: o.sharedVolume, Configuration: configuration.SHA256}
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
	s.begun = "what was started goes on; see starter status"
	runs, err := s.startScale(ctx, c, plans, o)
	if err != nil && len(runs) > 0 {
		return errors.Join(partly(err), s.printStarted(runs))
	}
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

// noneAtWork finds a service that is being changed already before anything is planned of a state that is half done.
func (s *starter) noneAtWork(ctx context.Context, c *connect.Connection, host string, projects []string, wanted map[string][]scaling.Target) error {
	for _, project := range projects {
		for _, t := range wanted[project] {
			id := workflows.ServiceID(host, project, t.Service)
			running, err := isRunning(ctx, c, id)
			if err != nil {
				return err
			}
			if running {
				return atWork(ctx, c, id)
			}
		}
	}
	return nil
}

// startScale starts one workflow per change. Where one cannot be started, those that were are returned with the error:
// they go on.
func (s *starter) startScale(ctx context.Context, c *connect.Connection, plans []scaling.Plan, o scaleOptions) (runs []client.WorkflowRun, err error) {
	for _, plan := range plans {
		for _, change := range plan.Changes {
			run, err := s.startChange(ctx, c, plan, change, o)
			if err != nil {
				return runs, err
			}
			runs = append(runs, run)
		}
	}
	return runs, nil
}

// partly is the error of a command of which a part was started: a script must not take it for one that did nothing.
func partly(err error) error {
	f, ok := errors.AsType[*failure](err)
	if !ok {
		return err
	}
	f.code = exitFailed
	f.hint = "what was started before goes on; see starter status"
	return f
}

func (s *starter) startChange(ctx context.Context, c *connect.Connection, plan scaling.Plan, change scaling.Change, o scaleOptions) (client.WorkflowRun, error) {
	request := workflows.ScaleRequest{
		Host: plan.Host, Project: plan.Project, Service: change.Service, Replicas: change.To, BelowMin: o.belowMin, SharedVolume: o.sharedVolume,
		Why: o.why,
	}
	var err error
	request.By, request.Said, err = s.prove(ctx, c, word{identity.StartNamespace, by(), func(who string, said identity.Said) identity.Statement {
		request.By, request.Said = who, said
		return request.Statement()
	}, false})
	if err != nil {
		return nil, err
	}
	start := workflows.StartScale(request, change.String())
	run, err := c.ExecuteWorkflow(ctx, start.Options, start.Workflow, start.Request)
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return nil, atWork(ctx, c, start.Options.ID)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, missing("Temporal", firstLine(err), "see starter doctor")
	}
	return run, nil
}

// isRunning says whether a run of that id is at work.
func isRunning(ctx context.Context, c client.Client, id string) (bool, error) {
	description, err := c.DescribeWorkflowExecution(ctx, id, "")
	var absent *serviceerror.NotFound
	switch {
	case errors.As(err, &absent):
		return false, nil
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		return false, missing("Temporal", firstLine(err), "see starter doctor")
	}
	return description.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}

// changed is the service that a run of that id changes, as PROJECT/SERVICE.
func changed(id string) string {
	parts := strings.SplitN(id, "/", 3)
	return parts[len(parts)-1]
}

// atWork says who is at work on what the caller wanted.
func atWork(ctx context.Context, c client.Client, id string) error {
	what := id + " is already running"
	if description, err := c.DescribeWorkflow(ctx, id, ""); err == nil {
		if summary, err := description.GetStaticSummary(); err == nil && summary != "" {
			what = summary + " is at work"
		}
	}
	return &failure{code: exitNo, class: activities.Conflict, where: id, what: what, hint: "nothing was started; wait for it, or stop it with starter scale --cancel " + changed(id)}
}
