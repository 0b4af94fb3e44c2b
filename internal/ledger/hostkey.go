package ledger

// HostKeyKind is the kind of the entry by which a host's worker makes its public key known.
const HostKeyKind = "host.key"

// HostKey is its data: who verifies a signature of the host years later finds the key here.
type HostKey struct {
	Host string `json:"host"`
	Key  string `json:"key"`
}
