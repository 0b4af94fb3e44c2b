package request

import (
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
)

// Entry is something to remember about a request. One of Asked and Word is set.
type Entry struct {
	// Kind is that of the ledger's entry, Actor who spoke; empty when nobody did.
	Kind  string
	Actor string
	Asked *Asked
	Word  *Word
}

// Data is what the ledger keeps.
func (e Entry) Data() any {
	if e.Word != nil {
		return *e.Word
	}
	return *e.Asked
}

// Asked is the data of request.opened, request.reminded, request.escalated, request.expired and request.withdrawn.
type Asked struct {
	Request    string   `json:"request"`
	Asks       Kind     `json:"asks"`
	Step       string   `json:"step"`
	Message    string   `json:"message"`
	Groups     []string `json:"groups,omitempty"`
	Min        int      `json:"min,omitempty"`
	Not        []string `json:"not,omitempty"`
	Allows     []Effect `json:"allows,omitempty"`
	Choices    []string `json:"choices"`
	Risk       Risk     `json:"risk,omitempty"`
	PlanSHA256 string   `json:"plan_sha256,omitempty"`
	Shown      string   `json:"shown"`
	Deadline   string   `json:"deadline"`
	// Reason says of a withdrawn one why.
	Reason string `json:"reason,omitempty"`
}

// Word is the data of request.approved, request.answered, request.rejected and request.denied.
type Word struct {
	Request  string           `json:"request"`
	Asks     Kind             `json:"asks"`
	Step     string           `json:"step"`
	Decision string           `json:"decision"`
	Via      string           `json:"via"`
	Reason   string           `json:"reason,omitempty"`
	Fields   condition.Values `json:"fields,omitempty"`
	// Shown is what the person saw.
	Shown string `json:"shown"`
	// Statement is what was signed, and Proof who it was proven to be by; without them the name is a claim.
	Statement string          `json:"statement,omitempty"`
	Proof     *identity.Proof `json:"proof,omitempty"`
	// SlackGroups says since when it is known whether the person is in groups of Slack.
	SlackGroups []string `json:"slack_groups,omitempty"`
	Allows      []Effect `json:"allows,omitempty"`
	PlanSHA256  string   `json:"plan_sha256,omitempty"`
}

func (r Request) asked(kind string) *Entry {
	return &Entry{Kind: kind, Asked: &Asked{
		Request: r.ID, Asks: r.Kind, Step: r.Step, Message: r.Message, Groups: r.Groups, Min: r.Min, Not: r.Not, Allows: r.Allows, Choices: r.Choices,
		Risk: r.Risk, PlanSHA256: r.PlanSHA256, Shown: r.Shown, Deadline: r.Deadline.UTC().Format(time.RFC3339),
	}}
}

func (r Request) word(kind string, a Answer, reason string, fields condition.Values) *Entry {
	return &Entry{Kind: kind, Actor: a.By, Word: &Word{
		Request: r.ID, Asks: r.Kind, Step: r.Step, Decision: a.Decision, Via: a.Via, Reason: reason, Fields: fields,
		Shown: a.Shown, Statement: a.Standing.Statement, Proof: a.Standing.Proof, SlackGroups: a.Standing.SlackGroups, Allows: r.Allows, PlanSHA256: r.PlanSHA256,
	}}
}
