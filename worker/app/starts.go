package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/internal/alert"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/workflows"
)

// starter is what starts workflows: Temporal's client.
type starter interface {
	ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error)
	SignalWorkflow(ctx context.Context, workflowID, runID, signalName string, arg any) error
}

// starts starts what comes from outside, and implements ingress.Alerts.
type starts struct {
	temporal starter
	proven   *proof
	// host is the one whose worker lets it in.
	host string
}

// startWait bounds one start.
const startWait = 5 * time.Second

// Start starts a run. One of that id that is at work is joined, whatever the definition says of what people start: an
// alert that is told again is no second problem.
func (s starts) Start(ctx context.Context, of alert.Start) (joined bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	request := workflows.RunbookRequest{
		Name: of.Runbook, Inputs: of.Inputs, Host: of.Host, Project: of.Project, By: of.By, Why: of.Why,
		Said: identity.Said{At: of.At.UTC().Truncate(time.Second), Nonce: rand.Text()},
	}
	if of.Kind == identity.Hook || of.Kind == identity.Slack { // the same delivery makes the same statement, and a statement counts once
		request.Nonce = of.Delivery
	}
	about := workflows.RunbookStart{Project: of.Project, Key: of.Key, Policy: of.Policy, Description: of.Description, Inputs: of.Filled}
	if request.Evidence, err = s.evidence(request.Statement(of.ID), of.Kind); err != nil {
		return false, err
	}
	start := workflows.StartRunbook(request, about)
	if start.Options.ID != of.ID {
		return false, fmt.Errorf("the run would be %s, and not %s", start.Options.ID, of.ID)
	}
	_, err = s.temporal.ExecuteWorkflow(ctx, start.Options, start.Workflow, start.Request)
	if _, already := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); already {
		return true, nil
	}
	return false, err
}

// End tells a run that its alert is resolved. One that is not at work needs to know nothing.
func (s starts) End(ctx context.Context, of alert.Ended) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	err := s.temporal.SignalWorkflow(ctx, of.Run, "", workflows.AlertResolved, workflows.ResolvedAlert{Alert: of.Alert, At: of.At.UTC().Truncate(time.Second)})
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return nil
	}
	return err
}

// evidence is the word of this host for a start that it has let in: who sent it was held against a token or a secret.
func (s starts) evidence(statement identity.Statement, kind identity.Kind) (*identity.Evidence, error) {
	statement.Cluster = s.proven.cluster
	text, err := statement.Text()
	if err != nil {
		return nil, err
	}
	signature, err := s.proven.key.Sign(identity.StartNamespace, text)
	if err != nil {
		return nil, err
	}
	return &identity.Evidence{Kind: kind, By: s.host, Signature: signature}, nil
}
