package workflows

import (
	"strconv"

	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/identity"
)

// Statement is what a person says by starting the change.
func (r ScaleRequest) Statement() identity.Statement {
	s := identity.Statement{
		Do: identity.Start, Who: r.By, Login: r.Login, Host: r.Host, Run: ServiceID(r.Host, r.Project, r.Service), Step: activities.ScaleStep,
		Arguments: map[string]string{"project": r.Project, "service": r.Service, "replicas": strconv.Itoa(r.Replicas)}, Reason: r.Why, At: r.At, Nonce: r.Nonce,
	}
	if r.BelowMin {
		s.Arguments[activities.BelowMinimum] = "yes"
	}
	if r.SharedVolume {
		s.Arguments[activities.SharedVolume] = "yes"
	}
	return s
}

// startedBy is who starts the change; nil where another run does it, whose business that is.
func (r ScaleRequest) startedBy(ctx workflow.Context) *activities.Starter {
	if workflow.GetInfo(ctx).ParentWorkflowExecution != nil {
		return nil
	}
	return &activities.Starter{Person: activities.Person{
		Name: r.By, Via: activities.ViaCLI, Word: word(identity.StartNamespace, r.Statement(), r.Said),
	}}
}
