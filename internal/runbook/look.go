package runbook

import (
	"github.com/evenkeel/evenkeel/internal/condition"
)

// check looks whether what the step demands holds, as many times in a row as it says.
func (m *machine) check(n Node, results map[string]ItemResult) {
	with, fault := filled("with", n.Step.With, results)
	if fault != "" {
		m.stepFails(Failed, m.explain(fault))
		return
	}
	m.watch(n, WatchCall{
		Uses: n.Step.Uses, With: with, Condition: n.Step.Require,
		Times: max(n.Step.Times, 1), EverySeconds: max(n.Step.EverySeconds, 1), TimeoutSeconds: n.Step.TimeoutSeconds,
	})
}

// wait rests for a time, or watches until something holds.
func (m *machine) wait(n Node) {
	m.s.Since = m.now
	if n.Step.Until.Zero() {
		m.s.Phase = Resting
		m.next()
		m.timer(restTimer, Duration(n.Step.ForSeconds))
		return
	}
	m.watch(n, WatchCall{
		Condition: n.Step.Until, Until: true, Times: 1, EverySeconds: n.Step.EverySeconds, TimeoutSeconds: n.Step.TimeoutSeconds,
	})
}

func (m *machine) rested() {
	if left := m.s.Since.Add(Duration(m.node().Step.ForSeconds)).Sub(m.now); left > 0 {
		m.timer(restTimer, left) // the timer that fired was one of an earlier wait
		return
	}
	m.refreshAfter(m.s.Since)
	m.done(nil, "")
}

// watch looks at a condition with fresh readings of all probes that it uses.
func (m *machine) watch(n Node, call WatchCall) {
	call.Path, call.Project, call.Scope, call.Names = n.Path, m.s.Run.Project, n.Scope, condition.Values{}
	//workflowcheck:ignore // from a map into a map: the order does not show
	for name := range call.Condition.Uses {
		if _, probe := probeOf(name); !probe {
			if v, ok := m.lookUp(n.Scope, name); ok {
				call.Names[name] = v
			}
		}
	}
	for _, probe := range probesIn(call.Condition.Uses) {
		if read, ok := m.readCall(n.Scope, probe); ok {
			call.Reads = append(call.Reads, read)
		}
	}
	m.s.Phase = Watching
	m.out(Command{Seq: m.next(), Watch: &call})
}

// watched is what a check or a wait saw.
func (m *machine) watched(r WatchResult) {
	n := m.node()
	m.readings(r.Readings)
	if why := m.s.AbortWhy; why != "" {
		m.s.AbortWhy = ""
		m.stepEnds(m.s.Node, Failed, r.Outputs, why)
		m.fail(m.ending(why, ""), why)
		return
	}
	if m.s.Run.Dry {
		m.planWatched(n, r)
		return
	}
	switch {
	case r.Held:
		if n.Step.Kind == Wait {
			m.refreshAfter(m.s.Since)
		}
		m.done(r.Outputs, "")
	case r.Fault != "":
		m.stepFails(Failed, "cannot be told: "+r.Fault)
	case n.Step.Kind == Check && n.Step.OnFalse == End:
		m.stepEnds(m.s.Node, OK, r.Outputs, n.Step.Require.Text+" does not hold: there is nothing to do")
		if m.s.Ending == "" { // a run that has failed has failed
			m.s.Ending, m.s.Reason = NotNeeded, n.Path+": "+n.Step.Require.Text+" does not hold"
		}
		m.end()
	case n.Step.Kind == Check:
		why := n.Step.Require.Text + " does not hold"
		if message := m.s.Steps[n.Path].Message; message != "" {
			why += ": " + message
		}
		m.stepFails(Failed, why)
	default:
		m.stepFails(TimedOut, n.Step.Until.Text+" did not come to hold in time")
	}
}
