package runbook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// Plan is what a run would do, as things are now.
type Plan struct {
	Runbook     string `json:"runbook"`
	Description string `json:"description,omitempty"`
	// Definition is the SHA-256 of the file, Key what runs about the same thing share.
	Definition string `json:"definition"`
	Host       string `json:"host"`
	// Project is what the run would be about; empty for a runbook about the host.
	Project string           `json:"project,omitempty"`
	Key     string           `json:"key,omitempty"`
	Inputs  condition.Values `json:"inputs"`
	Steps   []Planned        `json:"steps"`
	// Readings are what the probes said; they are not part of SHA256, for they change all the time.
	Readings map[string]Reading `json:"readings,omitempty"`
	// Refusals are the reasons why the run would not begin, or end at once.
	Refusals []string `json:"refusals,omitempty"`
	// NotNeeded says that a check found nothing to do.
	NotNeeded bool   `json:"not_needed,omitempty"`
	SHA256    string `json:"sha256"`
}

// PlanOf is the plan that a dry run arrived at. The hash covers what would be done, where and with what,
// and every definition that has a say in it. People keep it for --plan, approvals and the ledger hold it: the fields that
// are hashed, their names and their order included, stay as they are while runs are at work.
func PlanOf(p Program, s State) Plan {
	plan := Plan{
		Runbook: s.Run.Name, Description: p.Definition.Description, Definition: p.Definition.SHA256, Host: s.Run.Host, Project: s.Run.Project, Key: s.Run.Key, Inputs: s.Inputs[""],
		Steps: s.Plan, Readings: s.Readings, Refusals: s.Refusals, NotNeeded: s.Ending == NotNeeded,
	}
	type step struct {
		Path, Decision, Uses string
		With                 condition.Values
		Argv                 []string
		Undo                 *PlannedUndo
	}
	hashed := struct {
		Runbook, Definition, Host, Project, Key string
		Called                                  []string
		Inputs                                  condition.Values
		Steps                                   []step
	}{Runbook: plan.Runbook, Definition: plan.Definition, Host: plan.Host, Project: plan.Project, Key: plan.Key, Inputs: plan.Inputs}
	for _, n := range p.Nodes {
		if n.Step.Called != nil {
			hashed.Called = append(hashed.Called, n.Path+" "+n.Step.Called.SHA256)
		}
	}
	for _, planned := range plan.Steps {
		hashed.Steps = append(hashed.Steps, step{planned.Path, planned.Decision, planned.Uses, planned.With, planned.Argv, planned.Undo})
	}
	text, err := json.Marshal(hashed) // map keys are sorted
	if err != nil {
		panic("a plan holds only scalars: " + err.Error())
	}
	sum := sha256.Sum256(text)
	plan.SHA256 = hex.EncodeToString(sum[:])
	return plan
}
