package runbook

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/ledger"
)

// ActingKind is the kind of the ledger's entry that says that a run began to change things. Its subject
// is that of the dedup key: cooldown and breaker count these entries.
const ActingKind = "runbook.acting"

// Suppression says why a run does not begin.
type Suppression struct {
	// Reason is empty when it does.
	Reason string `json:"reason"`
	// Broken says that the breaker is open: the runbook ran as often as it may and did not help, and a
	// person must look.
	Broken bool `json:"broken,omitempty"`
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

// quota is how often runs about the same thing may begin to act; nil where nothing bounds that.
func (m *machine) quota() *ledger.Quota {
	t := m.p.Definition.Triggers
	if t.Remembered() == 0 || m.s.Run.Override {
		return nil
	}
	return &ledger.Quota{CooldownSeconds: t.CooldownSeconds, Max: t.Breaker.MaxRuns, WindowSeconds: t.Breaker.WindowSeconds, Started: m.s.Run.Started}
}

// suppress ends a run right before it would have changed something first: since it began, another one has.
func (m *machine) suppress(s Suppression) {
	n := m.node()
	m.stepEnds(m.s.Node, Skipped, nil, s.Reason)
	if s.Broken {
		opened := IncidentID(m.s.Run, "breaker", 0)
		m.recordAbout(m.s.Run.Subject(m.s.Run.Dedup), "incident", "incident.opened", "", IncidentOpened{
			Runbook: m.s.Run.Name, Step: n.Path, Incident: opened, Title: m.s.Run.Name + " does not help: " + s.Reason, Severity: m.p.Definition.Severity,
		}, nil)
		s.Reason += "; opened the incident " + opened
	}
	m.s.Undo, m.s.Acted = nil, false // there is nothing to put back
	m.s.Ending, m.s.Reason = Suppressed, s.Reason
	m.unwind(0)
}
