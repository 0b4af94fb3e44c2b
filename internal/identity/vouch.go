package identity

// VouchPath is where the local socket of a host's worker takes statements.
const VouchPath = "/vouch"

// VouchRequest is a statement that somebody on this host makes. Who makes it is left to the worker.
type VouchRequest struct {
	Namespace string    `json:"namespace"`
	Statement Statement `json:"statement"`
}

// Vouched is the statement with who makes it, and the host's signature over its text.
type Vouched struct {
	Statement Statement `json:"statement"`
	Signature string    `json:"signature"`
}
