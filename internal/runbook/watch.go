package runbook

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// Watch says when a check or a wait is over. Who looks gives it one look after the other.
type Watch struct {
	call        WatchCall
	looks, held int
}

// NewWatch begins a watch.
func NewWatch(call WatchCall) *Watch { return &Watch{call: call} }

// Every is the time from the beginning of a look to the beginning of the next, a second or more. The last look is
// at the deadline, not before it.
func (w *Watch) Every() time.Duration { return max(Duration(w.call.EverySeconds), time.Second) }

// times is how many looks in a row must hold: a wait is over at the first.
func (w *Watch) times() int {
	if w.call.Until {
		return 1
	}
	return max(w.call.Times, 1)
}

// Look counts a look and says whether it was the last: a check ends where it does not hold or cannot be told, a wait
// goes on. late is whether the deadline was reached; a check that by then has not held often enough does not hold.
func (w *Watch) Look(r WatchResult, late bool) (WatchResult, bool) {
	w.looks++
	r.Looks = w.looks
	if !r.Held {
		w.held = 0
		return r, !w.call.Until || late
	}
	if w.held++; w.held >= w.times() {
		return r, true
	}
	if late {
		r.Held, r.Fault = false, fmt.Sprintf("it held at %d looks in a row of %d when the time was over", w.held, w.times())
	}
	return r, late
}

// Seen is what one look has read.
type Seen struct {
	// Readings are those of the probes, by their key.
	Readings map[string]Reading
	// Outputs are those of Uses; Fault says why there are none.
	Outputs condition.Values
	Fault   string
}

// Judge evaluates the condition with what was read. What is missing is a fault, never a guess.
func (c WatchCall) Judge(seen Seen, now time.Time) WatchResult {
	result := WatchResult{Readings: seen.Readings, Outputs: seen.Outputs}
	names := maps.Clone(c.Names)
	if names == nil {
		names = condition.Values{}
	}
	var faults []string
	for _, read := range c.Reads {
		reading, name := seen.Readings[read.Key], strings.TrimPrefix(read.Key, c.Scope)
		if reading.Fault != "" {
			faults = append(faults, name+": "+reading.Fault)
		}
		for output, value := range reading.Values {
			names["probes."+name+"."+output] = value
		}
	}
	if seen.Fault != "" {
		faults = append(faults, c.Uses+": "+seen.Fault)
	}
	for output, value := range seen.Outputs {
		names["result."+output] = value
	}
	if faults != nil {
		result.Fault = strings.Join(faults, "; ")
		return result
	}
	value, err := c.Condition.Evaluate(names, now)
	held, ok := value.(bool)
	switch {
	case err != nil:
		result.Fault = err.Error()
	case !ok:
		result.Fault = c.Condition.Text + " is neither true nor false"
	default:
		result.Held = held
	}
	return result
}
