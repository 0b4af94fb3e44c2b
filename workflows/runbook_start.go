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
func (r RunbookRequest) starter(ctx workflow.Context) activities.Starter {
	id := workflow.GetInfo(ctx).WorkflowExecution.ID
	return activities.Starter{Override: r.Override, Person: activities.Person{
		Name: r.By, Via: activities.ViaCLI, Word: word(identity.StartNamespace, r.Statement(id), r.Said),
	}}
}

// useStart uses up the word that a run was started by: no other run is started by it. It is nil where that proves nobody,
// and isPerson says that it is known who is behind it.
func useStart(ctx workflow.Context, queue *hostQueue, starter activities.Starter) (start *identity.Word, isPerson bool, err error) {
	if starter.Word == nil {
		return nil, false, nil
	}
	var people *activities.People
	var standing activities.Standing
	err = queue.run(ctx, using("who starts it: "+starter.Name), lookLimit, people.UseStart, starter, &standing)
	if err != nil || standing.Proof == nil {
		return nil, false, err
	}
	return starter.Word, standing.Proof.IsPerson(), nil
}
