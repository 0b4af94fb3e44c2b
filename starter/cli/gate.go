package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

func (s *starter) gateCommand() *cobra.Command {
	return group("gate", "Show what waits for a person, approve it or reject it", s.gateListCommand(), s.gateApproveCommand(), s.gateRejectCommand())
}

func (s *starter) gateApproveCommand() *cobra.Command {
	var params []string
	var plan string
	var answer request.Answer // the kind of the request says what a yes to it is
	cmd := &cobra.Command{
		Use: "approve ID", Short: "Approve what a run asks, or answer it",
		Long: `Approve what a run asks for, or say that it is done and fill in its fields. ID is one that starter gate list
shows; you may leave out the @ and what follows it. The approval is for what the run asks when you answer: this run,
this attempt, these arguments, this plan. With --plan it is only for the plan that you looked at. At a terminal you see
what is to be signed, and are asked. The run decides whether you may approve, and records your answer.`,
		Example: "  starter gate approve llm_failure_response/llama3_8b:approve.1\n  starter gate approve handover:ask.1 -p request_id=REQ-7",
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if answer.Fields, err = parseParams(params); err != nil {
				return err
			}
			plan = strings.ToLower(plan)
			if plan != "" && !planForm.MatchString(plan) {
				return badHash(plan)
			}
			return s.answer(cmd.Context(), args[0], answer, plan)
		},
	}
	paramFlag(cmd, &params, "FIELD=VALUE to fill in; may be repeated")
	s.signingFlags(cmd)
	cmd.Flags().StringVar(&plan, "plan", "", "SHA-256 of the plan that you saw, at least its first 12 digits; for another one nothing is approved")
	reasonFlag(cmd, &answer.Reason, "recorded")
	return cmd
}

func (s *starter) gateRejectCommand() *cobra.Command {
	answer := request.Answer{Decision: request.Reject}
	cmd := &cobra.Command{
		Use: "reject ID", Short: "Reject what a run asks, and end the run",
		RunE: func(cmd *cobra.Command, args []string) error {
			if answer.Reason == "" {
				return usage("gate reject", "no reason is given", "say why with --reason")
			}
			return s.answer(cmd.Context(), args[0], answer, "")
		},
	}
	reasonFlag(cmd, &answer.Reason, "recorded")
	s.signingFlags(cmd)
	return cmd
}

// answer gives a person's word on a request to the run that asks.
func (s *starter) answer(ctx context.Context, id string, answer request.Answer, plan string) error {
	id, err := requestID(id)
	if err != nil {
		return err
	}
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return s.answerNamed(ctx, c, id, answer, plan)
}

// answerNamed answers a request of the run whose name stands before the colon.
func (s *starter) answerNamed(ctx context.Context, c *connect.Connection, id string, answer request.Answer, plan string) error {
	run, _, _, _ := request.Split(id)
	found, err := findRun(ctx, c, run)
	if f, ok := errors.AsType[*failure](err); ok && f.code == exitNo {
		f.hint = "see starter gate list" // and not the name of another run: see notOpen
	}
	if err != nil {
		return err
	}
	return s.answerRun(ctx, c, found, found+strings.TrimPrefix(id, run), answer, plan)
}

// answerRun answers what the run asks now, under the whole id of it and with the hash of what it shows.
func (s *starter) answerRun(ctx context.Context, c *connect.Connection, run, id string, answer request.Answer, plan string) error {
	open, err := openRequests(ctx, c, run)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case isGone(err):
		return notOpen(run, id)
	case err != nil:
		return missing(runName(run), noAnswer(err), "start `evenkeel` or `worker`")
	}
	r, ok := requestNamed(open, id)
	switch {
	case !ok:
		return notOpenNow(ctx, c, run, id, open)
	case r.Shown != r.ShownSHA256(): // the run takes an answer by that hash, and a person sees the rest
		return no(r.Short(), "the run asks one thing and has the hash of another: it says "+shortHash(r.Shown)+", and what it asks has "+shortHash(r.ShownSHA256()),
			"nothing was signed; see that starter and the workers are of one version")
	case !strings.HasPrefix(r.PlanSHA256, plan):
		return no("--plan", "the plan is "+shortHash(r.PlanSHA256), "look at it with starter runbook status "+runName(run))
	}
	if r.Kind == request.Order && !slices.Contains(r.Choices, answer.Decision) {
		return no(r.Short(), "an operator orders how the run goes on", "write one of: "+strings.Join(workflows.Commands(r), "; "))
	}
	if answer.Decision == "" {
		answer.Decision = r.Kind.Yes()
	}
	answer.Request, answer.Shown, answer.Via = r.ID, r.Shown, activities.ViaCLI
	answer.By, answer.Said, err = s.prove(ctx, c, word{identity.AnswerNamespace, by(), func(who string, said identity.Said) identity.Statement {
		answer.By, answer.Said = who, said
		return r.Statement(answer)
	}, true})
	if err != nil {
		return err
	}
	s.begun = "your answer may still count; see " + statusCommand(run)
	reply, err := tell(ctx, c, run, workflows.AnswerRequest, answer)
	if f, ok := errors.AsType[*failure](err); ok && (f.class == activities.NotFound || f.class == activities.PreconditionFailed) {
		return notOpen(run, id)
	}
	if err != nil {
		return err
	}
	return s.printReply(r.Short(), reply)
}

// openRequests asks a run for all that it asks, whole; a worker must live.
func openRequests(ctx context.Context, c *connect.Connection, run string) ([]request.Request, error) {
	ctx, cancel := context.WithTimeout(ctx, queryWait)
	defer cancel()
	var open []request.Request
	answer, err := c.QueryWorkflow(ctx, run, "", workflows.OpenRequests)
	if err == nil {
		err = answer.Get(&open)
	}
	return open, err
}
