package runbook

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/request"
)

func TestWhen(t *testing.T) {
	for name, c := range map[string]struct {
		truth   any
		done    []string
		outcome Outcome
	}{
		"holds":          {true, []string{"a", "b"}, Succeeded},
		"does not":       {false, []string{"b"}, Succeeded},
		"cannot be told": {errors.New("no value"), nil, RunFailed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, steps(action("a", func(s *Step) { s.When = holds("w") }), action("b")))
			w.truth["w"] = c.truth
			w.begin()
			require.Equal(t, c.done, w.done)
			w.ends(c.outcome)
		})
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		look    WatchResult
		onFalse string
		outcome Outcome
		reason  string
	}{
		"holds":          {WatchResult{Held: true}, "", Succeeded, ""},
		"does not":       {WatchResult{}, "", RunFailed, "look: ill does not hold"},
		"nothing to do":  {WatchResult{}, End, NotNeeded, "look: ill does not hold"},
		"cannot be told": {WatchResult{Fault: "no answer"}, End, RunFailed, "look: cannot be told: no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			s := Step{
				ID: "look", Kind: Check, Uses: "product.model_health", With: []Filled{{Name: "model", Value: Value{Constant: "m"}}},
				Require: holds("ill", "result.value", "inputs.n", "probes.p.value"), Times: 3, EverySeconds: 10, TimeoutSeconds: 90, OnFalse: c.onFalse,
			}
			d := guarded(s)
			d.Guards = nil
			w := newWorld(t, d)
			c.look.Outputs = condition.Values{"healthy": false}
			w.looks["look"] = c.look
			w.begin()
			w.ends(c.outcome)
			require.Equal(t, c.reason, w.s.Reason)
			require.False(t, w.s.Acted)
			for _, command := range w.commands {
				if command.Watch != nil {
					require.Equal(t, &WatchCall{
						Path: "look", Project: "shop", Uses: "product.model_health", With: condition.Values{"model": "m"}, Condition: s.Require,
						Reads: []ReadCall{{Key: "p", Project: "shop", Uses: "prometheus.query", Names: condition.Values{}}}, Names: condition.Values{"inputs.n": int64(2)},
						Times: 3, EverySeconds: 10, TimeoutSeconds: 90,
					}, command.Watch)
				}
			}
			if c.outcome == Succeeded {
				require.Equal(t, condition.Values{"healthy": false}, w.s.Steps["look"].Outputs)
			}
		})
	}
}

func TestCheckSaysWhy(t *testing.T) {
	s := Step{ID: "look", Kind: Check, Require: holds("ill"), Message: "it is not {{ .inputs.n }}"}
	w := newWorld(t, steps(s))
	w.truth[s.Message] = "it is not 2"
	w.looks["look"] = WatchResult{}
	w.begin()
	w.ends(RunFailed)
	require.Equal(t, "look: ill does not hold: it is not 2", w.s.Reason)
}

func TestNothingToDoOnTheWayDown(t *testing.T) {
	d := steps(action("broken"))
	d.OnFailure = []Step{{ID: "look", Kind: Check, Require: holds("ill"), OnFalse: End}, action("tidy")}
	w := newWorld(t, d)
	w.acts["broken"] = []ActResult{{Outcome: Failed, Message: "why"}}
	w.looks["look"] = WatchResult{}
	w.begin()
	require.Equal(t, []string{"broken", "look"}, w.done)
	w.ends(RunFailed)
}

func TestWait(t *testing.T) {
	w := newWorld(t, steps(Step{ID: "rest", Kind: Wait, ForSeconds: 90}, action("a"))).begin()
	w.pass(89 * time.Second)
	require.Empty(t, w.done)
	w.pass(time.Second)
	w.ends(Succeeded)

	until := Step{ID: "watch", Kind: Wait, Until: holds("well"), EverySeconds: 15, TimeoutSeconds: 600}
	w = newWorld(t, steps(until, action("a"))).begin()
	require.Equal(t, []string{"watch", "a"}, w.done)
	w.ends(Succeeded)

	w = newWorld(t, steps(until, action("a")))
	w.looks["watch"] = WatchResult{}
	w.begin()
	w.ends(RunFailed)
	require.Equal(t, "watch: well did not come to hold in time", w.s.Reason)
	require.Equal(t, TimedOut, w.s.Steps["watch"].Outcome)
}

func TestSwitch(t *testing.T) {
	inner := Step{ID: "inner", Kind: Switch, Cases: []Case{{When: holds("c"), Steps: []Step{action("deep")}}, {Steps: []Step{action("other")}}}}
	outer := Step{ID: "outer", Kind: Switch, Cases: []Case{{When: holds("a"), Steps: []Step{action("one"), inner}}, {When: holds("b")}}}
	for name, c := range map[string]struct {
		truth   map[string]any
		done    []string
		message string
	}{
		"first, first":   {map[string]any{}, []string{"one", "deep", "end"}, "case 1"},
		"first, default": {map[string]any{"c": false}, []string{"one", "other", "end"}, "case 1"},
		"an empty case":  {map[string]any{"a": false}, []string{"end"}, "case 2"},
		"no case":        {map[string]any{"a": false, "b": false}, []string{"end"}, "no case holds"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, steps(outer, action("end")))
			w.truth = c.truth
			w.begin()
			w.ends(Succeeded)
			require.Equal(t, c.done, w.done)
			require.Equal(t, c.message, w.s.Steps["outer"].Message)
		})
	}
	w := newWorld(t, steps(outer, action("end")))
	w.truth["a"] = errors.New("no value")
	w.begin()
	w.ends(RunFailed)
	require.Equal(t, "outer: case 1: no value", w.s.Reason)
	require.Empty(t, w.done, "a case that cannot be told is not taken for false")
}

func TestCall(t *testing.T) {
	inner := steps(action("in", func(s *Step) {
		s.With = []Filled{{Name: "service", Value: Value{Expression: condition.Expression{Text: "svc", Result: condition.String, Uses: condition.Types{"inputs.service": condition.String}}}}}
	}))
	inner.Inputs = []input.Field{{Name: "service", Type: condition.String, Enum: []string{"redis"}}}
	call := func(service string) Step {
		return Step{ID: "sub", Kind: Call, Uses: "other", Called: &inner, With: []Filled{{Name: "service", Value: Value{Constant: service}}}}
	}
	w := newWorld(t, steps(call("redis"), action("in"))).begin()
	w.ends(Succeeded)
	require.Equal(t, []string{"sub/in", "in"}, w.done)
	require.Equal(t, condition.Values{"service": "redis"}, w.s.Inputs["sub/"], "names of its own")
	for _, c := range w.commands {
		if len(c.Evaluate) > 0 {
			require.Equal(t, condition.Values{"inputs.service": "redis"}, c.Evaluate[0].Names)
		}
	}
	w = newWorld(t, steps(call("nginx"))).begin()
	w.ends(RunFailed)
	require.Equal(t, `sub: service: "nginx" is not allowed; write redis`, w.s.Reason)
}

func TestPersonFillsIn(t *testing.T) {
	s := Step{
		ID: "ask", Kind: InputStep, Groups: []string{"oncall"}, TimeoutSeconds: 1800, Message: "which ticket?",
		Fields: []input.Field{{Name: "ticket", Type: condition.String, Pattern: "[A-Z]+-[0-9]+"}, {Name: "count", Type: condition.Int, Default: 1}},
	}
	w := newWorld(t, steps(s, action("a"))).begin()
	require.Equal(t, request.Input, w.s.Request.Kind)
	require.Equal(t, "which ticket?", w.s.Request.Message)
	a := request.Answer{Request: w.s.Request.ID, By: "bob", Standing: request.Standing{Groups: []string{"oncall"}}, Decision: request.Approve}
	require.Equal(t, "ticket is missing; give ticket=string", w.word(a).Message)
	a.Fields = condition.Values{"ticket": "17"}
	require.Equal(t, `ticket: "17" does not match the pattern [A-Z]+-[0-9]+; write one that does`, w.word(a).Message)
	a.Fields = condition.Values{"ticket": "OPS-17"}
	require.True(t, w.word(a).Accepted)
	require.Equal(t, condition.Values{"ticket": "OPS-17", "count": int64(1)}, w.s.Steps["ask"].Outputs)
	require.Equal(t, condition.Values{"ticket": "OPS-17", "count": int64(1)}, dataOf[request.Word](t, w.kept("request.answered")[0]).Fields)
	require.Len(t, w.kept("request.denied"), 2)
	w.ends(Succeeded)

	s.Kind = Manual
	w = newWorld(t, steps(s, action("a"))).begin()
	require.Equal(t, request.Confirmation, w.s.Request.Kind)
	require.True(t, w.says(false, "bob", "oncall").Accepted, "who cannot do it says so, and needs no fields")
	w.ends(Rejected)

	w = newWorld(t, steps(s, action("a"))).begin()
	w.pass(30 * time.Minute)
	w.ends(Aborted)
	require.Empty(t, w.done)
}

func TestTellAndIncident(t *testing.T) {
	d := steps(
		Step{ID: "tell", Kind: Notify, Message: "it is down", Groups: []string{"oncall"}},
		Step{ID: "inc", Kind: Incident, Message: "down"}, Step{ID: "worse", Kind: Incident, Message: "down", Severity: "Sev1"},
	)
	d.Severity = "Sev2"
	w := newWorld(t, d)
	w.truth["it is down"] = "app is down"
	w.begin()
	w.ends(Succeeded)
	tell := w.told[0]
	require.Equal(t, "app is down", tell.Message)
	require.Equal(t, []string{"oncall"}, tell.Groups)
	opened := w.kept("incident.opened")
	require.Equal(t, "Sev2", dataOf[IncidentOpened](t, opened[0]).Severity)
	require.Equal(t, "Sev1", dataOf[IncidentOpened](t, opened[1]).Severity)
	require.Regexp(t, `^INC-20260105-[0-9A-F]{6}$`, dataOf[IncidentOpened](t, opened[0]).Incident)
	require.NotEqual(t, dataOf[IncidentOpened](t, opened[0]).Incident, dataOf[IncidentOpened](t, opened[1]).Incident)
	require.Equal(t, condition.Values{"id": dataOf[IncidentOpened](t, opened[0]).Incident}, w.s.Steps["inc"].Outputs)

	w = newWorld(t, steps(Step{ID: "tell", Kind: Notify, Message: "it is down"}))
	w.truth["it is down"] = errors.New("no value")
	w.begin()
	w.ends(Succeeded)
	require.Equal(t, "it is down", w.told[0].Message, "a message that cannot be made is sent as it is written")
}
