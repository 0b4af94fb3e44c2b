package runbooktest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

func TestDifferences(t *testing.T) {
	one, hour := 1, time.Hour
	for name, c := range map[string]struct {
		expect Expect
		want   []string
	}{
		"nothing asked but the outcome": {Expect{Outcome: runbook.RolledBack}, nil},
		"everything": {Expect{
			Outcome: runbook.RolledBack, Reason: "^restart: .* failed$", Path: []string{"confirm", "open", "gate", "restart: failed", "tell", "back"},
			Undone: []string{"open"}, NotUndone: []string{}, Denied: new(int), Took: new(time.Duration),
		}, []string{"took: expected 0s, saw 20s"}},
		"outcome":           {Expect{Outcome: runbook.Succeeded}, []string{"outcome: expected succeeded, saw rolled_back (restart: the case says failed)"}},
		"reason":            {Expect{Outcome: runbook.RolledBack, Reason: "^tell"}, []string{`reason: expected ^tell, saw "restart: the case says failed"`}},
		"path":              {Expect{Outcome: runbook.RolledBack, Path: []string{"confirm", "gate"}}, []string{"path[1]: expected gate, saw open; all of it: [confirm, open, gate, restart: failed, tell, back]"}},
		"path, too short":   {Expect{Outcome: runbook.RolledBack, Path: []string{"confirm"}}, []string{"path[1]: expected the end, saw open; all of it: [confirm, open, gate, restart: failed, tell, back]"}},
		"undone":            {Expect{Outcome: runbook.RolledBack, Undone: []string{}}, []string{"undone[0]: expected the end, saw open; all of it: [open]"}},
		"not undone":        {Expect{Outcome: runbook.RolledBack, NotUndone: []string{"open"}}, []string{"not_undone[0]: expected open, saw the end; all of it: []"}},
		"denied":            {Expect{Outcome: runbook.RolledBack, Denied: &one}, []string{"denied: expected 1, saw 0"}},
		"took":              {Expect{Outcome: runbook.RolledBack, Took: &hour}, []string{"took: expected 1h, saw 20s"}},
		"several at a time": {Expect{Outcome: runbook.Aborted, Denied: &one}, []string{"outcome: expected aborted, saw rolled_back (restart: the case says failed)", "denied: expected 1, saw 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := Run(runbook.Lay(mend(t)), usual(script("restart", failure), people(bob), func(cs *Case) { cs.Expect = c.expect }))
			require.Equal(t, c.want, r.Faults)
		})
	}
}

// A person whose moment never comes is not passed over.
func TestPeopleWhoNeverSpoke(t *testing.T) {
	r := Run(runbook.Lay(mend(t)), usual(people(bob, ticket, bob, order(runbook.Abort, "rest"))))
	require.Equal(t, []string{"people[2]: approve gate: the moment never came", "people[3]: abort at rest: the moment never came"}, r.Faults)
}

func TestInputsThatDoNotFit(t *testing.T) {
	r := Run(runbook.Lay(mend(t)), usual(func(c *Case) { c.Inputs = condition.Values{"n": int64(0)} }))
	require.Equal(t, []string{"inputs: n: 0 is less than 1; write 1 or more"}, r.Faults)
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Case)
		want   Fault
	}{
		"input":             {func(c *Case) { c.Inputs = condition.Values{"m": 1} }, Fault{"inputs", -1, "", "there is no m; did you mean n?"}},
		"probe":             {func(c *Case) { c.Probes["p96"] = nil }, Fault{"probes.p96", -1, "", `there is no probe "p96"; did you mean "p95"?`}},
		"output of a probe": {says(Moment{Values: condition.Values{"valeu": 1.0}}), Fault{"probes.p95", 0, "valeu", `prometheus.query has no output "valeu"; did you mean "value"?`}},
		"type of an output": {says(Moment{Values: condition.Values{"value": "high"}}), Fault{"probes.p95", 0, "value", `is "high"; it must be of type double`}},
		"order of moments":  {says(p95(1, 2)[1], p95(1)[0]), Fault{"probes.p95", 1, "after", "is not after the entry before it; write them in the order of their times"}},
		"step":              {script("restrat"), Fault{"steps.restrat", -1, "", `there is no step "restrat"; did you mean "restart"?`}},
		"undo":              {script("undo/restart"), Fault{"steps.undo/restart", -1, "", "restart has no undo; give it one or remove this"}},
		"kind of a step":    {script("gate"), Fault{"steps.gate", -1, "", "gate is a gate, which does nothing that could be written here; only an action and a check do"}},
		"output of a step":  {script("restart", failure, Script{Outputs: condition.Values{"n": 1}}), Fault{"steps.restart", 1, "outputs.n", `service.restart has no output "n"; write restarted`}},
		"who approves what": {people(Person{Approve: "ask"}), Fault{"people", 0, "", "ask is no gate; write answer: ask for a manual or an input step"}},
		"who answers what":  {people(bob, Person{Answer: "gate"}), Fault{"people", 1, "", "gate is neither a manual nor an input step; write approve: gate for a gate"}},
		"who rejects what":  {people(Person{Reject: "restart"}), Fault{"people", 0, "", "restart asks nobody; name a gate, a manual or an input step"}},
		"where":             {people(order(runbook.Abort, "tea")), Fault{"people", 0, "", `there is no step "tea"; write one of confirm, open, gate, restart, watch, pick, more, ask, rest, tell and back`}},
		"path":              {func(c *Case) { c.Expect.Path = []string{"confirm", "opne"} }, Fault{"expect.path", 1, "", `there is no step "opne"; did you mean "open"?`}},
		"outcome in a path": {func(c *Case) { c.Expect.Path = []string{"open: fail"} }, Fault{"expect.path", 0, "", `"fail" is no outcome; write one of failed, timeout, unknown and skipped`}},
		"undone":            {func(c *Case) { c.Expect.Undone = []string{"opne"} }, Fault{"expect.undone", 0, "", `there is no step "opne"; did you mean "open"?`}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, []Fault{c.want}, Check(runbook.Lay(mend(t)), usual(c.change)))
		})
	}
	require.Empty(t, Check(runbook.Lay(mend(t)), usual()))
}
