package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// runbookOptions are the flags of `starter runbook run`.
type runbookOptions struct {
	params                   []string
	dryRun, noWait, override bool
	plan, why                string
}

func (s *starter) runbookRunCommand() *cobra.Command {
	var o runbookOptions
	cmd := &cobra.Command{
		Use: "run NAME", Short: "Run a runbook and follow it to its end",
		Long: `Make the plan, start the runbook as a durable run and follow it. Ctrl-C stops following; the run continues.
When it waits for a person, the command to type is shown.

The exit code is 0 when the run succeeded or there was nothing to do, 1 when it was refused, suppressed or
rejected, and 4 when it failed, was rolled back or was aborted.`,
		Example: "  starter runbook run llm_failure_response -p model=llama3_8b\n  starter runbook run llm_failure_response -p model=llama3_8b --dry-run",
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.runbook(cmd.Context(), args[0], o)
		},
	}
	paramFlag(cmd, &o.params, "NAME=VALUE of an input; may be repeated")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show the plan and change nothing; NAME may then be a file")
	cmd.Flags().BoolVar(&o.noWait, "no-wait", false, "start the run and return at once")
	cmd.Flags().StringVar(&o.plan, "plan", "", "SHA-256 of the plan to carry out, at least its first 12 digits; another one is refused")
	cmd.Flags().BoolVar(&o.override, "override", false, "run in spite of cooldown and breaker; needs --reason")
	reasonFlag(cmd, &o.why, "kept with the run")
	s.signingFlags(cmd)
	return s.onProject(cmd, "the only one")
}

// planForm is what --plan may be.
var planForm = regexp.MustCompile(`^[0-9a-f]{12,64}$`)

func badHash(hash string) error {
	return usage("--plan", fmt.Sprintf("%q is no SHA-256", hash), "write at least the first 12 digits that starter runbook plan shows")
}

func (o runbookOptions) check(call activities.RunbookCall) error {
	switch {
	case call.Text != "" && !o.dryRun:
		return usage(call.File, "only installed runbooks run", "put it in templates_dir, or --dry-run")
	case o.override && o.why == "":
		return usage("--override", "an override needs a reason", "say why with --reason")
	case o.plan != "" && !planForm.MatchString(o.plan):
		return badHash(o.plan)
	}
	return nil
}

// runbook makes the plan and carries it out unless it is a dry run.
func (s *starter) runbook(ctx context.Context, arg string, o runbookOptions) error {
	o.plan = strings.ToLower(o.plan)
	call, err := runbookCall(arg, o.params)
	if err != nil {
		return err
	}
	if err := o.check(call); err != nil {
		return err
	}
	configuration, host, _, err := s.configuration()
	if err != nil {
		return err
	}
	if call.Text == "" && slices.Contains(configuration.Disabled, call.Name) {
		return no("", "the configuration switches "+call.Name+" off", "take it out of disabled in "+configuration.Path)
	}
	call.Host, call.By = host, s.me(ctx)
	call.Project = s.project
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	plan, err := planRunbook(ctx, c, call)
	if err := s.heedFile(configuration, call, plan, err); err != nil {
		return err
	}
	if o.dryRun {
		return s.printRunbookPlan(plan, o)
	}
	return s.runPlanned(ctx, c, plan, call, o)
}

// heedFile returns the error of a plan, and says where the file of the runbook is newer than what the worker has read.
func (s *starter) heedFile(c *config.Config, call activities.RunbookCall, plan activities.RunbookPlan, err error) error {
	why := unread(c, call, plan.Definition)
	switch {
	case why == "" || err != nil && !strings.HasPrefix(err.Error(), activities.NoRunbook(call.Name)):
		return err
	case err != nil:
		return &failure{code: exitUsage, class: activities.NotFound, what: activities.NoRunbook(call.Name) + " there", hint: why}
	}
	s.Err.Printf("starter: %s; what follows is about the former text\n", why)
	return nil
}

// runPlanned starts what was planned and follows it. A plan with a refusal starts nothing.
func (s *starter) runPlanned(ctx context.Context, c *connect.Connection, plan activities.RunbookPlan, call activities.RunbookCall, o runbookOptions) error {
	if s.output == "text" {
		fmt.Fprintf(s.Out, "plan %s of %s on %s\n", shortHash(plan.SHA256), runbookTitle(plan.Runbook, plan.Key), where(plan.Host, plan.Project))
	}
	if len(plan.Refusals) > 0 {
		return s.printRefused(plan, call.By, o.why)
	}
	if plan.Suppressed != "" && !o.override && o.noWait && s.output == "text" { // nobody would see how it ends
		s.printSuppressed(plan)
		s.Out.Printf("Nothing was started.\n")
		return answered(exitNo)
	}
	request := workflows.RunbookRequest{
		Name: plan.Runbook, Inputs: call.Inputs, Host: plan.Host, Project: plan.Project, By: call.By, Why: o.why, Override: o.override,
	}
	if o.plan != "" {
		if err := samePlan(plan, o.plan); err != nil {
			return err
		}
		request.PlanSHA256 = plan.SHA256
	}
	run, err := s.startRunbook(ctx, c, plan, request)
	if err != nil {
		return err
	}
	if o.noWait || s.output == "text" {
		if err := s.printRunbookStarted(run); err != nil || o.noWait {
			return err
		}
	}
	return s.followRunbook(ctx, c, run)
}

// samePlan refuses a plan that is not the one a person saw.
func samePlan(plan activities.RunbookPlan, seen string) error {
	if strings.HasPrefix(plan.SHA256, seen) {
		return nil
	}
	return no("--plan", "the plan has changed: it is "+shortHash(plan.SHA256)+" now", "look at it with starter runbook plan")
}

// startedRun is a run to follow; one that was joined had been started by somebody else.
type startedRun struct {
	client.WorkflowRun
	joined bool
	// differs says in what a joined run is another than the one that was asked for.
	differs []string
}

// startRunbook starts the one run that there may be. One that is at work refuses it or, where the runbook
// says so, is joined; the server's answer names that run, so that no later one is taken for it.
func (s *starter) startRunbook(ctx context.Context, c *connect.Connection, plan activities.RunbookPlan, request workflows.RunbookRequest) (startedRun, error) {
	of := workflows.RunbookStart{
		Project: plan.Project, Key: plan.Key, Policy: plan.Policy, Description: plan.Description, Inputs: plan.Inputs,
	}
	id := workflows.StartRunbook(request, of).Options.ID
	var err error
	request.By, request.Said, err = s.prove(ctx, c, word{identity.StartNamespace, request.By, func(who string, said identity.Said) identity.Statement {
		request.By, request.Said = who, said
		return request.Statement(id)
	}, false})
	if err != nil {
		return startedRun{}, err
	}
	start := workflows.StartRunbook(request, of)
	s.begun = "the run may have started; see " + statusCommand(id)
	run, err := c.ExecuteWorkflow(ctx, start.Options, start.Workflow, start.Request)
	already, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err)
	if ok {
		s.begun = ""
	}
	switch {
	case err == nil:
		return startedRun{WorkflowRun: run}, nil
	case ctx.Err() != nil:
		return startedRun{}, ctx.Err()
	case !ok:
		return startedRun{}, missing("Temporal", firstLine(err), "see starter doctor")
	case start.Joins:
		return s.join(ctx, c, id, already.RunId, plan, request.PlanSHA256 != "")
	}
	return startedRun{}, &failure{
		code: exitNo, class: activities.Conflict, what: id + sinceWhen(ctx, c, id), hint: "follow it with " + statusCommand(id),
	}
}

// sinceWhen says since when a run is at work and who started it, as the run knows it: its summary is what whoever started
// it wrote.
func sinceWhen(ctx context.Context, c client.Client, id string) string {
	described, err := c.DescribeWorkflow(ctx, id, "")
	if err != nil {
		return " is at work"
	}
	text := " is at work since " + local(described.WorkflowStartTime)
	if status, err := runbookStatus(ctx, c, id, ""); err == nil && status.By != "" {
		text += ", started by " + identity.Shown(status.By, status.Claimed)
	}
	return text
}
