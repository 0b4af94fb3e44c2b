package runbooktest

import (
	"time"

	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Watch looks on the clock of the case as a worker does on its own.
func (f *effects) Watch(call runbook.WatchCall) (runbook.WatchResult, time.Duration) {
	rule, deadline := runbook.NewWatch(call), f.now.Add(runbook.Duration(call.TimeoutSeconds))
	for now := f.now; ; {
		r, over := rule.Look(f.look(call, now), !now.Before(deadline))
		if over {
			f.watched(call, r)
			return r, now.Sub(f.now)
		}
		if now = now.Add(rule.Every()); now.After(deadline) {
			now = deadline
		}
	}
}

func (f *effects) look(call runbook.WatchCall, now time.Time) runbook.WatchResult {
	seen := runbook.Seen{Readings: map[string]runbook.Reading{}}
	for _, c := range call.Reads {
		seen.Readings[c.Key] = f.reading(c, now)
	}
	if call.Uses != "" {
		s := f.use(call.Path)
		if s.Outcome != "" && s.Outcome != runbook.OK {
			seen.Fault = "the case says " + string(s.Outcome)
		} else {
			seen.Outputs = outputs(call.Uses, s.Outputs)
		}
	}
	return call.Judge(seen, now)
}

func (f *effects) watched(call runbook.WatchCall, r runbook.WatchResult) {
	switch {
	case r.Held:
		f.branch(call.Path, held)
	case call.Until || r.Fault == "":
		f.branch(call.Path, notHeld)
	}
}
