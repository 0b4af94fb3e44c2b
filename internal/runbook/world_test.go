package runbook

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
)

// world drives one run by hand. What the run asks of things is answered from the maps at once; persons and
// timers come when a test says so. Between any two events the state goes through JSON.
type world struct {
	t   *testing.T
	p   Program
	s   State
	now time.Time
	// truth is what expressions say by their text, true when they are not in it; a fault is an error.
	truth map[string]any
	// acts are the outcomes of operations by step, the next first, OK when there is none; undo/STEP is its undo.
	acts map[string][]ActResult
	// looks are what watches see by step, Held when there is none.
	looks map[string]WatchResult
	// held keeps the next operation or watch in flight until land.
	held   bool
	flying *Event
	// silent keeps the next reading in flight until land, and run is the run at work where it is another one.
	silent bool
	run    string

	reads    []string
	done     []string
	commands []Command
	records  []ledger.Record
	told     []request.Notification
	timers   map[string]time.Time
	reply    request.Reply
}

func newWorld(t *testing.T, d Definition) *world {
	t.Helper()
	if d.Name == "" {
		d.Name = "fix"
	}
	w := &world{
		t: t, p: Lay(d), now: startOfTime, truth: map[string]any{}, acts: map[string][]ActResult{}, looks: map[string]WatchResult{}, timers: map[string]time.Time{},
	}
	w.s = New(Run{ID: "runbook/h/shop/fix/k", Name: "fix", Key: "k", Host: "h", Project: "shop", Initiator: "anna", PlanSHA256: planHash, RunID: runID, Started: startOfTime, Start: &identity.Word{}}, condition.Values{"n": int64(2)})
	return w
}

// begin starts the run and goes on until it waits or is over.
func (w *world) begin() *world {
	w.next(Event{Begin: true})
	return w
}

func (w *world) next(e Event) {
	w.t.Helper()
	e.At = w.now
	if e.Run == "" {
		e.Run = w.run
	}
	for queue := []Event{e}; len(queue) > 0; queue = queue[1:] {
		s, commands := Next(w.p, w.s, queue[0])
		text, err := json.Marshal(s)
		require.NoError(w.t, err)
		w.s = State{}
		require.NoError(w.t, json.Unmarshal(text, &w.s))
		for _, c := range commands {
			w.commands = append(w.commands, c)
			if e, ok := w.answer(c); ok && (!w.held || c.Read != nil || c.Evaluate != nil) && (!w.silent || c.Read == nil) {
				queue = append(queue, e)
			} else if ok {
				w.flying = &e
			}
		}
	}
}

func (w *world) answer(c Command) (Event, bool) {
	switch {
	case c.Read != nil:
		read := map[string]Reading{}
		for _, call := range c.Read {
			w.reads = append(w.reads, call.Key)
			read[call.Key] = Reading{At: w.now, Values: condition.Values{"value": 1.5}}
			if w.truth[call.Key] == "broken" {
				read[call.Key] = Reading{At: w.now, Fault: "no answer"}
			}
		}
		return Event{At: w.now, Seq: c.Seq, Read: read}, true
	case c.Evaluate != nil:
		results := map[string]ItemResult{}
		for _, i := range c.Evaluate {
			results[i.Key] = w.value(i)
		}
		return Event{At: w.now, Seq: c.Seq, Evaluated: results}, true
	case c.Act != nil:
		path := c.Act.Path
		if c.Act.Undo {
			path = "undo/" + path
		}
		w.done = append(w.done, path)
		r := ActResult{Outcome: OK}
		if all := w.acts[path]; len(all) > 0 {
			r, w.acts[path] = all[0], all[1:]
		}
		return Event{At: w.now, Seq: c.Seq, Acted: &r}, true
	case c.Watch != nil:
		w.done = append(w.done, c.Watch.Path)
		r, ok := w.looks[c.Watch.Path]
		if !ok {
			r = WatchResult{Held: true, Looks: 1}
		}
		return Event{At: w.now, Seq: c.Seq, Watched: &r}, true
	case c.Timer != nil:
		w.timers[c.Timer.Name] = w.now.Add(c.Timer.For)
	case c.StopTimers:
		clear(w.timers)
	case c.Record != nil:
		w.records = append(w.records, *c.Record)
	case c.Notify != nil:
		w.told = append(w.told, *c.Notify)
	case c.Reply != nil:
		w.reply = *c.Reply
	}
	return Event{}, false
}

func (w *world) value(i Item) ItemResult {
	key := i.Expression.Text + i.Template
	for name := range i.reads() {
		if probe, ok := probeOf(name); ok && i.Names[name] == nil {
			return ItemResult{Fault: "probes." + probe + ".value has no value"}
		}
	}
	v, ok := w.truth[key]
	if err, is := v.(error); is {
		return ItemResult{Fault: err.Error()}
	}
	switch {
	case ok:
		return ItemResult{Value: v}
	case i.Template != "":
		return ItemResult{Value: i.Template}
	}
	return ItemResult{Value: true}
}

// land lets what is in flight end.
func (w *world) land() {
	w.t.Helper()
	e := *w.flying
	w.held, w.flying = false, nil
	w.next(e)
}

// pass lets time go by, with every timer that fires in it.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	end := w.now.Add(d)
	for {
		name := ""
		for n, at := range w.timers {
			if !at.After(end) && (name == "" || at.Before(w.timers[name])) {
				name = n
			}
		}
		if name == "" {
			break
		}
		if w.timers[name].After(w.now) {
			w.now = w.timers[name]
		}
		delete(w.timers, name)
		w.next(Event{Timer: name})
	}
	w.now = end
}

// says is an answer to the open request by somebody in groups.
func (w *world) says(approve bool, by string, groups ...string) request.Reply {
	w.t.Helper()
	require.NotNil(w.t, w.s.Request, "nothing is asked: %s", w.s.Outcome)
	a := request.Answer{Request: w.s.Request.ID, By: by, Via: "cli", Standing: request.Standing{Groups: groups}, Decision: request.Reject}
	if approve {
		a.Decision = request.Approve
	}
	return w.word(a)
}

// word is a person's word on what was shown; one without a decision is a no.
func (w *world) word(a request.Answer) request.Reply {
	w.t.Helper()
	if w.s.Request != nil && a.Shown == "" {
		a.Shown = w.s.Request.Shown
	}
	if a.Decision == "" {
		a.Decision = request.Reject
	}
	w.reply = request.Reply{}
	w.next(Event{Answer: &a})
	return w.reply
}

// orders is an operator's verb.
func (w *world) orders(verb string) request.Reply {
	w.t.Helper()
	w.reply = request.Reply{}
	w.next(Event{Verb: &Verb{Verb: verb, By: "olga", Via: "cli", Reason: reasonOf(verb), Standing: request.Standing{Operator: true, Proof: &identity.Proof{Who: "olga"}}}})
	return w.reply
}

// reasonOf is a reason where an order needs one.
func reasonOf(verb string) string {
	if NeedsReason(verb) {
		return "a test"
	}
	return ""
}

// dataOf is the data of a record, which is of that type.
func dataOf[T any](t *testing.T, r ledger.Record) T {
	t.Helper()
	data, ok := r.Data.(T)
	require.True(t, ok, "%s has %T", r.Kind, r.Data)
	return data
}

// runID is the run of these tests; its end is in the ids of requests.
const runID = "run-0123abcd"

// kept are the kinds of the ledger's entries that begin with one of the prefixes.
func (w *world) kept(kinds ...string) []ledger.Record {
	var out []ledger.Record
	for _, r := range w.records {
		if slices.Contains(kinds, r.Kind) {
			out = append(out, r)
		}
	}
	return out
}

// ends demands how the run is over.
func (w *world) ends(outcome Outcome) {
	w.t.Helper()
	require.Equal(w.t, Over, w.s.Phase, "waits at %s for %+v", w.s.Phase, w.s.Request)
	require.Equal(w.t, outcome, w.s.Outcome, w.s.Reason)
	last := w.commands[len(w.commands)-1]
	require.NotNil(w.t, last.Finish)
	require.Equal(w.t, Finish{Outcome: outcome, Reason: w.s.Reason}, *last.Finish)
}

func holds(text string, uses ...string) condition.Expression {
	e := condition.Expression{Text: text, Result: condition.Bool}
	for _, name := range uses {
		if e.Uses == nil {
			e.Uses = condition.Types{}
		}
		e.Uses[name] = condition.Double
	}
	return e
}

func action(id string, change ...func(*Step)) Step {
	s := Step{ID: id, Kind: Action, Uses: "product.breaker", Risk: Write, Idempotent: true, TimeoutSeconds: 60}
	for _, c := range change {
		c(&s)
	}
	return s
}

func undoable(s *Step) { s.Undo = &Undo{Uses: "product.breaker"} }

func once(s *Step) { s.Idempotent = false }

func destructive(s *Step) { s.Idempotent, s.Risk, s.Uses = false, Destructive, "service.restart" }

func gateFor(ids ...string) Step {
	return Step{
		ID: "gate", Kind: GateStep, Groups: []string{"oncall"}, TimeoutSeconds: 900, Message: "?",
		Gate: &Gate{Approves: ids, Min: 1, OnTimeout: Reject},
	}
}

func steps(of ...Step) Definition { return Definition{Steps: of} }
