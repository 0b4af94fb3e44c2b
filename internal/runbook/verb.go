package runbook

import (
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
)

// verb is an operator's order. One that cannot be followed is recorded as well, and answered.
func (m *machine) verb(v Verb) {
	ordered := Ordered{
		Runbook: m.s.Run.Name, Step: m.at(), Order: v.Verb, Via: v.Via, Reason: v.Reason, Statement: v.Standing.Statement, Proof: v.Standing.Proof,
	}
	if ordered.Denied = m.cannot(v); ordered.Denied != "" {
		m.record("denied", "operator.denied", v.By, ordered)
		m.reply(false, ordered.Denied)
		return
	}
	if v.Nonce != "" {
		m.s.Nonces = append(m.s.Nonces, v.Nonce)
	}
	m.record(v.Verb, "operator."+v.Verb, v.By, ordered)
	m.reply(true, m.obeyed(v.Verb))
	if v.Verb != Abort && slices.Contains(m.ordersAsked(), v.Verb) { // an abort withdraws it, which is told as that
		m.notifyAbout(request.Notification{About: "ordered", By: v.By, Claimed: v.Standing.Proof == nil, Decision: v.Verb, Reason: v.Reason})
	}
	who := identity.Shown(v.By, v.Standing.Proof == nil)
	by := v.Verb + " by " + who
	if v.Reason != "" {
		by += ": " + v.Reason
	}
	switch v.Verb {
	case Pause:
		m.s.PauseBy = who
	case Resume:
		m.resume()
	case SkipStep:
		m.skipped(by)
	case RetryVrb:
		m.closeRequest()
		m.refresh()
		m.enter(m.s.Node)
	case MarkDone:
		m.closeRequest()
		m.refresh()
		m.happened(m.node())
		m.stepEnds(m.s.Node, OK, nil, by)
		m.leave()
	case UndoAll:
		m.closeRequest()
		m.s.Ending, m.s.Reason = RunFailed, by
		m.unwind(0)
	case Abort:
		m.abort(by)
	}
}

// at is the step at work, for a message.
func (m *machine) at() string {
	if m.s.Node == Nowhere {
		return "the end"
	}
	return m.node().Path
}

// ordersAsked are the orders of which the open request asks for one.
func (m *machine) ordersAsked() []string {
	if m.s.Request == nil || m.s.Request.Kind != request.Order {
		return nil
	}
	return m.s.Request.Choices
}

// cannot says why an order is not followed; empty when it is.
func (m *machine) cannot(v Verb) string {
	choices := m.ordersAsked()
	switch {
	case v.Run != "" && v.Run != m.s.Run.RunID:
		return "that was for another run"
	case v.Nonce != "" && slices.Contains(m.s.Nonces, v.Nonce):
		return "that was said before, and a signed order counts once"
	case v.Step != "" && v.Step != m.at():
		return "that was for " + v.Step + ", and the run is at " + m.at() + " now"
	case !v.Standing.Operator:
		return request.NoOperator(v.By)
	case !slices.Contains(Verbs, v.Verb):
		return v.Verb + " is no order; the orders are " + strings.Join(Verbs, ", ")
	case AboutStep(v.Verb) && m.s.Node != Nowhere && v.Standing.MustProve(m.node().Step.Risk):
		return "an order about a " + string(m.node().Step.Risk) + " step " + request.ToProve
	case NeedsReason(v.Verb) && strings.TrimSpace(v.Reason) == "":
		return "an order to " + v.Verb + " needs a reason"
	case m.s.Phase == Undoing:
		return "things are being put back; that is not stopped"
	case m.s.AbortWhy != "":
		return "it ends already: " + m.s.AbortWhy
	case v.Verb == Abort:
		return ""
	case v.Verb == Pause && m.s.PauseBy != "":
		return "it pauses before the next step already"
	case v.Verb == Pause && slices.Contains(choices, Resume):
		return "it is paused already"
	case v.Verb == Pause:
		return ""
	case v.Verb == Resume && m.s.PauseBy != "":
		return ""
	case v.Verb == SkipStep && m.s.Cause != StepUnknown && m.s.Node != Nowhere && slices.Contains(m.s.Unsettled, m.at()):
		return "whether " + m.at() + " happened is unknown, so it is not left out; retry, undo or abort"
	case slices.Contains(choices, v.Verb), v.Verb == SkipStep && (m.s.Phase == Resting || m.waits()):
		return ""
	case m.s.Phase == Asking && len(choices) == 0:
		return "it waits for an answer of " + strings.Join(m.s.Request.Groups, ", ") + "; answer it, or abort the run"
	case m.s.Phase == Asking:
		return "it waits for " + strings.Join(choices, ", ")
	case v.Verb == Resume:
		return "it is at work on " + m.at() + " and not paused"
	case v.Verb == RetryVrb:
		return "it is at work on " + m.at() + "; only a step that failed, or whose outcome is unknown, is retried"
	case v.Verb == MarkDone:
		return "it is at work on " + m.at() + "; only a step whose outcome is unknown is done by an order"
	default:
		return "it is at work on " + m.at() + "; pause it first"
	}
}

// waits says that the run is in a wait for a condition, which can be left out: nothing else needs its end.
func (m *machine) waits() bool {
	k := m.node().Step.Kind
	return m.s.Phase == Watching && k == Wait && m.s.AbortWhy == ""
}

func (m *machine) resume() {
	if m.s.PauseBy != "" {
		m.s.PauseBy = ""
		return
	}
	m.refreshAfter(m.closeRequest().Opened)
	m.enter(m.s.Node)
}

// skipped leaves out the step that the run stands before or that has failed, or the wait that it is in.
func (m *machine) skipped(by string) {
	if m.s.Request != nil {
		m.closeRequest()
	} else {
		m.out(Command{StopTimers: true})
		m.out(Command{Cancel: true})
		m.next()
	}
	m.refresh()
	m.stepEnds(m.s.Node, Skipped, nil, by)
	m.leave()
}
