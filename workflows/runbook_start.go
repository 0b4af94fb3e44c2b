package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
)

// Statement is what a person says by starting the runbook, as the run with that workflow id.
func (r RunbookRequest) Statement(id string) identity.Statement {
	s := identity.Statement{
		Do: identity.Start, Who: r.By, Login: r.Login, Host: r.Host, Run: id, Step: r.Name, Plan: r.PlanSHA256, Arguments: map[string]string{}, Reason: r.Why,
		At: r.At, Nonce: r.Nonce,
	}
	for _, name := range r.Inputs.Names() {
		s.Arguments[name] = condition.Spell(r.Inputs[name])
	}
	if r.Override { // which is no name of an input
		s.Arguments["--override"] = "yes"
	}
	return s
}

// starter is who says that the run is to start, and what proves it.
func (r RunbookRequest) starter(ctx workflow.Context) activities.Person {
	id := workflow.GetInfo(ctx).WorkflowExecution.ID
	return activities.Person{Name: r.By, Via: activities.ViaCLI, Word: startWord(ctx, r.Statement(id), r.Said)}
}

// started uses up the word that started the run: no other run is started by it. It is kept for who looks again.
func (r *runbookRun) started(ctx workflow.Context, starter activities.Person, standing activities.Standing) error {
	if r.claimed = standing.Proof == nil; r.claimed {
		return nil
	}
	err := r.entries.run(ctx, "ledger: the start is used up", activities.UseStatement, activities.UseStatementLater, activities.UsedStatement{
		WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID, Subject: r.state.Run.Subject(r.state.Run.Key), RunID: standing.RunID, At: workflow.Now(ctx), By: starter.Name,
		Data: activities.UsedStatementData{RunID: standing.RunID, Statement: standing.Statement, Proof: *standing.Proof},
	}, nil)
	if err == nil {
		r.state.Run.Start = starter.Word
	}
	return err
}
