package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

func (s *starter) gateCommand() *cobra.Command {
	return group("gate", "Show what waits for a person, approve it or reject it", s.gateListCommand(), s.gateApproveCommand(), s.gateRejectCommand())
}

func (s *starter) gateListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Show everything that waits for a person", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.dial(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			found, more, err := openRunbooks(cmd.Context(), c)
			if err != nil {
				return err
			}
			return s.printGates(gatesOf(found, more))
		},
	}
}

// gates is what `starter gate list` shows.
type gates struct {
	Requests []openRequest `json:"requests"`
	// Silent are runs that did not answer: they may wait for somebody too.
	Silent []silentRun `json:"silent,omitempty"`
	// MoreRunning is true when not all runs were asked.
	MoreRunning bool `json:"more_running,omitempty"`
}

// openRequest is a request, and the run that it is about.
type openRequest struct {
	runbook.Request
	WorkflowID string `json:"workflow_id"`
	Initiator  string `json:"initiator"`
	Host       string `json:"host"`
	Project    string `json:"project,omitempty"`
}

type silentRun struct {
	WorkflowID string `json:"workflow_id"`
	Fault      string `json:"fault"`
}

func gatesOf(found []runbookRun, more bool) gates {
	g := gates{Requests: []openRequest{}, MoreRunning: more}
	for _, r := range found {
		switch {
		case r.RunbookStatus == nil:
			g.Silent = append(g.Silent, silentRun{WorkflowID: r.WorkflowID, Fault: r.Fault})
		case r.Request != nil:
			g.Requests = append(g.Requests, openRequest{Request: *r.Request, WorkflowID: r.WorkflowID, Initiator: r.By, Host: r.Host, Project: r.Project})
		}
	}
	return g
}

func (s *starter) gateApproveCommand() *cobra.Command {
	var params []string
	answer := workflows.RunbookAnswer{Approve: true}
	cmd := &cobra.Command{
		Use: "approve ID", Short: "Approve what a run asks, or answer it", Args: cobra.ExactArgs(1),
		Long: `Approve what a run asks, or say that what it asks for is done and fill in its fields. ID is one of
starter gate list. The approval is for what was shown there and for nothing else: this attempt, these
arguments, this plan. Whether the person may is decided by the run, which records the answer.`,
		Example: "  starter gate approve llm_failure_response/llama3_8b:approve.1\n  starter gate approve handover:ask.1 -p request_id=REQ-7",
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if answer.Fields, err = parseParams(params); err != nil {
				return err
			}
			answer.PlanSHA256 = strings.ToLower(answer.PlanSHA256)
			if answer.PlanSHA256 != "" && !planForm.MatchString(answer.PlanSHA256) {
				return badHash(answer.PlanSHA256)
			}
			return s.answer(cmd.Context(), args[0], answer)
		},
	}
	paramFlag(cmd, &params, "FIELD=VALUE to fill in; may be repeated")
	cmd.Flags().StringVar(&answer.PlanSHA256, "plan", "", "SHA-256 of the plan that you saw, at least its first 12 digits; for another one nothing is approved")
	cmd.Flags().StringVar(&answer.Reason, "reason", "", "why, in a sentence; recorded")
	return cmd
}

func (s *starter) gateRejectCommand() *cobra.Command {
	var answer workflows.RunbookAnswer
	cmd := &cobra.Command{
		Use: "reject ID", Short: "Reject what a run asks, and end the run", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if answer.Reason == "" {
				return usage("gate reject", "no reason is given", "say why with --reason")
			}
			return s.answer(cmd.Context(), args[0], answer)
		},
	}
	cmd.Flags().StringVar(&answer.Reason, "reason", "", "why, in a sentence; recorded")
	return cmd
}

// requestRun splits a request as a person names it into the run and the rest behind the colon.
func requestRun(request string) (run, rest string, err error) {
	at := strings.LastIndex(request, ":")
	if at < 1 || at == len(request)-1 {
		return "", "", usage("gate", fmt.Sprintf("%q is no request", request), "write an id of starter gate list, such as llm_failure_response/llama3_8b:approve.1")
	}
	return request[:at], request[at+1:], nil
}

// answer gives a person's word on a request to the run.
func (s *starter) answer(ctx context.Context, request string, answer workflows.RunbookAnswer) error {
	run, rest, err := requestRun(request)
	if err != nil {
		return err
	}
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	id, err := findRun(ctx, c, run)
	if f, ok := errors.AsType[*failure](err); ok && f.code == exitNo {
		return notOpen(ctx, c, request)
	}
	if err != nil {
		return err
	}
	answer.Request, answer.By = id+":"+rest, me()
	return s.answerRun(ctx, c, id, answer)
}

func (s *starter) answerRun(ctx context.Context, c *connect.Connection, id string, answer workflows.RunbookAnswer) error {
	var err error
	if answer.PlanSHA256 != "" {
		if answer.PlanSHA256, err = planOfRequest(ctx, c, id, answer); err != nil {
			return err
		}
	}
	reply, err := tell(ctx, c, id, workflows.AnswerRunbook, answer)
	if f, ok := errors.AsType[*failure](err); ok && (f.class == activities.NotFound || f.class == activities.PreconditionFailed) {
		return notOpen(ctx, c, answer.Request)
	}
	if err != nil {
		return err
	}
	return s.printReply(answer.Request, reply)
}

// planOfRequest is the whole hash of the plan whose beginning the person wrote.
func planOfRequest(ctx context.Context, c *connect.Connection, id string, answer workflows.RunbookAnswer) (string, error) {
	status, err := runbookStatus(ctx, c, id, "")
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", missing(runName(id), noAnswer(err), "see starter gate list")
	case status.Request == nil || status.Request.ID != answer.Request:
		return "", notOpen(ctx, c, answer.Request)
	case !strings.HasPrefix(status.Request.PlanSHA256, answer.PlanSHA256):
		return "", no("--plan", "the plan is "+shortHash(status.Request.PlanSHA256), "look at it with starter gate list")
	}
	return status.Request.PlanSHA256, nil
}

// notOpen names the open request that may have been meant.
func notOpen(ctx context.Context, c *connect.Connection, request string) error {
	var ids []string
	if found, _, err := openRunbooks(ctx, c); err == nil {
		for _, open := range gatesOf(found, false).Requests {
			for _, form := range runForms(open.WorkflowID) {
				ids = append(ids, form+strings.TrimPrefix(open.ID, open.WorkflowID))
			}
		}
	}
	hint := "see starter gate list"
	if near, ok := strictyaml.Nearest(runName(request), ids); ok {
		hint = "did you mean " + near + "?"
	}
	return no("", request+" is not open", hint)
}
