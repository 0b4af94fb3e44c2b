package runbook

import (
	"fmt"
	"math/rand/v2"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
)

// generator makes runbooks that lint would not always let pass: the reducer must be safe without it.
type generator struct {
	*rand.Rand
	ids   int
	steps int
	// actions are the ids of the actions of the runbook that is being made; a gate approves some of them,
	// those behind it too, once they are known.
	actions []string
	gates   []*Gate
}

var (
	people  = []string{"anna", "bob", "cleo", "dan"}
	groupOf = map[string][]string{"anna": {"oncall", "sre"}, "bob": {"oncall"}, "cleo": {"sre"}, "dan": nil}
	both    = []string{"oncall", "sre"}
)

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

// deepest is how many calls and switches a runbook has around a step at most.
const deepest = 2

// definition makes a runbook whose steps number 20 or fewer, calls included.
func (g *generator) definition(depth int) Definition {
	outer := *g
	g.actions, g.gates = nil, nil
	d := Definition{Name: "r", Owner: "o", Severity: "Sev3", SHA256: fmt.Sprint("d", depth)}
	d.Probes = []Probe{{Name: "p", Uses: "prometheus.query", Unit: "s", MaxAgeSeconds: 30, With: []Filled{{Name: "query", Value: Value{Constant: "up"}}}}}
	if g.chance(30) {
		d.Guards = []Guard{{Check: g.condition(), Message: "guard"}}
	}
	d.Steps = g.list(depth, 6)
	if depth == deepest && g.chance(40) {
		d.OnFailure = g.list(depth, 3)
	}
	for _, gate := range g.gates {
		for _, id := range g.actions {
			if g.chance(60) {
				gate.Approves = append(gate.Approves, id)
			}
		}
	}
	g.actions, g.gates = outer.actions, outer.gates
	return d
}

func (g *generator) list(depth, most int) []Step {
	var steps []Step
	for range 1 + g.IntN(most) {
		if g.steps++; g.steps > 20 {
			break
		}
		steps = append(steps, g.step(depth))
	}
	return steps
}

func (g *generator) condition() condition.Expression {
	e := condition.Expression{Text: "c", Result: condition.Bool}
	if g.chance(50) {
		e.Uses = condition.Types{"probes.p.value": condition.Double}
	}
	return e
}

func (g *generator) with() []Filled {
	if g.chance(50) {
		return []Filled{{Name: "service", Value: Value{Constant: "app"}}}
	}
	return []Filled{{Name: "service", Value: Value{Expression: condition.Expression{Text: "n", Result: condition.Int, Uses: condition.Types{"inputs.n": condition.Int}}}}}
}

var kinds = []Kind{
	Check, Action, Action, Action, Action, GateStep, GateStep, Manual, InputStep, Wait, Wait, Switch, Call, Notify, Incident, Checkpoint, Rollback,
}

func (g *generator) step(depth int) Step {
	g.ids++
	s := Step{ID: fmt.Sprintf("s%d", g.ids), Kind: pick(g, kinds...), TimeoutSeconds: 60 * (1 + g.IntN(30))}
	if (s.Kind == Switch || s.Kind == Call) && depth == 0 {
		s.Kind = Action
	}
	if g.chance(20) {
		s.When = g.condition()
	}
	switch s.Kind {
	case Action:
		g.action(&s)
	case Check:
		s.Require, s.Times, s.OnFalse = g.condition(), 1+g.IntN(3), pick(g, "", Fail, End)
	case GateStep:
		s.Groups, s.Message = pick(g, both, both[:1], both[1:]), "?"
		s.Gate = &Gate{Min: g.IntN(3), NotInitiator: g.chance(50), OnTimeout: pick(g, Reject, Escalate), EscalateTo: both[1:]}
		g.gates = append(g.gates, s.Gate)
	case Manual, InputStep:
		s.Groups, s.Message = pick(g, both, both[:1]), "do it"
		if g.chance(50) {
			s.Fields = []input.Field{{Name: "ticket", Type: condition.String, Pattern: "[0-9]+"}}
		}
	case Wait:
		if g.chance(50) {
			s.ForSeconds = 10 * (1 + g.IntN(20))
		} else {
			s.Until, s.EverySeconds = g.condition(), 15
		}
	case Switch:
		for range 1 + g.IntN(3) {
			s.Cases = append(s.Cases, Case{When: g.condition(), Steps: g.list(depth-1, 3)})
		}
		if g.chance(50) {
			s.Cases[len(s.Cases)-1].When = condition.Expression{}
		}
	case Call:
		called := g.definition(depth - 1)
		s.Called, s.Uses = &called, called.Name
	case Rollback:
		if g.chance(50) {
			s.To = fmt.Sprintf("s%d", 1+g.IntN(g.ids))
		}
	case Notify, Incident, Checkpoint:
	}
	return s
}

func (g *generator) action(s *Step) {
	g.actions = append(g.actions, s.ID)
	s.Uses, s.With, s.Risk = "service.restart", g.with(), pick(g, Read, Write, Write, Destructive, Destructive)
	s.Idempotent = g.chance(50)
	if !s.Idempotent {
		s.OnUnknown = pick(g, "", Ask, Fail)
	}
	if s.Risk != Read && g.chance(50) {
		s.Undo = &Undo{Uses: "service.scale", With: g.with()}
	}
}
