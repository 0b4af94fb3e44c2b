package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Start is how a workflow is started, whoever starts it: command line, alert, schedule or another workflow. Options say
// its id, and with it what it excludes.
type Start struct {
	Options  client.StartWorkflowOptions
	Workflow any
	Request  any
	// Joins says that a second start follows the run that is at work; otherwise it is refused.
	Joins bool
}

// startedBy stands before the person in a run's summary.
const startedBy = " by "

// StartScale starts a change of the number of replicas: one change of a service at a time.
func StartScale(req ScaleRequest, change string) Start {
	return startOne(ServiceID(req.Host, req.Project, req.Service), fmt.Sprintf("%s/%s on %s", req.Project, change, req.Host), identity.Shown(req.By, req.Evidence == nil), req.Why, ScaleService, req)
}

// RunbookStart is what a start of a runbook needs to know of its definition.
type RunbookStart struct {
	// Project is empty for a runbook about the host; Key is the concurrency key, Policy runbook.Reject or runbook.Join.
	Project, Key, Policy string
	Description          string
	Inputs               condition.Values
}

// StartRunbook starts a runbook: one run at a time about the same thing.
func StartRunbook(req RunbookRequest, of RunbookStart) Start {
	on := req.Host
	if of.Project != "" {
		on += "/" + of.Project
	}
	s := startOne(runbook.Subject(req.Host, of.Project, req.Name, of.Key), strings.TrimSpace(req.Name+" "+of.Key)+" on "+on, identity.Shown(req.By, req.Evidence == nil), req.Why, RunRunbook, req)
	s.Joins = of.Policy == runbook.Join
	s.Options.StaticDetails = runbookStatics(req, of)
	return s
}

// runbookStatics are the details of a run that do not change: what it is for and what it was given.
func runbookStatics(req RunbookRequest, of RunbookStart) string {
	var lines []string
	if of.Description != "" {
		lines = append(lines, plain(of.Description)+"\n")
	}
	for _, name := range of.Inputs.Names() {
		lines = append(lines, "- "+plain(name+": "+condition.Spell(of.Inputs[name])))
	}
	if req.Why != "" {
		lines = append(lines, "\n"+plain(req.Why))
	}
	return cut(strings.Join(lines, "\n"), detailsBytes)
}

// spoken refuses a start whose name or reason is none that a history, the ledger and messages keep. It leaves no trace
// beside that error, as an answer of that form does.
func spoken(by, why string, said identity.Said) error {
	if fault := request.WordFault(by, why, said); fault != "" {
		return temporal.NewNonRetryableApplicationError(fault, activities.InvalidInput, nil)
	}
	return nil
}

// StartGuard starts the guard of a host's VRAM, or finds it at work.
func StartGuard(host string) Start {
	return Start{
		Options: client.StartWorkflowOptions{
			ID: GuardID(host), TaskQueue: TaskQueue, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, StaticSummary: "VRAM of " + host,
		},
		Workflow: GuardVRAM, Request: GuardState{Host: host}, Joins: true,
	}
}

// startOne starts the one run that there may be of an id.
func startOne(id, summary, by, why string, what, request any) Start {
	return Start{
		Options: client.StartWorkflowOptions{
			ID: id, TaskQueue: TaskQueue, WorkflowExecutionErrorWhenAlreadyStarted: true, StaticSummary: cut(summary+startedBy+by, summaryBytes),
			StaticDetails: cut(plain(why), detailsBytes),
		},
		Workflow: what, Request: request,
	}
}

// asTell are the options of a Tell that a run starts. It goes on when that run ends.
func asTell(ctx workflow.Context, h handed) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: h.id, TaskQueue: TaskQueue, ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON, StaticSummary: cut("tell "+h.notice.To()+" of "+h.notice.Step, summaryBytes),
	})
}

// asServiceChild are the options of a change of a service that another run starts. It goes on when that run ends: what
// it has begun it ends, or puts back.
func asServiceChild(ctx workflow.Context, id, summary string) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON, WaitForCancellation: true, StaticSummary: cut(summary, summaryBytes),
	})
}
