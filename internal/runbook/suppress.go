package runbook

import (
	"fmt"
	"time"
)

// ActingKind is the kind of the ledger's entry that says that a run began to change things. Its subject
// is that of the dedup key: cooldown and breaker count these entries.
const ActingKind = "runbook.acting"

// Suppression says why a run does not begin.
type Suppression struct {
	// Reason is empty when it does.
	Reason string
	// Broken says that the breaker is open: the runbook ran as often as it may and did not help, and a
	// person must look.
	Broken bool
}

// Suppress decides by when earlier runs about the same thing began to act, in any order. It is the first
// thing that is asked.
func Suppress(t Triggers, past []time.Time, now time.Time) Suppression {
	window, within := Duration(t.Breaker.WindowSeconds), 0
	var last time.Time
	for _, at := range past {
		if at.After(last) {
			last = at
		}
		if now.Sub(at) < window {
			within++
		}
	}
	if t.Breaker.MaxRuns > 0 && within >= t.Breaker.MaxRuns {
		return Suppression{Reason: fmt.Sprintf("breaker: %d runs within %s already", within, window), Broken: true}
	}
	if cooldown := Duration(t.CooldownSeconds); !last.IsZero() && now.Sub(last) < cooldown {
		return Suppression{Reason: fmt.Sprintf("cooldown: the last run acted at %s, and %s must pass", last.UTC().Format(time.RFC3339), cooldown)}
	}
	return Suppression{}
}

// Remembered is how far back Suppress needs to see.
func (t Triggers) Remembered() time.Duration {
	return max(Duration(t.CooldownSeconds), Duration(t.Breaker.WindowSeconds))
}
