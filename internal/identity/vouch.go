package identity

// VouchPath is where the local socket of a host's worker takes statements.
const VouchPath = "/vouch"

// WhoPath is where it says who calls, as a Caller.
const WhoPath = "/who"

// Caller is who calls the local socket.
type Caller struct {
	Who   string `json:"who"`
	Login string `json:"login,omitempty"`
}

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
