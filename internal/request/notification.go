package request

import (
	"strings"
	"time"
)

// Severities are how urgent something is, the most urgent first.
var Severities = []string{"Sev1", "Sev2", "Sev3", "Sev4"}

// Notification tells people something: that a request waits for them, or what a step has to say.
type Notification struct {
	// Runbook is the runbook that says it; empty where a run of another kind does.
	Runbook string   `json:"runbook,omitempty"`
	Step    string   `json:"step"`
	Groups  []string `json:"groups,omitempty"`
	Message string   `json:"message"`
	// About is why: notify, or how a request now stands: opened, reminded, escalated, expired, withdrawn, approved, answered,
	// rejected or ordered.
	About string `json:"about"`
	// Request is the id of the request that it is about, and Asked that request as it now stands.
	Request string   `json:"request,omitempty"`
	Asked   *Request `json:"asked,omitempty"`
	// By has brought that about by Decision, and Reason is why; each may be empty. Claimed says that nobody vouches for By.
	By       string `json:"by,omitempty"`
	Claimed  bool   `json:"claimed,omitempty"`
	Decision string `json:"decision,omitempty"`
	Reason   string `json:"reason,omitempty"`
	// Readings are what the run has seen, sorted by name.
	Readings []Reading `json:"readings,omitempty"`
	// Host, Project and Severity are those of the run; each may be empty.
	Host     string `json:"host,omitempty"`
	Project  string `json:"project,omitempty"`
	Severity string `json:"severity,omitempty"`
}

// Reading is what a probe of a run saw.
type Reading struct {
	Name  string `json:"name"`
	Value any    `json:"value,omitempty"`
	// At is when it was read; zero is not known.
	At time.Time `json:"at"`
	// Fault is why there is no value.
	Fault string `json:"fault,omitempty"`
}

// Service is the service whose replicas are changed by what the request allows; empty where it names none.
func (r Request) Service() string {
	for _, e := range r.Allows {
		if service, ok := e.Arguments["service"].(string); ok {
			return service
		}
	}
	return ""
}

// Outcome is how the request has closed with that: one of the outcomes, or withdrawn. It is empty while people may
// still answer, and of what is about no request.
func (n Notification) Outcome() Outcome {
	if n.Asked == nil {
		return ""
	}
	switch n.About {
	case "rejected", "ordered", "expired", "withdrawn":
		return Outcome(n.About)
	case "approved", "answered":
		if len(n.Asked.Answers) >= max(n.Asked.Min, 1) {
			return Granted
		}
	}
	return ""
}

// To names whom it is for.
func (n Notification) To() string {
	if len(n.Groups) == 0 {
		return "the operators"
	}
	return strings.Join(n.Groups, ", ")
}
