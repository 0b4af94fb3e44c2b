// Package press is what a person does in a chat, as an ingress worker has verified it.
package press

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Press is a press of a button of a request, or the form behind it.
type Press struct {
	// ID tells it from all others: the same press, delivered twice, has the same one. See ID.
	ID string `json:"id"`
	// Team and User are Slack's ids of who pressed.
	Team string `json:"team"`
	User string `json:"user"`
	// Channel and Message are where it was pressed, and where that person is answered.
	Channel string `json:"channel"`
	Message string `json:"message"`
	// Request is the whole id of the request, Shown the SHA-256 of what its message showed, Decision one of its choices.
	Request  string `json:"request"`
	Shown    string `json:"shown"`
	Decision string `json:"decision"`
	// Reason and Fields are what was filled in, Fields by the ids of the form's blocks and, once it is on its way to the
	// run, by the names of the request's fields; a button has none.
	Reason string            `json:"reason,omitempty"`
	Fields map[string]string `json:"fields,omitempty"`
	// Seen is the SHA-256, in hexadecimal digits, of the statement that the form showed, as it was before anything was filled
	// in; empty where it showed none, as a button does not.
	Seen string `json:"seen,omitempty"`
	// At is when its signature was verified, to the second.
	At time.Time `json:"at"`
}

// Who is the name by which a person of Slack speaks: slack:TEAM/USER.
func (p Press) Who() string { return "slack:" + p.Team + "/" + p.User }

// Digest is the SHA-256 of a statement, in hexadecimal digits.
func Digest(statement string) string {
	sum := sha256.Sum256([]byte(statement))
	return hex.EncodeToString(sum[:])
}

// ID is the id of what Slack delivers: 32 hexadecimal digits of what tells one thing that a person does from another.
// Of a press those are team, channel, message, user, action, block and its time; of a form team, user and view.
func ID(parts ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return hex.EncodeToString(sum[:16])
}
