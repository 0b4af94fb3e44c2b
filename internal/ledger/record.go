package ledger

// Record is what a run tells the ledger of one event. Who keeps it makes a Draft of it, with the run's ids.
type Record struct {
	// Event tells it from the run's other entries.
	Event string
	// Kind is what happened, such as "request.approved"; Subject what it is about; Actor who did it.
	Kind, Subject, Actor string
	// Data is what is kept as JSON: each kind has a type of its own.
	Data any
}
