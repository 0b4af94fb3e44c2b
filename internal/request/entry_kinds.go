package request

// EntryKinds are the kinds of all entries of the ledger about requests.
var EntryKinds = []string{
	"request.opened", "request.reminded", "request.escalated", "request.expired", "request.withdrawn",
	"request.approved", "request.answered", "request.rejected", "request.denied",
}
