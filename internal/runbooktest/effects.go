package runbooktest

import (
	"maps"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// effects are those of a case.
type effects struct {
	program runbook.Program
	script  Case
	now     time.Time
	// uses counts the uses of the operation of a step.
	uses map[string]int
	// turn is whose turn it is of script.People; since when, for moment.
	turn   int
	moment string
	due    time.Time
	// evaluated are results of which it is not known yet which step they are for.
	evaluated map[string]runbook.ItemResult
	result    Result
}

// Read says what the probes say now.
func (f *effects) Read(calls []runbook.ReadCall) (map[string]runbook.Reading, time.Duration) {
	readings := map[string]runbook.Reading{}
	for _, call := range calls {
		readings[call.Key] = f.reading(call, f.now)
	}
	return readings, 0
}

func (f *effects) reading(call runbook.ReadCall, now time.Time) runbook.Reading {
	for _, arg := range call.With {
		if e := arg.Value.Expression; !e.Zero() {
			if _, err := e.Evaluate(call.Names, now); err != nil {
				return runbook.Reading{At: now, Fault: arg.Name + ": " + err.Error()}
			}
		}
	}
	said := runbook.Reading{At: now, Fault: "the case does not say what it says"}
	for _, m := range f.script.Probes[call.Key] {
		if now.Sub(f.script.Start) >= m.After {
			said.Values, said.Fault = m.Values, m.Fault
		}
	}
	return said
}

// Evaluate evaluates for real.
func (f *effects) Evaluate(items []runbook.Item, now time.Time) map[string]runbook.ItemResult {
	f.evaluated = runbook.Evaluate(items, now)
	return f.evaluated
}

// Act ends as the case says.
func (f *effects) Act(call runbook.ActCall) (runbook.ActResult, time.Duration) {
	path := call.Path
	if call.Undo {
		path = "undo/" + path
	}
	s := f.use(path)
	r := runbook.ActResult{Outcome: or(s.Outcome, runbook.OK)}
	if r.Outcome == runbook.OK {
		r.Outputs = outputs(call.Uses, s.Outputs)
	} else {
		r.Message = "the case says " + string(r.Outcome)
	}
	if !call.Undo {
		f.branch(path, string(r.Outcome))
	}
	return r, s.Takes
}

// use is the script of the next use of a step's operation.
func (f *effects) use(path string) Script {
	scripts, n := f.script.Steps[path], f.uses[path]
	f.uses[path]++
	if len(scripts) == 0 {
		return Script{}
	}
	return scripts[min(n, len(scripts)-1)]
}

// outputs are what is scripted, and zero for what is not.
func outputs(uses string, scripted condition.Values) condition.Values {
	operation, _ := runbook.FindOperation(uses)
	all := condition.Values{}
	for name, t := range operation.Outputs {
		all[name] = map[condition.Type]any{condition.String: "", condition.Int: int64(0), condition.Double: 0.0, condition.Bool: false}[t]
	}
	maps.Copy(all, scripted)
	return all
}

// Seen keeps the time, the path and what persons were answered.
func (f *effects) Seen(c runbook.Command, now time.Time) {
	f.now = now
	switch {
	case c.Reply != nil && !c.Reply.Accepted:
		f.result.Denied++
	case c.Record != nil:
		f.record(*c.Record)
	}
}

func (f *effects) record(r ledger.Record) {
	_, what, _ := strings.Cut(r.Kind, ".")
	path := ""
	switch data := r.Data.(type) {
	case request.Asked:
		if path = data.Step; data.Asks != request.Order {
			f.branch(path, what)
		}
	case request.Word:
		if path = data.Step; data.Asks != request.Order {
			f.branch(path, what)
		}
	case runbook.StepEnded:
		path = data.Step
		if data.Outcome == runbook.OK {
			f.result.Path = append(f.result.Path, path)
		} else {
			f.result.Path = append(f.result.Path, path+": "+what)
		}
	}
	if at := f.program.Find(path); at != runbook.Nowhere && f.program.Nodes[at].Failing {
		f.branch("on_failure", "")
	}
}
