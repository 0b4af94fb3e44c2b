package identity

import "time"

// Said is what a person's word has beside what it is about: when it was said, and what proves by whom.
type Said struct {
	// Login is who logged in behind root.
	Login string    `json:"login,omitempty"`
	At    time.Time `json:"at,omitzero"`
	// Nonce makes the statement one of its own.
	Nonce string `json:"nonce,omitempty"`
	// Evidence is the signature over the statement; without it the name is a claim.
	Evidence *Evidence `json:"evidence,omitempty"`
}
