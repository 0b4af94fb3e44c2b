package scaling

import (
	"fmt"
	"strings"
	"time"
)

// Life is how a container has lived so far.
type Life struct {
	// State is the engine's word, as in Replica.
	State string `json:"state"`
	// Restarts counts the restarts that the engine made by itself.
	Restarts int `json:"restarts"`
	// Created is when it was made.
	Created time.Time `json:"created,omitzero"`
	// ExitCode and OOMKilled are of its last end, where it has ended.
	ExitCode  int  `json:"exit_code"`
	OOMKilled bool `json:"oom_killed"`
	// LastLines is the end of its log: 20 lines and 4 KiB at most, masked and made printable.
	LastLines []string `json:"last_lines,omitempty"`
	// LastCheck is what its container health check said last, bounded, masked and made printable likewise; empty where
	// it has none, or passed.
	LastCheck string `json:"last_check,omitempty"`
}

// String says how the container ended, such as "exited with code 3; its last lines: …".
func (l Life) String() string {
	how := "is " + l.State
	switch {
	case l.OOMKilled:
		how = fmt.Sprintf("was killed for want of memory (code %d)", l.ExitCode)
	case l.State == "exited" || l.State == "restarting" || l.State == "dead" || l.Restarts > 0:
		how = fmt.Sprintf("exited with code %d", l.ExitCode)
	}
	if l.Restarts > 0 {
		how += fmt.Sprintf(" and was restarted by the engine (%d so far)", l.Restarts)
	}
	if len(l.LastLines) == 0 {
		return how + "; it had logged nothing"
	}
	return how + "; its last lines: " + strings.Join(l.LastLines, " | ")
}
