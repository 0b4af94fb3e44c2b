package runbook

import (
	"strconv"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
)

// Next is what a run does when something happens: its new state, and what to do now. It reads no
// clock and touches nothing; the same arguments give the same answer. A run that is over is asked nothing more.
func Next(p Program, s State, e Event) (State, []Command) {
	m := &machine{p: p, s: s.clone(), now: e.At}
	m.handle(e)
	return m.s, m.commands
}

// New is the state of a run before its first event, which is Begin. The inputs are checked already.
func New(run Run, inputs condition.Values) State {
	return State{
		Run: run, Inputs: map[string]condition.Values{"": inputs}, Readings: map[string]Reading{}, Steps: map[string]StepState{},
		GuardsDue: true,
	}
}

// machine is one step of a run.
type machine struct {
	p        Program
	s        State
	now      time.Time
	commands []Command
}

func (m *machine) handle(e Event) {
	stale := e.Seq != m.s.Seq // before a reset asks anew
	if e.Run != "" && e.Run != m.s.Run.RunID {
		m.moved(e.Run)
	}
	switch {
	case e.Begin:
		m.record("started", "runbook.started", m.s.Run.Initiator, Started{
			Runbook: m.s.Run.Name, Definition: m.p.Definition.SHA256, Inputs: m.s.Inputs[""], PlanSHA256: m.s.Run.PlanSHA256, Claimed: m.s.Run.Start == nil,
		})
		m.enter(m.p.Start)
	case e.Broken != "":
		m.broken(e.Broken)
	case e.Cancelled:
		m.abort("cancelled")
	case e.Verb != nil:
		m.verb(*e.Verb)
	case e.Answer != nil:
		m.answer(*e.Answer)
	case e.Timer == remindTimer && m.s.Request != nil:
		m.remind()
	case e.Timer == DeadlineTimer && m.s.Request != nil:
		m.expire()
	case e.Timer == restTimer && m.s.Phase == Resting:
		m.rested()
	case stale || e.Timer != "":
	case e.Read != nil && m.s.Phase == Probing:
		m.readings(e.Read)
		m.evaluate()
	case e.Evaluated != nil && m.s.Phase == Evaluating:
		m.evaluated(e.Evaluated)
	case e.Watched != nil && m.s.Phase == Watching:
		m.watched(*e.Watched)
	case e.Acted != nil && m.s.Phase == Acting:
		m.acted(*e.Acted)
	case e.Acted != nil && m.s.Phase == Undoing:
		m.undone(*e.Acted)
	}
}

func (m *machine) node() Node { return m.p.Nodes[m.s.Node] }

// next begins a new wait: answers to earlier commands no longer count.
func (m *machine) next() int {
	m.s.Seq++
	return m.s.Seq
}

func (m *machine) out(c Command) { m.commands = append(m.commands, c) }

func (m *machine) timer(name string, d time.Duration) {
	m.out(Command{Timer: &Timer{Name: name, For: d}})
}

func (m *machine) reply(accepted bool, message string) {
	m.out(Command{Reply: &request.Reply{Accepted: accepted, Message: message}})
}

// record keeps something in the ledger; a dry run leaves no trace there.
func (m *machine) record(event, kind, actor string, data any) {
	m.recordAbout(m.s.Run.Subject(m.s.Run.Key), event, kind, actor, data, nil)
}

func (m *machine) recordAbout(subject, event, kind, actor string, data any, quota *ledger.Quota) {
	if m.s.Run.Dry {
		return
	}
	m.s.Recorded++
	m.out(Command{Record: &ledger.Record{
		Event: itoa(m.s.Recorded) + "." + event, Kind: kind, Subject: subject, Actor: actor, Data: data, Quota: quota,
	}})
}

// Subject is what the ledger's entries about runs of a runbook on one project, or one host, share: with
// the concurrency key it is the id of the run, with Dedup what cooldown and breaker count by.
func Subject(host, project, name, key string) string {
	if project == "" {
		project = NoProject
	}
	return strings.TrimSuffix(strings.Join([]string{"runbook", host, project, name, key}, "/"), "/")
}

// NoProject stands in an id where the runbook is about the host.
const NoProject = "-"

// Subject is Subject of this run.
func (r Run) Subject(key string) string { return Subject(r.Host, r.Project, r.Name, key) }

// enter stands before a node. What it needs to know is read first, then its condition is evaluated.
func (m *machine) enter(at int) {
	m.s.Node = at
	switch {
	case at == Nowhere:
		m.end()
		return
	case m.s.PauseBy != "":
		m.askOperator(RunPaused, m.node(), "paused by "+m.s.PauseBy+" before "+m.node().Path, Resume, SkipStep, UndoAll, Abort)
		m.s.PauseBy = ""
		return
	}
	if calls := m.unread(); len(calls) > 0 {
		m.s.Phase = Probing
		m.out(Command{Seq: m.next(), Read: calls})
		return
	}
	m.evaluate()
}

// leave goes on behind the node at work. A checkpoint is one also where it was left out: what a rollback to it puts back
// is what comes behind it.
func (m *machine) leave() {
	n := m.node()
	if n.Step.Kind == Checkpoint {
		m.s.Undo = append(m.s.Undo, Undoable{Path: n.Path})
	}
	m.enter(n.After)
}

// abort ends the run as if the step at work had failed. Work in flight is stopped first.
func (m *machine) abort(why string) {
	switch m.s.Phase {
	case Acting, Watching:
		if m.s.AbortWhy == "" {
			m.s.AbortWhy = why
			m.out(Command{Cancel: true})
		}
		return
	case Undoing:
		if m.s.Rolling { // what is being put back is put back, and the run ends behind it
			m.s.AbortWhy = why
		}
		return
	case Asking:
		paused := m.s.Cause == RunPaused
		m.withdraw(why)
		if m.puttingBack() || paused && m.s.Ending != "" { // on_failure is what an abort wants
			m.enter(m.s.Node)
			return
		}
	case Resting, Probing, Evaluating:
		if m.puttingBack() {
			return
		}
		m.out(Command{StopTimers: true})
		m.stepEnds(m.s.Node, Failed, nil, why)
	case Over: // it is asked nothing more
	}
	m.next()
	m.fail(Aborted, why)
}

// puttingBack says that the run is about to put things back in on_failure. That is not given up: it is what an abort
// wants.
func (m *machine) puttingBack() bool {
	return m.s.Ending != "" && m.node().Step.Kind == Rollback
}

// withdraw closes the open request, which nobody needs to answer any more.
func (m *machine) withdraw(why string) {
	cause := m.s.Cause
	m.told(m.s.Request.Withdraw(why))
	m.closeRequest()
	if !m.puttingBack() {
		m.unanswered(cause, why)
	}
}

// broken ends a run that cannot go on as it should. What it is putting back it puts back all the same.
func (m *machine) broken(why string) {
	switch m.s.Phase {
	case Acting, Watching:
		if m.s.AbortWhy == "" {
			m.out(Command{Cancel: true})
		}
		m.s.AbortWhy, m.s.Broken = why, true
		return
	case Undoing:
		m.s.Broken = true
		if m.s.Rolling && m.s.AbortWhy == "" {
			m.s.AbortWhy = why
		}
		return
	case Asking:
		m.withdraw(why)
	default:
		if m.puttingBack() { // without its condition, which cannot be told
			m.s.Broken = true
			m.next()
			m.rollback(m.node())
			return
		}
		m.out(Command{StopTimers: true})
		m.stepEnds(m.s.Node, Failed, nil, why)
	}
	m.s.Broken = true
	m.next()
	m.fail(RunFailed, why)
}

// stepEnds keeps what became of a step and tells the ledger.
func (m *machine) stepEnds(at int, outcome StepOutcome, outputs condition.Values, message string) {
	n := m.p.Nodes[at]
	st := m.s.Steps[n.Path]
	if st.Started.IsZero() {
		st.Started = m.now
	}
	st.Outcome, st.Outputs, st.Message, st.Ended = outcome, outputs, message, m.now
	m.s.Steps[n.Path] = st
	m.record("step", "step."+string(outcome), "", StepEnded{
		Runbook: m.s.Run.Name, Step: n.Path, Title: n.Step.Title, Attempt: st.Attempt, Uses: n.Step.Uses, Risk: n.Step.Risk,
		Outcome: outcome, Outputs: outputs, Reason: message,
	})
}

func itoa(n int) string { return strconv.Itoa(n) }
