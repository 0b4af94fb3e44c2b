package runbook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
)

// monitor watches the events and commands of a run, knows nothing of its state, and says which promise
// was broken.
type monitor struct {
	p         Program
	initiator string
	faults    []string
	finished  bool
	// run is the run at work, resets how often it was another one: what was approved before counts no more.
	run    string
	resets int
	// asked counts requests; approvals are those of each, in the order of the asking.
	asked     int
	approving bool
	escalated bool
	withdrawn bool
	deadline  string
	approvals map[int][]approved
	used      map[string]bool
	// open is the request that people were told of and that they may still answer, as far as they were told.
	open string
	// attempts are by path, and retried says that an operator ordered the next one.
	attempts map[string]int
	retried  bool
	// stack are the steps that can be undone, failing that the run is on its way down.
	stack   []string
	failing bool
	// acting is the number of the operation at work, seq the last number.
	acting  int
	seq     int
	records map[string]bool
	// waits is since when the run waits, stale that it waited for long, or for an approval, and looked at no
	// guard since.
	waits time.Time
	rests time.Time
	stale bool
	// seen counts what happened, so that a test can tell that it did.
	seen map[string]int
}

// approved is one person's approval as the ledger has it.
type approved struct {
	by    string
	at    time.Time
	wants []request.Effect
	plan  string
	run   int
	gate  Node
}

func newMonitor(p Program, initiator string) *monitor {
	return &monitor{p: p, initiator: initiator, approvals: map[int][]approved{}, used: map[string]bool{}, attempts: map[string]int{}, records: map[string]bool{}, seen: map[string]int{}}
}

func (m *monitor) fault(format string, args ...any) {
	m.faults = append(m.faults, fmt.Sprintf(format, args...))
}

// see takes one event and what came of it.
func (m *monitor) see(e Event, commands []Command) {
	if e.Cancelled || e.Broken != "" {
		m.failing = true
	}
	if e.Run != "" && e.Run != m.run {
		m.run = e.Run
		m.resets++
	}
	if e.Acted != nil && e.Seq == m.acting {
		m.acting = 0
	}
	replies := 0
	for _, c := range commands {
		if m.finished && c.Reply == nil {
			m.fault("a command behind the end: %+v", c)
		}
		switch {
		case c.Reply != nil:
			replies++
			m.verb(e, c.Reply.Accepted)
		case c.Record != nil:
			m.record(e, *c.Record)
		case c.Act != nil:
			m.act(e, *c.Act)
			if m.acting != 0 {
				m.fault("begins %s while another operation is at work", c.Act.Path)
			}
			m.acting = c.Seq
		case c.Notify != nil:
			m.told(*c.Notify)
		case c.Finish != nil:
			m.finished = true
			if m.open != "" {
				m.fault("the run is over, and people still see %s open", m.open)
			}
		case c.Timer != nil && c.Timer.For <= 0:
			m.fault("timer %s fires at once", c.Timer.Name)
		}
		m.guard(e, c)
		if c.Read != nil || c.Evaluate != nil || c.Act != nil || c.Watch != nil {
			if c.Seq <= m.seq {
				m.fault("number %d behind %d", c.Seq, m.seq)
			}
			m.seq = c.Seq
		}
	}
	if want := e.Answer != nil || e.Verb != nil; want != (replies == 1) || replies > 1 {
		m.fault("%d replies to %+v", replies, e)
	}
}

// told takes what people are told: of each request that it opens, and once how it closed.
func (m *monitor) told(n request.Notification) {
	switch {
	case n.Request == "":
		return
	case n.About == "opened":
		if m.open != "" {
			m.fault("people are asked %s while they still see %s open", n.Request, m.open)
		}
		m.open = n.Request
	case n.Request != m.open:
		m.fault("people are told that %s is %s, and see %q open", n.Request, n.About, m.open)
	case n.Outcome() != "":
		m.open = ""
		m.seen["told "+n.About]++
	}
}

// guard keeps whether the guards must be looked at again before the next operation.
func (m *monitor) guard(e Event, c Command) {
	if c.Timer != nil && c.Timer.Name != remindTimer || c.Watch != nil && c.Watch.Until {
		m.waits = e.At
		if c.Timer != nil && c.Timer.Name == restTimer {
			m.rests = e.At.Add(c.Timer.For)
		}
		return
	}
	if c.Record != nil || c.Reply != nil || m.waits.IsZero() && c.Evaluate == nil {
		return
	}
	if !m.waits.IsZero() {
		m.stale = m.stale || e.At.Sub(m.waits) > time.Minute || e.Answer != nil && m.approving
	}
	m.waits = time.Time{}
	if slices.ContainsFunc(c.Evaluate, func(i Item) bool { return strings.HasPrefix(i.Key, "guard/") }) {
		m.stale = false
	}
}

// verb is an operator's order, as such or as the answer to what the run asks.
func (m *monitor) verb(e Event, accepted bool) {
	v := e.Verb
	if e.Answer != nil && slices.Contains(Verbs, e.Answer.Decision) {
		v = &Verb{Verb: e.Answer.Decision, By: e.Answer.By, Standing: e.Answer.Standing}
	}
	if v == nil || !accepted {
		return
	}
	if !v.Standing.Operator {
		m.fault("%s is no operator and was obeyed", v.By)
	}
	switch v.Verb {
	case RetryVrb:
		m.retried = true
	case Abort, UndoAll:
		m.failing = true
	}
}

func (m *monitor) record(e Event, r ledger.Record) {
	if m.records[r.Event] {
		m.fault("two records are %s", r.Event)
	}
	m.records[r.Event] = true
	if !slices.Contains(slices.Concat(Kinds, request.EntryKinds), r.Kind) {
		m.fault("%s is no kind of an entry", r.Kind)
	}
	m.seen[r.Kind]++
	switch r.Kind {
	case "step.ok":
		if n := m.p.Nodes[m.p.Find(stepOf(r))]; n.Step.Kind == Wait && n.Step.Until.Zero() && e.At.Before(m.rests) {
			m.fault("%s rested until %s instead of %s", n.Path, e.At, m.rests)
		}
	case "request.opened":
		again := m.withdrawn && m.escalated // what a reset asks again is still escalated
		m.withdrawn = false
		m.asked, m.escalated, m.deadline, m.approving = m.asked+1, again, r.Data.(request.Asked).Deadline, r.Data.(request.Asked).Asks == request.Approval
	case "request.withdrawn":
		m.withdrawn = true
	case "request.escalated":
		m.escalated = true
		m.inTime(e)
		m.deadline = r.Data.(request.Asked).Deadline
	case "request.rejected", "request.expired":
		m.failing = true
		if r.Kind == "request.expired" {
			m.inTime(e)
		}
	case "request.approved":
		word := r.Data.(request.Word)
		at := m.p.Find(word.Step)
		if at == Nowhere || m.p.Nodes[at].Step.Gate == nil {
			m.fault("approved what is no gate: %s", word.Step)
			return
		}
		m.approvals[m.asked] = append(m.approvals[m.asked], approved{r.Actor, e.At, word.Allows, word.PlanSHA256, m.resets, m.p.Nodes[at]})
		m.mayApprove(r.Actor, m.p.Nodes[at].Step)
	}
}

func (m *monitor) inTime(e Event) {
	if now := e.At.Format(time.RFC3339); now < m.deadline {
		m.fault("the time of request %d is over at %s, before %s", m.asked, now, m.deadline)
	}
}

func (m *monitor) mayApprove(who string, gate Step) {
	groups := slices.Clone(gate.Groups)
	if m.escalated {
		groups = append(groups, gate.Gate.EscalateTo...)
	}
	if !slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(groupOf[who], g) }) {
		m.fault("%s approved %s and is in none of %v", who, gate.ID, groups)
	}
	if gate.Gate.NotInitiator && who == m.initiator {
		m.fault("%s approved %s and started the run", who, gate.ID)
	}
}

func (m *monitor) act(e Event, c ActCall) {
	if c.Undo {
		if len(m.stack) == 0 || m.stack[len(m.stack)-1] != c.Path {
			m.fault("undoes %s while the last of %v is to be undone", c.Path, m.stack)
			return
		}
		m.stack = m.stack[:len(m.stack)-1]
		return
	}
	n := m.p.Nodes[m.p.Find(c.Path)]
	if m.failing && !n.Failing {
		m.fault("goes on with %s behind its failure", c.Path)
	}
	for _, scope := range n.Scopes {
		if m.stale && !n.Failing && len(m.p.scopes[scope].Guards) > 0 {
			m.fault("does %s and no guard was looked at since it waited", c.Path)
		}
	}
	if n.Step.Risk == Destructive && !m.allowed(e.At, c) {
		m.fault("destructive %s attempt %d without an approval", c.Path, c.Attempt)
	}
	if m.attempts[c.Path] > 0 && !m.retried {
		m.fault("%s is done again and nobody said so", c.Path)
	}
	if c.Attempt != m.attempts[c.Path]+1 {
		m.fault("%s has attempt %d behind %d", c.Path, c.Attempt, m.attempts[c.Path])
	}
	m.attempts[c.Path], m.retried = c.Attempt, false
	if n.Step.Undo != nil && !slices.Contains(m.stack, c.Path) {
		m.stack = append(m.stack, c.Path)
	}
}

// allowed looks for one request at which enough different persons approved just this, in time, and which
// was not used for it yet.
func (m *monitor) allowed(now time.Time, c ActCall) bool {
	for number, all := range m.approvals {
		key := fmt.Sprint(number, c.Path, c.Attempt)
		var by []string
		var last approved
		for _, a := range all {
			covers := a.run == m.resets && a.plan == planHash && slices.ContainsFunc(a.wants, func(w request.Effect) bool { return covers(w, c) })
			if covers && !slices.Contains(by, a.by) {
				by, last = append(by, a.by), a
			}
		}
		if len(by) == 0 || len(by) < last.gate.Step.Gate.Min || m.used[key] {
			continue
		}
		if now.Sub(last.at) <= Duration(last.gate.Step.TimeoutSeconds) {
			m.used[key] = true
			m.seen["destructive"]++
			return true
		}
	}
	return false
}

func covers(e request.Effect, c ActCall) bool {
	return e.Step == c.Path && e.Attempt == c.Attempt && e.Uses == c.Uses && slices.Equal(e.Argv, c.Argv) && equalValues(e.Arguments, c.With)
}

// stepOf is the step that a record is about.
func stepOf(r ledger.Record) string {
	var about struct {
		Step string `json:"step"`
	}
	text, _ := json.Marshal(r.Data)
	_ = json.Unmarshal(text, &about)
	return about.Step
}

// equalValues compares as JSON, in which a whole number is the same whatever its type.
func equalValues(a, b condition.Values) bool {
	one, _ := json.Marshal(a)
	other, _ := json.Marshal(b)
	return string(one) == string(other)
}
