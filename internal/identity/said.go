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

// MaxApart is how far the time of a statement may be from when it is heard: clocks are no better, and people who sign are
// no faster.
const MaxApart = 10 * time.Minute

// Claim is a name that nobody vouches for, as it is shown to people.
func Claim(who string) string { return "someone who says it is " + who }

// Shown is a name as it is shown to people.
func Shown(who string, claimed bool) string {
	if claimed {
		return Claim(who)
	}
	return who
}

// Word is a statement with the evidence for it, as it was heard.
type Word struct {
	Namespace string    `json:"namespace"`
	Statement Statement `json:"statement"`
	Evidence  Evidence  `json:"evidence"`
}
