package runbook

import (
	"slices"
	"time"
)

// Request is what a run waits for from a person. Each has a deadline, and none is granted by it.
type Request struct {
	// ID is the run's id, a colon, the step and a number that counts the requests.
	ID   string      `json:"id"`
	Kind RequestKind `json:"kind"`
	// Path is the step that asks: of a gate that was opened again, the gate.
	Path    string `json:"path"`
	Message string `json:"message"`
	// Groups may answer. A request about the run itself is answered by an operator's verb.
	Groups       []string `json:"groups,omitempty"`
	Min          int      `json:"min,omitempty"`
	NotInitiator bool     `json:"not_initiator,omitempty"`
	// Approves are the attempts that an approval allows.
	Approves []Approval `json:"approves,omitempty"`
	Fields   []Input    `json:"fields,omitempty"`
	// Choices are the verbs that answer it.
	Choices   []string  `json:"choices,omitempty"`
	Risk      Risk      `json:"risk,omitempty"`
	Opened    time.Time `json:"opened"`
	Deadline  time.Time `json:"deadline"`
	Escalated bool      `json:"escalated,omitempty"`
	// Answers are the approvals so far.
	Answers []string `json:"answers,omitempty"`
	// PlanSHA256 is the run's plan.
	PlanSHA256 string `json:"plan_sha256,omitempty"`
}

// RequestKind is what is asked for.
type RequestKind string

// The kinds of requests.
const (
	AskApproval RequestKind = "approval"
	AskManual   RequestKind = "manual"
	AskInput    RequestKind = "input"
	AskUnknown  RequestKind = "unknown" // did the step happen?
	AskHeld     RequestKind = "held"    // the step failed while the run was to pause
	AskPaused   RequestKind = "paused"
)

const (
	// operatorLimit is how long a run waits for an operator before it fails closed.
	operatorLimit = 24 * time.Hour
	// operatorRemind is how often it reminds one meanwhile.
	operatorRemind = time.Hour
	// longWait is the wait after which everything is looked at again.
	longWait = time.Minute
)

const (
	deadlineTimer = "deadline"
	remindTimer   = "remind"
	restTimer     = "rest"
)

// ask opens a request and its timers.
func (m *machine) ask(r Request, limit, remind time.Duration) {
	m.s.Phase = Asking
	m.s.Asked++
	m.next()
	r.ID = requestID(m.s.Run, r.Path, m.s.Asked)
	r.Opened, r.Deadline, r.PlanSHA256 = m.now, m.now.Add(limit), m.s.Run.PlanSHA256
	m.s.Request = &r
	m.record("asked", "request.opened", "", r.about())
	m.timer(deadlineTimer, limit)
	m.timer(remindTimer, remind)
}

func requestID(run Run, path string, number int) string {
	return run.Subject(run.Key) + ":" + path + "." + itoa(number)
}

// about is what a record says of a request.
func (r Request) about() Data {
	return Data{
		Step: r.Path, Message: r.Message, Groups: r.Groups, PlanSHA256: r.PlanSHA256, Approves: r.Approves, Risk: r.Risk,
		Title: string(r.Kind), Deadline: r.Deadline.UTC().Format(time.RFC3339),
	}
}

// close ends the open request and its timers.
func (m *machine) closeRequest() Request {
	r := *m.s.Request
	m.s.Request = nil
	m.out(Command{StopTimers: true})
	return r
}

// remind tells the ones who may answer once more.
func (m *machine) remind() {
	r := m.s.Request
	m.record("reminded", "request.reminded", "", r.about())
	every := operatorRemind
	if n, ok := m.asking(); ok {
		every = remindEvery(n.Step)
	}
	if left := r.Deadline.Sub(m.now); left > every {
		m.timer(remindTimer, every)
	}
}

// asking is the node whose step asks; false when the run itself does.
func (m *machine) asking() (Node, bool) {
	r := m.s.Request
	if r.Kind != AskApproval && r.Kind != AskManual && r.Kind != AskInput {
		return Node{}, false
	}
	return m.p.Nodes[m.p.Find(r.Path)], true
}

func remindEvery(s Step) time.Duration {
	if s.RemindSeconds > 0 {
		return Duration(s.RemindSeconds)
	}
	return Duration(max(s.TimeoutSeconds/2, 1))
}

// expire is the deadline of a request: it escalates once where the gate says so, and else fails closed.
func (m *machine) expire() {
	r := m.s.Request
	if left := r.Deadline.Sub(m.now); left > 0 {
		m.timer(deadlineTimer, left) // the timer that fired was one of an earlier request
		return
	}
	n, ok := m.asking()
	if ok && n.Step.Gate != nil && n.Step.Gate.OnTimeout == Escalate && !r.Escalated {
		r.Escalated = true
		for _, g := range n.Step.Gate.EscalateTo {
			if !slices.Contains(r.Groups, g) {
				r.Groups = append(r.Groups, g)
			}
		}
		limit := Duration(n.Step.TimeoutSeconds)
		r.Deadline = m.now.Add(limit)
		m.record("escalated", "request.escalated", "", r.about())
		m.timer(deadlineTimer, limit)
		m.timer(remindTimer, remindEvery(n.Step))
		return
	}
	closed := m.closeRequest()
	data := closed.about()
	data.Outcome = "expired"
	m.record("expired", "request.expired", "", data)
	why := "nobody answered " + closed.ID + " in time"
	if closed.Kind == AskApproval {
		m.stepEnds(m.s.Node, Failed, nil, why)
		m.fail(Rejected, why)
		return
	}
	m.unsettled(closed, why)
	m.fail(Aborted, why)
}

// unsettled keeps what is known of a step whose request closed without an answer.
func (m *machine) unsettled(r Request, why string) {
	switch r.Kind {
	case AskUnknown:
		m.stepEnds(m.s.Node, Unclear, nil, why)
		m.s.NotUndone = append(m.s.NotUndone, m.node().Path+": its outcome is unknown")
	case AskPaused:
	default:
		m.stepEnds(m.s.Node, Failed, nil, why)
	}
}
