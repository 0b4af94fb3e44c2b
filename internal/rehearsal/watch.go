package rehearsal

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Watch looks on the clock of the case as a worker does on its own: a check that does not hold or cannot be
// told ends at that look, a wait goes on, and the last look is when the time is over.
func (f *effects) Watch(call runbook.WatchCall) (runbook.WatchResult, time.Duration) {
	every, deadline := max(runbook.Duration(call.EverySeconds), time.Second), f.now.Add(runbook.Duration(call.TimeoutSeconds))
	looks, inARow := 0, 0
	for now := f.now; ; {
		r := f.look(call, now)
		looks++
		r.Looks = looks
		if inARow++; !r.Held {
			inARow = 0
		}
		late := !now.Before(deadline)
		if inARow < max(call.Times, 1) && r.Held && late {
			r.Held, r.Fault = false, fmt.Sprintf("it held at %d looks in a row of %d when the time was over", inARow, call.Times)
		}
		if inARow >= max(call.Times, 1) || !call.Until && !r.Held || late {
			f.watched(call, r)
			return r, now.Sub(f.now)
		}
		if now = now.Add(every); now.After(deadline) {
			now = deadline
		}
	}
}

func (f *effects) look(call runbook.WatchCall, now time.Time) runbook.WatchResult {
	r := runbook.WatchResult{Readings: map[string]runbook.Reading{}}
	names := maps.Clone(call.Names)
	var faults []string
	for _, c := range call.Reads {
		reading, name := f.reading(c, now), strings.TrimPrefix(c.Key, call.Scope)
		r.Readings[c.Key] = reading
		if reading.Fault != "" {
			faults = append(faults, name+": "+reading.Fault)
		}
		for output, value := range reading.Values {
			names["probes."+name+"."+output] = value
		}
	}
	if call.Uses != "" {
		s := f.use(call.Path)
		if s.Outcome != "" && s.Outcome != runbook.OK {
			faults = append(faults, call.Uses+": the case says "+s.Outcome)
		} else {
			r.Outputs = outputs(call.Uses, s.Outputs)
		}
		for output, value := range r.Outputs {
			names["result."+output] = value
		}
	}
	if faults != nil {
		r.Fault = strings.Join(faults, "; ")
		return r
	}
	held, err := call.Condition.Evaluate(names, now)
	if err != nil {
		r.Fault = err.Error()
	}
	r.Held = held == true
	return r
}

func (f *effects) watched(call runbook.WatchCall, r runbook.WatchResult) {
	switch {
	case r.Held:
		f.branch(call.Path, held)
	case call.Until || r.Fault == "":
		f.branch(call.Path, notHeld)
	}
}
