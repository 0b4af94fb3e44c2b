package ledger

import "fmt"

// maxFaults is how many faults are named; the rest is counted.
const maxFaults = 20

// The sorts of fault.
const (
	Changed  = "changed"  // the content, or the hash itself
	Moved    = "moved"    // an entry that was written under another number
	Replaced = "replaced" // an entry with a hash that fits it, and a neighbour that knows another
	Missing  = "missing"  // entries between others
	Cut      = "cut"      // the newest entries
	Inserted = "inserted" // an entry that was never appended
	Schema   = "schema"   // something in the database that is not the ledger's, and can hide entries
)

// Fault is one thing that is wrong with a ledger.
type Fault struct {
	Sort string `json:"sort"`
	// Seq and Key name the entry; Key is empty when it is not there.
	Seq int64  `json:"seq"`
	Key string `json:"key,omitempty"`
	// Text says it in one line for a person.
	Text string `json:"text"`
}

// Report is what verifying a ledger found.
type Report struct {
	// Clean is true when there is no fault.
	Clean bool `json:"clean"`
	// Entries is how many entries were read, and Head the last of them.
	Entries int64 `json:"entries"`
	Head    Head  `json:"head"`
	// Anchor is the newest entry that the host which verified has seen before; nil where none is known.
	Anchor *Head `json:"anchor"`
	// Faults are the first that were found, at most 20; FaultCount counts all.
	Faults     []Fault `json:"faults"`
	FaultCount int64   `json:"fault_count"`
}

// named is an entry as a fault speaks of it. A key is quoted: whoever tampers may write anything.
func named(e Entry) string { return fmt.Sprintf("entry %d (key %q)", e.Seq, e.Key) }

// span names entries that are not there.
func span(from, to int64) string {
	if from == to {
		return fmt.Sprintf("entry %d is missing", from)
	}
	return fmt.Sprintf("entries %d to %d are missing", from, to)
}
