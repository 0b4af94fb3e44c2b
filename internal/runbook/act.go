package runbook

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
)

// actLimit is the time of one attempt at an operation that undoes.
const actLimit = 120

// act does the operation of the step at work. A destructive one, and any that a gate is for, needs an
// approval of just this attempt with just these arguments; without one the gate opens again.
func (m *machine) act(n Node, results map[string]ItemResult) {
	with, fault := filled("with", n.Step.With, results)
	var undo condition.Values
	if fault == "" && n.Step.Undo != nil {
		undo, fault = filled("undo", n.Step.Undo.With, results)
	}
	if fault != "" {
		m.stepFails(Failed, m.explain(fault))
		return
	}
	st := m.s.Steps[n.Path]
	attempt := st.Attempt + 1
	gate, argv := m.p.gateOf(n.Path), m.p.argv(n.Step.Uses, with)
	until, words, void := m.approved(n, attempt, with)
	if (n.Step.Risk == Destructive || gate != Nowhere) && void != "" {
		if gate == Nowhere {
			m.stepFails(Failed, "no gate approves it")
			return
		}
		if asked := m.p.Nodes[gate]; m.s.Steps[asked.Path].Outcome == Failed { // in on_failure, which goes on
			m.stepFails(Failed, asked.Step.ID+" did not approve it")
			return
		}
		wanted := request.Effect{Step: n.Path, Attempt: attempt, Uses: n.Step.Uses, Arguments: with, Argv: argv}
		m.askApproval(m.p.Nodes[gate], []request.Effect{wanted}, strings.TrimSpace(m.s.Steps[m.p.Nodes[gate].Path].Asked+"\nAsked again: "+void+"."))
		return
	}
	if attempt > 1 { // what the one before came to is in the ledger
		st = StepState{Started: m.now, Asked: st.Asked}
	}
	st.Attempt, st.Does = attempt, request.Call(n.Step.Uses, with, argv)
	m.s.Steps[n.Path] = st
	if n.Step.Risk != Read && !m.s.Acted {
		m.s.Acted = true
		m.recordAbout(m.s.Run.Subject(m.s.Run.Dedup), "acting", ActingKind, m.s.Run.Initiator, Begun{
			Runbook: m.s.Run.Name, Step: n.Path, PlanSHA256: m.s.Run.PlanSHA256,
		}, m.quota())
	}
	if begins(n.Step) {
		// It is known that it may have happened, even when nothing more comes of this run.
		m.record("begun", StartedKind, "", StepStarted{
			Runbook: m.s.Run.Name, Step: n.Path, Title: n.Step.Title, Attempt: attempt, Uses: n.Step.Uses, Arguments: with, Argv: argv, Risk: n.Step.Risk,
			PlanSHA256: m.s.Run.PlanSHA256,
		})
	}
	if n.Step.Undo != nil && !slices.ContainsFunc(m.s.Undo, func(u Undoable) bool { return u.Path == n.Path }) {
		m.s.Undo = append(m.s.Undo, Undoable{Path: n.Path, Uses: n.Step.Undo.Uses, With: undo})
	}
	m.s.Phase = Acting
	m.out(Command{Seq: m.next(), Act: &ActCall{
		Path: n.Path, Run: m.s.Run.RunID, Runbook: m.s.Run.Name, PlanSHA256: m.s.Run.PlanSHA256, Definition: m.s.Run.Definition, Words: words, Start: m.s.Run.Start, Until: until, Project: m.s.Run.Project,
		Attempt: attempt, Uses: n.Step.Uses, With: with, Argv: argv, Risk: n.Step.Risk,
		Idempotent: n.Step.Idempotent, TimeoutSeconds: n.Step.TimeoutSeconds, Retry: n.Step.Retry,
	}})
}

// StartedKind is the kind of the ledger's entry about a step that begins and must not be done twice.
const StartedKind = "step.started"

// begins says whether the run tells the ledger that a step begins which must not be done twice. Before a destructive
// activity the host's worker tells it, and does nothing where somebody has told it before.
func begins(s Step) bool {
	if s.Risk != Destructive {
		return !s.Idempotent
	}
	operation, _ := FindOperation(s.Uses)
	return operation.Workflow
}

// approved says until when this attempt was approved as it would now be done, and uses the approval up; or why it was
// not.
func (m *machine) approved(n Node, attempt int, with condition.Values) (until time.Time, words []identity.Word, void string) {
	void = "nobody has approved it yet"
	if attempt > 1 {
		void = fmt.Sprintf("this is attempt %d, and an approval is for one", attempt)
	}
	for i, a := range m.s.Approvals {
		switch {
		case a.Step != n.Path || a.Attempt != attempt:
		case a.Uses != n.Step.Uses || a.PlanSHA256 != m.s.Run.PlanSHA256 || !same(n.Step.With, a.Arguments, with):
			void = "what the step would do is no longer what was approved: " + a.String()
		case m.now.After(a.Until):
			void = "the approval ended at " + a.Until.UTC().Format("15:04:05 MST")
		default:
			m.s.Approvals = slices.Delete(m.s.Approvals, i, i+1)
			return a.Until, a.Words, ""
		}
	}
	return time.Time{}, nil, void
}

// same compares two sets of arguments of an operation.
func same(with []Filled, a, b condition.Values) bool {
	for _, f := range with {
		if fmt.Sprint(a[f.Name]) != fmt.Sprint(b[f.Name]) {
			return false
		}
	}
	return len(a) == len(b)
}

// acted is how the operation ended.
func (m *machine) acted(r ActResult) {
	n := m.node()
	why := m.s.AbortWhy
	m.s.AbortWhy = ""
	if r.Suppressed != nil {
		m.suppress(*r.Suppressed)
		return
	}
	m.measured(n.Path, n.Step.Uses, r.Outcome, r.Outputs)
	if r.NotBegun && m.s.Steps[n.Path].Attempt == 1 { // there is nothing to put back
		m.s.Undo = slices.DeleteFunc(m.s.Undo, func(u Undoable) bool { return u.Path == n.Path && u.Uses != "" })
	}
	if r.Outcome == Unclear && !slices.Contains(m.s.Unsettled, n.Path) {
		m.s.Unsettled = append(m.s.Unsettled, n.Path)
	}
	switch {
	case r.Outcome == OK:
		m.happened(n)
		m.stepEnds(m.s.Node, OK, r.Outputs, r.Message)
		if why != "" {
			m.fail(m.ending(why, ""), why)
			return
		}
		m.leave()
	case r.Outcome == Unclear && why == "" && n.Step.OnUnknown != Fail:
		m.stepEnds(m.s.Node, Unclear, nil, r.Message)
		st := m.s.Steps[n.Path]
		m.askOperator(StepUnknown, n, fmt.Sprintf("%s may or may not have happened: %s (attempt %d): %s", n.Path, st.Does, st.Attempt, r.Message),
			RetryVrb, MarkDone, UndoAll, Abort)
	case r.Outcome == Unclear:
		m.stepEnds(m.s.Node, Unclear, nil, r.Message)
		m.fail(m.ending(why, RunFailed), reason(why, n.Path+": "+r.Message))
	case why != "":
		m.stepEnds(m.s.Node, r.Outcome, nil, r.Message)
		m.fail(m.ending(why, ""), why)
	default:
		m.stepFails(r.Outcome, r.Message)
	}
}

// happened is what is known of a step that was done.
func (m *machine) happened(n Node) {
	m.settled(n.Path)
	if n.Step.Risk != Read && n.Step.Undo == nil && !n.Failing && !slices.Contains(m.s.Stays, n.Path) {
		m.s.Stays = append(m.s.Stays, n.Path)
	}
}

// settled says that what became of a step is known now.
func (m *machine) settled(path string) {
	m.s.Unsettled = slices.DeleteFunc(m.s.Unsettled, func(p string) bool { return p == path })
}

// ending is the outcome that a run heads for whose work was stopped, or otherwise.
func (m *machine) ending(abortWhy string, otherwise Outcome) Outcome {
	switch {
	case abortWhy == "":
		return otherwise
	case m.s.Broken:
		return RunFailed
	}
	return Aborted
}

// The operations that the run does by a workflow of their own: they take a service to a number of replicas, and back;
// and restart one.
const (
	ScaleOperation   = "service.scale"
	RestartOperation = "service.restart"
)

// measured makes the undo of a scaling go back to the number that there was when it began.
func (m *machine) measured(path, uses string, outcome StepOutcome, outputs condition.Values) {
	from, ok := outputs["from"]
	i := slices.IndexFunc(m.s.Undo, func(u Undoable) bool { return u.Path == path && u.Uses == ScaleOperation })
	switch {
	case i < 0:
		return
	case !ok && uses == ScaleOperation && (outcome == Failed || outcome == TimedOut):
		m.s.Undo = slices.Delete(m.s.Undo, i, i+1) // it ended before it had measured, and so before it had changed anything
		return
	case !ok:
		return
	}
	with := condition.Values{}
	merge(with, m.s.Undo[i].With)
	with["replicas"] = from
	m.s.Undo[i].With, m.s.Undo[i].Measured = with, true
}

func reason(abortWhy, otherwise string) string {
	if abortWhy != "" {
		return abortWhy
	}
	return otherwise
}

// stepFails ends the step at work badly. A run that was to pause holds there, so that an operator can
// decide; else the run fails.
func (m *machine) stepFails(outcome StepOutcome, why string) {
	n := m.node()
	m.stepEnds(m.s.Node, outcome, nil, why)
	if m.s.Run.Dry {
		m.planned(n, Planned{Decision: PlanStops, Note: why})
		m.s.Refusals = append(m.s.Refusals, n.Path+": "+why)
		m.end()
		return
	}
	if m.s.PauseBy != "" {
		m.s.PauseBy = ""
		m.askOperator(StepHeld, n, n.Path+" failed: "+why, RetryVrb, SkipStep, UndoAll, Abort)
		return
	}
	m.fail(RunFailed, n.Path+": "+why)
}
