package runbook

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/request"
)

const (
	planHash = "plan"
	// programs is how many runbooks TestPromises makes; each has several runs.
	programs = 20_000
)

var startOfTime = time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)

// Whatever the runbook, the answers and the order of events, a run keeps what it promises: see monitor.
// To see one run again, put its seed in place of the loop.
func TestPromises(t *testing.T) {
	base := uint64(time.Now().UnixNano())
	if testing.Short() {
		base = 1
	}
	seen := map[string]int{}
	for i := range uint64(programs) {
		if c := play(base+i, i%16 == 0, seen); len(c.monitor.faults) > 0 {
			t.Fatalf("seed %d: %v\n%s", base+i, c.monitor.faults, c.tale())
		}
	}
	for _, what := range []string{
		"destructive", "operator.abort", "operator.denied", "operator.done", "operator.pause", "operator.resume", "operator.retry",
		"operator.skip", "operator.undo", "request.denied", "request.escalated", "request.expired", "request.rejected", "request.reminded", "request.withdrawn",
		"guard.failed", "undo.ok", "undo.failed", "step.unknown", "step.timeout", "step.skipped",
		string(Succeeded), string(NotNeeded), string(Rejected), string(Aborted), string(RunFailed), string(RolledBack), string(RollbackIncomplete), string(Refused),
	} {
		require.Greater(t, seen[what], 20, "%s hardly ever happens: the test has lost its teeth", what)
	}
}

// A run that is kept as JSON between any two events goes the same way.
func TestStateSurvivesJSON(t *testing.T) {
	for seed := range uint64(500) {
		plain, kept := play(seed, false, map[string]int{}), play(seed, true, map[string]int{})
		require.Empty(t, kept.monitor.faults, "seed %d", seed)
		if plain.tale() != kept.tale() {
			t.Fatalf("seed %d:\n%s\nis another run than\n%s", seed, kept.tale(), plain.tale())
		}
	}
}

// play runs a random runbook to its end.
func play(seed uint64, throughJSON bool, seen map[string]int) *chaos {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 7))}
	c := &chaos{generator: g, p: Lay(g.definition(deepest)), now: startOfTime, throughJSON: throughJSON, timers: map[string]time.Time{}}
	c.monitor = newMonitor(c.p, "anna")
	c.monitor.seen = seen
	c.s = New(Run{ID: "runbook/r/k", Name: "r", Key: "k", Host: "h", Initiator: "anna", PlanSHA256: planHash}, condition.Values{"n": 1})
	c.unrest = g.IntN(60)
	c.next(Event{Begin: true})
	const bound = 3000
	for range bound {
		if c.s.Phase == Over || len(c.monitor.faults) > 0 {
			break
		}
		c.happen()
	}
	if c.s.Phase != Over && len(c.monitor.faults) == 0 {
		c.monitor.fault("not over after %d events, but %s at %d", bound, c.s.Phase, c.s.Node)
	}
	seen[string(c.s.Outcome)]++
	return c
}

// tale is the runbook and what happened.
func (c *chaos) tale() string {
	program, _ := json.Marshal(c.p.Definition)
	tale := string(program)
	for _, happened := range c.story {
		tale += "\n" + happened.String()
	}
	return tale
}

// chaos drives a run with random answers in random order.
type chaos struct {
	*generator
	p       Program
	s       State
	now     time.Time
	monitor *monitor
	// flying is the answer on its way, old are answers and timers that were there before.
	flying *Event
	old    []Event
	timers map[string]time.Time
	// unrest is how many more things persons do; then they stay silent.
	unrest      int
	resets      int
	throughJSON bool
	story       []told
}

// told is an event and what came of it.
type told struct {
	Event    Event
	Commands []Command
}

// String leaves out what is not set.
func (t told) String() string {
	text, _ := json.Marshal(t)
	empty := regexp.MustCompile(`"[A-Za-z]+":(null|false|""|0|\{\}),?`)
	return empty.ReplaceAllString(string(text), "")
}

func (c *chaos) next(e Event) {
	if e.Answer != nil || e.Verb != nil || e.Evaluated != nil || e.Begin {
		e.Run = "run " + itoa(c.resets) + "......"
	}
	if e.At = c.now; e.Timer != "" || e.Seq > 0 {
		c.old = append(c.old, e)
	}
	before := ""
	if c.throughJSON {
		before = c.json()
	}
	s, commands := Next(c.p, c.s, e)
	if c.throughJSON {
		if after := c.json(); before != after {
			c.monitor.fault("an event changed the state before it:\n%s\n%s", before, after)
		}
		var back State
		if text, err := json.Marshal(s); err != nil || json.Unmarshal(text, &back) != nil {
			c.monitor.fault("the state does not survive JSON: %v", err)
		}
		c.s = back
		if r := back.Request; r != nil && r.ShownSHA256() != r.Shown {
			c.monitor.fault("whoever reads the request finds another hash of it")
		}
		if again, _ := json.Marshal(s); string(again) != c.json() {
			c.monitor.fault("the state is another one behind JSON:\n%s\n%s", again, c.json())
		}
	} else {
		c.s = s
	}
	c.story = append(c.story, told{e, commands})
	for _, command := range commands {
		c.do(command)
	}
	c.monitor.see(e, commands)
}

func (c *chaos) json() string {
	text, _ := json.Marshal(c.s)
	return string(text)
}

func (c *chaos) do(command Command) {
	switch {
	case command.Read != nil:
		read := map[string]Reading{}
		for _, call := range command.Read {
			read[call.Key] = Reading{At: c.now, Values: condition.Values{"value": 1.5}}
			if c.chance(3) {
				read[call.Key] = Reading{At: c.now, Fault: "no answer"}
			}
		}
		c.flying = &Event{Seq: command.Seq, Read: read}
	case command.Evaluate != nil:
		c.flying = &Event{Seq: command.Seq, Evaluated: c.evaluate(command.Evaluate)}
	case command.Act != nil:
		outcome := pick(c.generator, OK, OK, OK, OK, OK, OK, OK, Failed, TimedOut, Unclear, Unclear)
		c.flying = &Event{Seq: command.Seq, Acted: &ActResult{Outcome: outcome, Message: "m"}}
	case command.Watch != nil:
		r := WatchResult{Held: c.chance(75), Looks: 1}
		if !r.Held && c.chance(20) {
			r.Fault = "no answer"
		}
		c.flying = &Event{Seq: command.Seq, Watched: &r}
	case command.Timer != nil:
		c.timers[command.Timer.Name] = c.now.Add(command.Timer.For)
	case command.StopTimers:
		clear(c.timers)
	}
}

func (c *chaos) evaluate(items []Item) map[string]ItemResult {
	results := map[string]ItemResult{}
	for _, item := range items {
		switch {
		case c.chance(2):
			results[item.Key] = ItemResult{Fault: "no value"}
		case item.Expression.Result == condition.Int:
			results[item.Key] = ItemResult{Value: pick(c.generator, int64(1), int64(1), int64(1), int64(3_000_000))}
		case item.Template != "":
			results[item.Key] = ItemResult{Value: "text"}
		default:
			results[item.Key] = ItemResult{Value: c.chance(85)}
		}
	}
	return results
}

// happen lets one thing happen: a disturbance, the answer on its way, or the next timer.
func (c *chaos) happen() {
	c.now = c.now.Add(time.Duration(pick(c.generator, 0, 1, 7, 20, 20, 200)) * time.Second)
	if c.unrest > 0 && c.s.Phase == Undoing && c.chance(5) {
		c.next(Event{Cancelled: true})
		return
	}
	if c.unrest > 0 && (c.s.Phase == Resting || c.s.Phase == Watching) && c.chance(20) {
		c.order()
		return
	}
	if c.unrest > 0 && (c.chance(10) || c.s.Phase == Asking && c.chance(85)) {
		c.disturb()
		return
	}
	if c.flying != nil {
		e := *c.flying
		c.flying = nil
		c.next(e)
		return
	}
	name := ""
	for n, at := range c.timers {
		if name == "" || at.Before(c.timers[name]) || at.Equal(c.timers[name]) && n < name {
			name = n
		}
	}
	if name == "" {
		c.monitor.fault("waits for nothing: %s at %d", c.s.Phase, c.s.Node)
		return
	}
	if c.timers[name].After(c.now) {
		c.now = c.timers[name]
	}
	delete(c.timers, name)
	c.next(Event{Timer: name})
}

// disturb lets a person, or the past, do something.
func (c *chaos) disturb() {
	c.unrest--
	switch n := c.IntN(100); {
	case n < 5:
		if len(c.old) > 0 {
			c.next(pick(c.generator, c.old...))
		}
	case n < 6:
		c.next(Event{Cancelled: true})
	case n < 7 && c.chance(40):
		c.next(Event{Broken: "the ledger is away"})
	case n < 9:
		c.resets++ // whatever comes next comes to another run
	case n < 20 || c.ordered():
		c.order()
	default:
		c.answer()
	}
}

// ordered says whether the open request is for an operator.
func (c *chaos) ordered() bool {
	return c.s.Request != nil && slices.Contains(c.s.Request.Choices, Abort) && c.chance(90)
}

func (c *chaos) order() {
	verb := pick(c.generator, append(Verbs, "fly", Pause, Pause, Resume, SkipStep)...)
	if c.s.Request != nil && c.chance(80) && len(c.s.Request.Choices) > 0 {
		verb = pick(c.generator, append(c.s.Request.Choices, c.s.Request.Choices[0])...)
	}
	who := pick(c.generator, people...)
	c.next(Event{Verb: &Verb{Verb: verb, By: who, Reason: reasonOf(verb), Standing: request.Standing{Groups: groupOf[who], Operator: who == "cleo" || who == "bob"}}})
}

func (c *chaos) answer() {
	who := pick(c.generator, people...)
	a := request.Answer{Request: "r/k:s1.1@00000000", By: who, Standing: request.Standing{Groups: groupOf[who]}, Decision: request.Approve}
	if c.chance(7) {
		a.Decision = pick(c.generator, request.Reject, request.Reject, "fly")
	}
	if c.s.Request != nil && c.chance(90) {
		a.Request = c.s.Request.ID
		if c.chance(80) {
			a.Shown = c.s.Request.Shown
		}
		if c.s.Request.Kind == request.Order && c.chance(50) {
			a.Decision = pick(c.generator, c.s.Request.Choices...)
			a.Standing.Operator = who == "cleo" || who == "bob"
		}
	}
	if c.s.Request != nil && len(c.s.Request.Fields) > 0 && c.chance(70) {
		a.Fields = condition.Values{"ticket": "17"}
	}
	c.next(Event{Answer: &a})
}

func TestPromisesAreLookedAt(t *testing.T) {
	m := newMonitor(Lay(Definition{Steps: []Step{{ID: "a", Kind: Action, Risk: Destructive}}}), "anna")
	act := Command{Seq: 1, Act: &ActCall{Path: "a", Attempt: 1}}
	m.see(Event{}, []Command{act})
	require.Equal(t, []string{"destructive a attempt 1 without an approval"}, m.faults)
}
