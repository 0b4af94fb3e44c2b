package runbook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
)

// The phases in which an order can come, each with the run that is in it.
func inPhase(t *testing.T, phase string) *world {
	t.Helper()
	manual := Step{ID: "at", Kind: Manual, Groups: []string{"oncall"}, TimeoutSeconds: 600, Message: "m"}
	watching := Step{ID: "at", Kind: Wait, Until: holds("u"), EverySeconds: 15, TimeoutSeconds: 600}
	around := func(s Step) Definition { return steps(action("first", undoable), s, action("last")) }
	switch phase {
	case "acting":
		w := newWorld(t, around(action("at")))
		w.begin0("first")
		return w
	case "watching":
		w := newWorld(t, around(watching))
		w.begin0("first")
		return w
	case "checking":
		w := newWorld(t, around(Step{ID: "at", Kind: Check, Require: holds("c"), Times: 3, EverySeconds: 10}))
		w.begin0("first")
		return w
	case "resting":
		return newWorld(t, around(Step{ID: "at", Kind: Wait, ForSeconds: 600})).begin()
	case "gate":
		d := around(gateFor("last"))
		d.Steps[1].ID = "at"
		return newWorld(t, d).begin()
	case "manual":
		return newWorld(t, around(manual)).begin()
	case "unknown":
		w := newWorld(t, around(action("at", once)))
		w.acts["at"] = []ActResult{{Outcome: Unclear, Message: "lost"}}
		return w.begin()
	case "paused":
		w := newWorld(t, around(action("at")))
		w.held = true
		w.begin()
		require.True(t, w.orders(Pause).Accepted)
		w.land()
		require.Equal(t, RunPaused, w.s.Cause)
		return w
	case "held":
		w := newWorld(t, around(action("at")))
		w.acts["at"] = []ActResult{{Outcome: Failed, Message: "broken"}}
		w.begin0("first")
		require.True(t, w.orders(Pause).Accepted)
		w.land()
		require.Equal(t, StepHeld, w.s.Cause)
		return w
	case "undoing":
		w := newWorld(t, around(manual)).begin()
		w.held = true
		w.says(false, "bob", "oncall")
		require.Equal(t, Undoing, w.s.Phase)
		return w
	}
	t.Fatal(phase)
	return nil
}

// begin0 begins and holds what comes after the step of that name in flight.
func (w *world) begin0(after string) {
	w.t.Helper()
	w.held = true
	w.begin()
	require.Equal(w.t, []string{after}, w.done)
	e := *w.flying
	w.next(e)
	require.NotNil(w.t, w.flying)
}

func TestOrders(t *testing.T) {
	const busy = "it is at work on at; pause it first"
	const working = "it is at work on at and not paused"
	const sound = "it is at work on at; only a step that failed, or whose outcome is unknown, is retried"
	const known = "it is at work on at; only a step whose outcome is unknown is done by an order"
	const undoing = "things are being put back; that is not stopped"
	for phase, answers := range map[string]map[string]string{
		"acting":   {Pause: "", Resume: working, SkipStep: busy, RetryVrb: sound, MarkDone: known, UndoAll: busy, Abort: ""},
		"watching": {Pause: "", Resume: working, SkipStep: "", RetryVrb: sound, MarkDone: known, UndoAll: busy, Abort: ""},
		"checking": {Pause: "", Resume: working, SkipStep: busy, RetryVrb: sound, MarkDone: known, UndoAll: busy, Abort: ""},
		"resting":  {Pause: "", Resume: working, SkipStep: "", RetryVrb: sound, MarkDone: known, UndoAll: busy, Abort: ""},
		"gate": {
			Pause: "", Resume: "it waits for an answer of oncall; answer it, or abort the run", SkipStep: "it waits for an answer of oncall; answer it, or abort the run", RetryVrb: "it waits for an answer of oncall; answer it, or abort the run",
			MarkDone: "it waits for an answer of oncall; answer it, or abort the run", UndoAll: "it waits for an answer of oncall; answer it, or abort the run", Abort: "",
		},
		"manual": {
			Pause: "", Resume: "it waits for an answer of oncall; answer it, or abort the run", SkipStep: "it waits for an answer of oncall; answer it, or abort the run", RetryVrb: "it waits for an answer of oncall; answer it, or abort the run",
			MarkDone: "it waits for an answer of oncall; answer it, or abort the run", UndoAll: "it waits for an answer of oncall; answer it, or abort the run", Abort: "",
		},
		"unknown": {
			Pause: "", Resume: "it waits for retry, done, undo, abort", SkipStep: "it waits for retry, done, undo, abort",
			RetryVrb: "", MarkDone: "", UndoAll: "", Abort: "",
		},
		"paused": {
			Pause: "it is paused already", Resume: "", SkipStep: "", RetryVrb: "it waits for resume, skip, undo, abort",
			MarkDone: "it waits for resume, skip, undo, abort", UndoAll: "", Abort: "",
		},
		"held": {
			Pause: "", Resume: "it waits for retry, skip, undo, abort", SkipStep: "", RetryVrb: "",
			MarkDone: "it waits for retry, skip, undo, abort", UndoAll: "", Abort: "",
		},
		"undoing": {Pause: undoing, Resume: undoing, SkipStep: undoing, RetryVrb: undoing, MarkDone: undoing, UndoAll: undoing, Abort: undoing},
	} {
		for verb, want := range answers {
			t.Run(phase+"/"+verb, func(t *testing.T) {
				w := inPhase(t, phase)
				before := len(w.records)
				got := w.orders(verb)
				if want == "" {
					require.True(t, got.Accepted, got.Message)
					require.Equal(t, "operator."+verb, w.records[before].Kind)
					require.Equal(t, "at", dataOf[Ordered](t, w.records[before]).Step)
					return
				}
				require.Equal(t, request.Reply{Message: want}, got)
				require.Equal(t, "operator.denied", w.records[before].Kind)
				require.Len(t, w.records, before+1, "nothing else comes of it")
			})
		}
	}
}

func TestWhoMayOrder(t *testing.T) {
	for _, phase := range []string{"acting", "gate", "paused", "unknown", "undoing"} {
		for _, verb := range Verbs {
			w := inPhase(t, phase)
			before := w.s
			w.next(Event{Verb: &Verb{Verb: verb, By: "dan", Standing: request.Standing{Groups: []string{"oncall"}}}})
			require.Equal(t, request.Reply{Message: "dan is no operator; the configuration's approvals.operators says which groups are"}, w.reply)
			before.Recorded++
			require.Equal(t, before, w.s, "%s at %s", verb, phase)
			require.Equal(t, "dan", w.kept("operator.denied")[0].Actor)
		}
	}
	w := inPhase(t, "acting")
	require.Equal(t, "fly is no order; the orders are pause, resume, skip, retry, done, undo, abort", w.orders("fly").Message)
}

// What comes of an order that is followed.
func TestOrdersAreFollowed(t *testing.T) {
	for name, c := range map[string]struct {
		phase   string
		orders  []string
		land    bool
		done    []string
		outcome Outcome // empty while it goes on
	}{
		"paused then resumed":          {"paused", []string{Resume}, false, []string{"first", "at", "last"}, Succeeded},
		"paused then skipped":          {"paused", []string{SkipStep}, false, []string{"first", "last"}, Succeeded},
		"paused then undone":           {"paused", []string{UndoAll}, false, []string{"first", "undo/first"}, RolledBack},
		"paused then aborted":          {"paused", []string{Abort}, false, []string{"first", "undo/first"}, Aborted},
		"held then retried":            {"held", []string{RetryVrb}, false, []string{"first", "at", "at", "last"}, Succeeded},
		"held then skipped":            {"held", []string{SkipStep}, false, []string{"first", "at", "last"}, Succeeded},
		"held then undone":             {"held", []string{UndoAll}, false, []string{"first", "at", "undo/first"}, RolledBack},
		"held then aborted":            {"held", []string{Abort}, false, []string{"first", "at", "undo/first"}, Aborted},
		"pause taken back":             {"acting", []string{Pause, Resume}, true, []string{"first", "at", "last"}, Succeeded},
		"aborted at work":              {"acting", []string{Abort}, true, []string{"first", "at", "undo/first"}, Aborted},
		"aborted while it watches":     {"watching", []string{Abort}, true, []string{"first", "at", "undo/first"}, Aborted},
		"aborted while it rests":       {"resting", []string{Abort}, false, []string{"first", "undo/first"}, Aborted},
		"aborted at a gate":            {"gate", []string{Abort}, false, []string{"first", "undo/first"}, Aborted},
		"aborted at a manual step":     {"manual", []string{Abort}, false, []string{"first", "undo/first"}, Aborted},
		"a rest is skipped":            {"resting", []string{SkipStep}, false, []string{"first", "last"}, Succeeded},
		"a watch is skipped":           {"watching", []string{SkipStep}, false, []string{"first", "at", "last"}, Succeeded},
		"a pause waits for a gate":     {"gate", []string{Pause}, false, []string{"first"}, ""},
		"a pause while it rests waits": {"resting", []string{Pause}, false, []string{"first"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := inPhase(t, c.phase)
			late := w.flying
			w.held = false
			for _, verb := range c.orders {
				require.True(t, w.orders(verb).Accepted, w.reply.Message)
			}
			if c.land {
				w.land()
			} else if late != nil {
				w.next(*late) // the answer to what was given up still comes
			}
			require.Equal(t, c.done, w.done)
			if c.outcome != "" {
				w.ends(c.outcome)
				return
			}
			require.NotEqual(t, Over, w.s.Phase)
		})
	}
}

func TestPauseWaitsForTheNextStep(t *testing.T) {
	w := inPhase(t, "gate")
	w.orders(Pause)
	w.says(true, "bob", "oncall")
	require.Equal(t, "paused by olga before last", w.s.Request.Message)
	require.Equal(t, []string{Resume, SkipStep, UndoAll, Abort}, w.s.Request.Choices)
	w.pass(24 * time.Hour)
	w.ends(Aborted)

	w = inPhase(t, "gate")
	w.orders(Pause)
	w.says(true, "bob", "oncall")
	w.pass(20 * time.Minute)
	w.orders(Resume)
	require.Equal(t, request.Approval, w.s.Request.Kind, "the approval is too old by now")
}

func TestReasonOfAnOrder(t *testing.T) {
	w := inPhase(t, "resting")
	w.next(Event{Verb: &Verb{Verb: Abort, By: "olga", Via: "cli", Standing: request.Standing{Operator: true, Proof: &identity.Proof{Who: "olga"}}, Reason: "wrong host"}})
	w.ends(Aborted)
	require.Equal(t, "abort by olga: wrong host", w.s.Reason)
	require.Equal(t, "wrong host", dataOf[Ordered](t, w.kept("operator.abort")[0]).Reason)
	require.Equal(t, "cli", dataOf[Ordered](t, w.kept("operator.abort")[0]).Via)
}

// Behind an abort no order counts any more, and each is told why.
func TestOrdersBehindAnAbort(t *testing.T) {
	w := inPhase(t, "acting")
	require.True(t, w.orders(Abort).Accepted)
	for _, verb := range []string{Pause, Resume, Abort, SkipStep} {
		require.Equal(t, request.Reply{Message: "it ends already: abort by olga: a test"}, w.orders(verb), verb)
	}
	w.held = false
	w.land()
	w.ends(Aborted)
	require.Len(t, w.kept("operator.denied"), 4)
}

// A signed order counts once, for the step that it names, and about a step of a risk that has to be proven only when it
// is.
func TestSignedOrders(t *testing.T) {
	w := inPhase(t, "acting")
	say := func(v Verb) request.Reply {
		v.By, v.Reason, v.Standing.Operator = "olga", "a test", true
		w.reply = request.Reply{}
		w.next(Event{Verb: &v})
		return w.reply
	}
	require.True(t, say(Verb{Verb: Pause, Nonce: "1"}).Accepted)
	require.True(t, say(Verb{Verb: Resume, Nonce: "2"}).Accepted)
	require.Equal(t, request.Reply{Message: "that was said before, and a signed order counts once"}, say(Verb{Verb: Pause, Nonce: "1"}))
	require.True(t, say(Verb{Verb: Pause, Nonce: "3"}).Accepted)

	w = inPhase(t, "held")
	require.Equal(t, request.Reply{Message: "that was for open, and the run is at at now"}, say(Verb{Verb: SkipStep, Step: "open", Nonce: "1"}))
	require.True(t, say(Verb{Verb: SkipStep, Step: "at", Nonce: "1"}).Accepted, "what was not followed is not used up")

	w = inPhase(t, "held")
	claim := request.Standing{AuthenticatedFrom: Write}
	require.Contains(t, say(Verb{Verb: SkipStep, Standing: claim}).Message, "an order about a write step has to prove who gives it")
	require.True(t, say(Verb{Verb: UndoAll, Standing: claim}).Accepted, "which is about the run")
	w = inPhase(t, "held")
	claim.Proof = &identity.Proof{}
	require.True(t, say(Verb{Verb: SkipStep, Standing: claim}).Accepted)
}
