package app

import (
	"context"
	"fmt"
	"strings"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/workflows"
)

// status lists the runs that do something about a service or follow a runbook. What only watches is none.
func (c commands) status(ctx context.Context) (message.Message, error) {
	page, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: shownLines + 1, Query: workflows.AtWork("RunRunbook", "ScaleService", "RestartService"),
	})
	if err != nil {
		return message.Message{}, away(err)
	}
	var lines []string
	for _, info := range page.GetExecutions() {
		state := ""
		if payload := info.GetSearchAttributes().GetIndexedFields()[workflows.StateAttribute.GetName()]; payload != nil {
			_ = converter.GetDefaultDataConverter().FromPayload(payload, &state) // without it the run is still at work
		}
		line := info.GetExecution().GetWorkflowId() + " since " + c.clock(info.GetStartTime().AsTime())
		if state != "" {
			line += ", " + strings.ReplaceAll(state, "_", " ")
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return message.Message{Title: "Nothing is at work"}, nil
	}
	m := listed("At work", lines, "starter status")
	if len(lines) > shownLines { // there may be more than were asked for
		last := m.Sections[0].Lines
		last[len(last)-1] = "and more: starter status"
	}
	return m, nil
}

// requests lists what waits for people, the nearest deadline first.
func (c commands) requests(ctx context.Context) (message.Message, error) {
	open, err := workflows.ListRequests(ctx, c.temporal)
	if err != nil {
		return message.Message{}, away(err)
	}
	var lines []string
	for _, r := range open {
		step, _, _ := strings.Cut(r.ID, "@")
		who := "an operator"
		if len(r.Groups) > 0 {
			who = strings.Join(r.Groups, ", ")
		}
		lines = append(lines, fmt.Sprintf("%s:%s (%s) by %s until %s", r.WorkflowID, step, r.Kind, who, c.clock(r.Deadline)))
		if r.More > 0 {
			lines = append(lines, fmt.Sprintf("and %d more of %s", r.More, r.WorkflowID))
		}
	}
	if len(lines) == 0 {
		return message.Message{Title: "Nothing waits for a person"}, nil
	}
	return listed("What waits for people", lines, "starter gate list"), nil
}
