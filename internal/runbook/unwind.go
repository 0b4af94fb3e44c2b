package runbook

import (
	"slices"
	"strings"
)

// fail is the end of the way that the steps describe. on_failure says what is done now; without it
// everything that can be is put back. A step of on_failure that fails does not keep the others from
// being done.
func (m *machine) fail(ending Outcome, why string) {
	if m.s.Ending != "" {
		m.s.Reason += "; then " + why
		m.leave()
		return
	}
	m.s.Ending, m.s.Reason, m.s.PauseBy = ending, why, "" // the pause was one of what has failed
	m.s.GuardsDue, m.s.Readings = false, map[string]Reading{}
	if m.p.Failure != Nowhere && ending != Refused {
		m.enter(m.p.Failure)
		return
	}
	m.unwind(0)
}

// rollback undoes, last first, back to a checkpoint or to the beginning.
func (m *machine) rollback(n Node) {
	m.s.Rolling = true
	to, reached := m.covered(n)
	if !reached {
		m.s.Rolling = false
		m.done(nil, "the checkpoint "+n.Step.To+" was not reached: there is nothing to undo")
		return
	}
	m.unwind(to)
}

// covered is from where on a rollback puts back what is on the undo stack; false when its checkpoint is not there.
func (m *machine) covered(n Node) (from int, reached bool) {
	if n.Step.To == "" {
		return 0, true
	}
	at := slices.IndexFunc(m.s.Undo, func(u Undoable) bool { return u.Uses == "" && u.Path == n.Scope+n.Step.To })
	return at + 1, at >= 0 // the checkpoint stays: another rollback may go back to it
}

// unwind undoes until only the first keep entries are left.
func (m *machine) unwind(keep int) {
	m.s.Phase, m.s.Unwinding = Undoing, keep
	for len(m.s.Undo) > keep {
		u := m.s.Undo[len(m.s.Undo)-1]
		if u.Uses == "" {
			m.s.Undo = m.s.Undo[:len(m.s.Undo)-1]
			continue
		}
		m.out(Command{Seq: m.next(), Act: &ActCall{
			Path: u.Path, Project: m.s.Run.Project, Attempt: 1, Uses: u.Uses, With: u.With, Risk: Write, Undo: true, Measured: u.Measured, Run: m.s.Run.RunID, Definition: m.s.Run.Definition, Idempotent: true, TimeoutSeconds: actLimit,
			Retry: Retry{Attempts: undoAttempts, IntervalSeconds: 2},
		}})
		return
	}
	if m.s.Rolling {
		m.rolled()
		return
	}
	m.end()
}

// rolled is the end of a rollback step. What could not be put back fails it, for what follows would build
// on it.
func (m *machine) rolled() {
	why := m.s.AbortWhy
	m.s.Rolling, m.s.AbortWhy = false, ""
	switch {
	case why != "":
		m.stepEnds(m.s.Node, OK, nil, "")
		m.fail(m.ending(why, ""), why)
	case len(m.s.NotUndone) > 0:
		m.stepFails(Failed, "not everything could be put back: "+strings.Join(m.s.NotUndone, "; "))
	default:
		m.done(nil, "")
	}
}

// undoAttempts is how often one thing is tried to be put back; then a person has to.
const undoAttempts = 10

// undone is how putting one thing back ended. Whatever happened, the next is tried.
func (m *machine) undone(r ActResult) {
	u := m.s.Undo[len(m.s.Undo)-1]
	m.s.Undo = m.s.Undo[:len(m.s.Undo)-1]
	if r.Outcome == OK {
		m.s.Undone = append(m.s.Undone, u.Path)
		m.settled(u.Path)
	} else {
		m.s.NotUndone = append(m.s.NotUndone, u.Path+": "+r.Message)
	}
	m.record("undo", "undo."+string(r.Outcome), "", StepUndone{
		Runbook: m.s.Run.Name, Step: u.Path, Uses: u.Uses, Arguments: u.With, Outcome: r.Outcome, Reason: r.Message,
	})
	m.unwind(m.s.Unwinding)
}

// leftOver are the entries of the undo stack that on_failure was to put back and did not.
func (m *machine) leftOver() {
	if m.s.Ending == "" || m.s.Ending == NotNeeded {
		return
	}
	for _, n := range m.p.Nodes {
		if !n.Failing || n.Step.Kind != Rollback || m.s.Steps[n.Path].Outcome == OK || m.s.Steps[n.Path].Outcome == Skipped {
			continue
		}
		from, reached := m.covered(n)
		if !reached {
			return
		}
		for _, u := range slices.Backward(m.s.Undo[from:]) {
			if u.Uses != "" {
				m.s.NotUndone = append(m.s.NotUndone, u.Path+": "+n.Path+" was not done")
			}
		}
		m.s.Undo = m.s.Undo[:from]
		return
	}
}

// stays are the steps that were done and that nothing takes back, or was meant to.
func (m *machine) stays() []string {
	all := slices.Clone(m.s.Stays)
	for _, u := range m.s.Undo {
		if u.Uses != "" && m.s.Steps[u.Path].Outcome == OK {
			all = append(all, u.Path)
		}
	}
	return all
}

// nameUnsettled names the steps of which nobody knows whether they happened: a run that has one ended incomplete.
func (m *machine) nameUnsettled() {
	for _, path := range m.s.Unsettled {
		if !slices.ContainsFunc(m.s.NotUndone, func(line string) bool { return strings.HasPrefix(line, path+": ") }) {
			m.s.NotUndone = append(m.s.NotUndone, path+": its outcome is unknown")
		}
	}
}

// end is the end of the run. What was done and is not taken back is named.
func (m *machine) end() {
	if !m.s.Run.Dry {
		m.leftOver()
		m.nameUnsettled()
	}
	outcome := m.s.Ending
	if stays := m.stays(); len(stays) > 0 && outcome != "" && outcome != NotNeeded && !m.s.Run.Dry {
		m.s.Reason += "; done, and not taken back: " + strings.Join(stays, ", ")
	}
	switch {
	case len(m.s.Unsettled) > 0:
		outcome = RollbackIncomplete
	case outcome == "":
		outcome = Succeeded
	case outcome == NotNeeded:
	case len(m.s.NotUndone) > 0:
		outcome = RollbackIncomplete
	case outcome == RunFailed && len(m.s.Undone) > 0 && len(m.s.Undo) == 0:
		outcome = RolledBack
	}
	m.s.Outcome, m.s.Node = outcome, Nowhere
	m.record("finished", "runbook.finished", m.s.Run.Initiator, Finished{
		Runbook: m.s.Run.Name, Outcome: outcome, Reason: m.s.Reason, PlanSHA256: m.s.Run.PlanSHA256, Undone: m.s.Undone, NotUndone: m.s.NotUndone,
	})
	m.s.Phase = Over
	m.next()
	m.out(Command{StopTimers: true})
	m.out(Command{Finish: &Finish{Outcome: outcome, Reason: m.s.Reason}})
}
