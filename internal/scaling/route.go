package scaling

// Place is where a router stands, which decides what addresses of a replica it reaches.
type Place struct {
	// OnHost says that it is in the host's own network namespace, from where every bridge is reached.
	OnHost bool `json:"on_host,omitempty"`
	// Networks are those of its container; empty on the host.
	Networks []Attachment `json:"networks,omitempty"`
}
