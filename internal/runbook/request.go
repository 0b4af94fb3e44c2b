package runbook

import (
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/request"
)

// Cause is why an operator is asked how a run goes on.
type Cause string

// The causes.
const (
	StepUnknown Cause = "unknown" // did the step happen?
	StepHeld    Cause = "held"    // the step failed while the run was to pause
	RunPaused   Cause = "paused"
)

const (
	// operatorLimit is how long a run waits for an operator before it fails closed.
	operatorLimit = 24 * 3600
	// operatorRemind is how often it reminds one meanwhile.
	operatorRemind = 3600
	// longWait is the wait after which everything is looked at again.
	longWait = time.Minute
)

// DeadlineTimer is the name of the timer of a request's deadline.
const DeadlineTimer = "deadline"

const (
	remindTimer = "remind"
	restTimer   = "rest"
)

// ask opens a request and its timers.
func (m *machine) ask(r request.Request) {
	m.s.Phase = Asking
	m.s.Asked++
	m.next()
	r.ID = request.ID(m.s.Run.Subject(m.s.Run.Key), r.Step, m.s.Asked, m.s.Run.RunID)
	r.PlanSHA256, r.Definition, r.Host, r.RunID = m.s.Run.PlanSHA256, m.s.Run.Definition, m.s.Run.Host, m.s.Run.RunID
	r, result := request.Open(r, m.now)
	m.s.Request = &r
	m.told(result)
}

// askOperator asks how the run goes on.
func (m *machine) askOperator(cause Cause, n Node, message string, choices ...string) {
	m.s.Cause = cause
	m.ask(request.Request{
		Kind: request.Order, Step: n.Path, Message: message, Choices: choices, Risk: n.Step.Risk, LimitSeconds: operatorLimit, RemindSeconds: operatorRemind,
	})
}

// told does what a request says is to be done.
func (m *machine) told(r request.Result) {
	if e := r.Entry; e != nil {
		m.record(strings.TrimPrefix(e.Kind, "request."), e.Kind, e.Actor, e.Data())
	}
	if r.Deadline > 0 {
		m.timer(DeadlineTimer, r.Deadline)
	}
	if r.Remind > 0 {
		m.timer(remindTimer, r.Remind)
	}
	if r.Entry != nil && r.Entry.Kind != "request.denied" { // which only who spoke is told
		n := request.Notification{About: strings.TrimPrefix(r.Entry.Kind, "request."), By: r.Entry.Actor, Reason: r.Reason}
		if r.Entry.Asked != nil && n.Reason == "" {
			n.Reason = r.Entry.Asked.Reason
		}
		if w := r.Entry.Word; w != nil {
			n.Claimed, n.Decision, n.Reason = w.Proof == nil, w.Decision, w.Reason
		}
		m.notifyAbout(n)
	}
	if r.Reply != nil {
		m.out(Command{Reply: r.Reply})
	}
}

// notifyAbout tells people how the open request stands now; n says what has brought that about.
func (m *machine) notifyAbout(n request.Notification) {
	r := *m.s.Request
	n.Step, n.Groups, n.Message, n.Request, n.Asked = r.Step, r.Groups, r.Message, r.ID, &r
	n.Readings = m.seen()
	m.notify(n)
}

// seen are the newest readings of the probes that the step at work may use, those of the calls around it among them.
func (m *machine) seen() (seen []request.Reading) {
	scopes := []string{""}
	if m.s.Node != Nowhere {
		scopes = m.node().Scopes
	}
	for _, scope := range scopes {
		for _, p := range m.p.scopes[scope].Probes {
			r, ok := m.s.Readings[scope+p.Name]
			if !ok {
				continue
			}
			one := request.Reading{Name: scope + p.Name, At: r.At, Fault: r.Fault}
			if len(r.Values) == 0 {
				seen = append(seen, one)
			}
			for _, name := range r.Values.Names() {
				of := one
				if of.Value = r.Values[name]; name != "value" {
					of.Name += "." + name
				}
				seen = append(seen, of)
			}
		}
	}
	return seen
}

func (m *machine) notify(n request.Notification) {
	if m.s.Run.Dry {
		return
	}
	n.Runbook, n.Host, n.Project, n.Severity = m.s.Run.Name, m.s.Run.Host, m.s.Run.Project, m.p.Definition.Severity
	m.out(Command{Notify: &n})
}

// closeRequest ends the open request and its timers.
func (m *machine) closeRequest() request.Request {
	r := *m.s.Request
	m.s.Request, m.s.Cause = nil, ""
	m.out(Command{StopTimers: true})
	return r
}

// answer is a person's word on the open request.
func (m *machine) answer(a request.Answer) {
	r := m.s.Request
	if r == nil || r.ID != a.Request {
		m.record("denied", "request.denied", a.By, request.Word{
			Request: a.Request, Decision: a.Decision, Via: a.Via, Reason: "it is not open", Shown: a.Shown,
		})
		m.reply(false, a.Request+" is not open")
		return
	}
	next, result := r.Answer(a)
	m.s.Request = &next
	result, reply := withoutReply(result)
	m.told(result)
	switch result.Outcome {
	case "", request.Expired:
	case request.Ordered:
		m.verb(Verb{Verb: a.Decision, By: a.By, Via: a.Via, Standing: a.Standing, Reason: a.Reason})
	case request.Rejected:
		closed := m.closeRequest()
		why := "rejected by " + a.By
		if a.Reason != "" {
			why += ": " + a.Reason
		}
		m.stepEnds(m.s.Node, Failed, nil, why)
		m.out(reply)
		m.fail(Rejected, closed.Step+": "+why)
		return
	case request.Granted:
		closed := m.closeRequest()
		m.granted(closed, result.Values, reply)
		return
	}
	if reply.Reply != nil {
		m.out(reply)
	}
}

// withoutReply takes the reply apart from a result: what closes a request is told behind what that changes.
func withoutReply(r request.Result) (request.Result, Command) {
	reply := Command{Reply: r.Reply}
	r.Reply = nil
	return r, reply
}

// granted goes on behind a request that got its yes.
func (m *machine) granted(r request.Request, values condition.Values, reply Command) {
	if r.Kind == request.Approval {
		m.approve(r, reply)
		return
	}
	m.refreshAfter(r.Opened)
	m.out(reply)
	m.done(values, "")
}

// remind tells the ones who may answer once more.
func (m *machine) remind() {
	m.told(m.s.Request.Remind(m.now))
}

// expire is the deadline of the open request: it escalates, or the run ends closed.
func (m *machine) expire() {
	next, result := m.s.Request.Expire(m.now)
	m.s.Request = &next
	m.told(result)
	if result.Outcome != request.Expired {
		return
	}
	cause := m.s.Cause
	closed := m.closeRequest()
	if closed.Kind == request.Approval {
		m.stepEnds(m.s.Node, Failed, nil, result.Reason)
		m.fail(Rejected, result.Reason)
		return
	}
	if m.puttingBack() || cause == RunPaused && m.s.Ending != "" { // it was paused before what is done all the same
		m.enter(m.s.Node)
		return
	}
	m.unanswered(cause, result.Reason)
	m.fail(Aborted, result.Reason)
}

// unanswered ends the step at work whose request closed without an answer. One that an operator was asked about has
// ended before.
func (m *machine) unanswered(cause Cause, why string) {
	if cause == "" {
		m.stepEnds(m.s.Node, Failed, nil, why)
	}
}

// moved is what a reset of the run leaves: it is another run now. What was approved was approved for the one before,
// and what is open is asked again under an id of its own.
func (m *machine) moved(run string) {
	first := m.s.Run.RunID == ""
	m.s.Run.RunID = run
	if first {
		return
	}
	m.s.Approvals, m.s.Run.Start = nil, nil // the start was used for the run before
	if m.s.Request == nil {
		return
	}
	m.told(m.s.Request.Withdraw("the run was reset"))
	again := *m.s.Request
	m.out(Command{StopTimers: true})
	again.Answers, again.Persons, again.Words = nil, nil, nil
	m.ask(again)
}
