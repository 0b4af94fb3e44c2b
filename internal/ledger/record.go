package ledger

import "time"

// Record is what a run tells the ledger of one event. Who keeps it makes a Draft of it, with the run's ids.
type Record struct {
	// Event tells it from the run's other entries.
	Event string
	// Kind is what happened, such as "request.approved"; Subject what it is about; Actor who did it.
	Kind, Subject, Actor string
	// Data is what is kept as JSON: each kind has a type of its own.
	Data any
	// Quota bounds how many entries of the kind the subject may have; nil is no bound.
	Quota *Quota
}

// Quota bounds how often the same may happen. It is held against the ledger while nobody else can append, so that of
// several that come at once none slips through.
type Quota struct {
	// CooldownSeconds must have passed since the last one.
	CooldownSeconds int
	// Max is how many there may be within WindowSeconds; 0 is no bound.
	Max           int
	WindowSeconds int
	// Started is when the workflow began that tells it: what it told itself since then, before it was reset, is not
	// another one.
	Started time.Time
}
