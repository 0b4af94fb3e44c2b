package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// orders say what the operator's orders about a run do.
var orders = map[string]string{
	runbook.Pause:    "Make a run stop before its next step",
	runbook.Resume:   "Let a paused run continue",
	runbook.SkipStep: "Leave out the step before which a run is paused, or the wait that it is in",
	runbook.RetryVrb: "Do the step again that failed, or whose outcome is unknown",
	runbook.MarkDone: "Say that the step whose outcome is unknown did happen",
	runbook.UndoAll:  "Make a run put everything back and end",
	runbook.Abort:    "End a run; its on_failure is done, or everything is put back",
}

// runbookOrderCommands are `starter runbook pause` and the others.
func (s *starter) runbookOrderCommands() []*cobra.Command {
	var commands []*cobra.Command
	for _, verb := range runbook.Verbs {
		order := workflows.RunbookOrder{Verb: verb}
		cmd := &cobra.Command{
			Use: verb + " RUN", Short: orders[verb],
			Long: orders[verb] + `. RUN is NAME/KEY, NAME where the runbook has no key, or the workflow id.
Where a run asks what is to be done, RUN may be the id of that request, as starter gate list shows it: the order
then counts for that step of that run alone, and for nothing that is asked later.

Only an operator that the configuration names may give orders. Every order is recorded, with the answer to it.`,
			RunE: func(cmd *cobra.Command, args []string) error {
				if runbook.NeedsReason(verb) && order.Reason == "" {
					return usage("runbook "+verb, "no reason is given", "say why with --reason")
				}
				if _, _, _, asked := request.Split(args[0]); asked {
					return s.answer(cmd.Context(), args[0], request.Answer{Decision: verb, Reason: order.Reason}, "")
				}
				return s.operate(cmd.Context(), args[0], order)
			},
		}
		reasonFlag(cmd, &order.Reason, "recorded")
		s.signingFlags(cmd)
		commands = append(commands, cmd)
	}
	return commands
}

// reasonFlag is --reason, which is refused before anything is asked or started where it is none that is kept.
func reasonFlag(cmd *cobra.Command, reason *string, kept string) {
	cmd.Flags().StringVar(reason, "reason", "", "why, in a sentence; "+kept)
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if why := request.Spoken(by(), *reason); why != "" {
			return usage("--reason", why, "")
		}
		return nil
	}
}

func (s *starter) operate(ctx context.Context, name string, order workflows.RunbookOrder) error {
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	id, err := findRun(ctx, c, name)
	if err != nil {
		return err
	}
	return s.order(ctx, c, id, order)
}

func (s *starter) order(ctx context.Context, c *connect.Connection, id string, order workflows.RunbookOrder) error {
	status, err := runbookStatus(ctx, c, id, "")
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case isGone(err):
		return &failure{code: exitNo, class: activities.NotFound, what: runName(id) + " does not run", hint: nearRun(ctx, c, id)}
	case err != nil:
		return missing(runName(id), noAnswer(err), "start `evenkeel` or `worker`")
	}
	order.Run, order.Via = status.Run, activities.ViaCLI
	if runbook.AboutStep(order.Verb) {
		order.Step = status.At
	}
	order.By, order.Said, err = s.prove(ctx, c, word{identity.OrderNamespace, by(), func(who string, said identity.Said) identity.Statement {
		order.By, order.Said = who, said
		return order.Statement(id, status.Host)
	}, runbook.AboutStep(order.Verb)})
	if err != nil {
		return err
	}
	reply, err := tell(ctx, c, id, workflows.OperateRunbook, order)
	if f, ok := errors.AsType[*failure](err); ok && f.class == activities.NotFound {
		f.hint = nearRun(ctx, c, id)
	}
	if err != nil {
		return err
	}
	return s.printReply(runName(id), reply)
}

// printReply shows the answer to a person's word. One that does not count is an error.
func (s *starter) printReply(about string, reply request.Reply) error {
	switch {
	case !reply.Accepted:
		return no(about, printable(reply.Message), "")
	case s.output == "json":
		return s.printJSON(reply)
	}
	s.Out.Printf("%s\n", reply.Message)
	return nil
}

// wordWait is how long a run may take to answer a person's word; a worker that lives takes a moment.
const wordWait = 30 * time.Second

// tell gives a run a person's word and returns its reply. A run that is not at work is a failure of class
// NotFound, a word for which it is not the time one of class PreconditionFailed.
func tell(ctx context.Context, c client.Client, id, update string, word any) (request.Reply, error) {
	within, cancel := context.WithTimeout(ctx, wordWait)
	defer cancel()
	var reply request.Reply
	handle, err := c.UpdateWorkflow(within, client.UpdateWorkflowOptions{
		WorkflowID: id, UpdateName: update, Args: []any{word}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(within, &reply)
	}
	var absent *serviceerror.NotFound
	var app *temporal.ApplicationError
	var late *client.WorkflowUpdateServiceTimeoutOrCanceledError
	switch {
	case err == nil || ctx.Err() != nil:
		return reply, ctx.Err()
	case errors.As(err, &absent):
		return reply, &failure{code: exitNo, class: activities.NotFound, what: runName(id) + " does not run"}
	case errors.As(err, &app) && app.Type() == activities.PreconditionFailed:
		return reply, no(runName(id), app.Message(), "")
	case errors.As(err, &app):
		return reply, ofClass(app.Type(), runName(id), app.Message())
	case errors.As(err, &late):
		return reply, missing(runName(id), "no worker answered within "+wordWait.String()+", and one may still do as it was told", "start `evenkeel` or `worker`, then see starter runbook status")
	default:
		return reply, missing("Temporal", firstLine(err), "see starter doctor")
	}
}
