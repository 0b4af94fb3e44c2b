package request

import "strings"

// Notification tells people something: that a request waits for them, or what a step has to say.
type Notification struct {
	// Runbook is the runbook that says it; empty where a run of another kind does.
	Runbook string   `json:"runbook,omitempty"`
	Step    string   `json:"step"`
	Groups  []string `json:"groups,omitempty"`
	Message string   `json:"message"`
	// About is why: notify, opened, reminded, escalated or expired.
	About string `json:"about"`
	// Request is the id of the request that it is about.
	Request string `json:"request,omitempty"`
}

// To names whom it is for.
func (n Notification) To() string {
	if len(n.Groups) == 0 {
		return "the operators"
	}
	return strings.Join(n.Groups, ", ")
}
