package request

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
)

// Answer is a person's word on a request.
type Answer struct {
	// Request is the whole id of the request, and Shown the SHA-256 of what the person saw of it.
	Request string `json:"request"`
	Shown   string `json:"shown"`
	// Decision is one of the request's choices.
	Decision string `json:"decision"`
	// By is who says it, Via how it came: cli or ViaSlack.
	By  string `json:"by"`
	Via string `json:"via"`
	// Reason is for people; a no has one.
	Reason string `json:"reason,omitempty"`
	// Fields are what was filled in.
	Fields condition.Values `json:"fields,omitempty"`
	identity.Said
	// Standing is what the person may do, as the host's configuration says when the word arrives.
	Standing Standing `json:"standing,omitzero"`
}

// Standing is what a person may do.
type Standing struct {
	Groups []string `json:"groups,omitempty"`
	// Person is what the name counts as where persons are counted, Login what a login behind root counts as.
	Person string `json:"person,omitempty"`
	Login  string `json:"login,omitempty"`
	// SlackGroups says of each group of Slack that was asked about the person since when that is known, or why it is not.
	SlackGroups []string `json:"slack_groups,omitempty"`
	// Same are those of a request's names, who started the run and who has answered, that are the same person.
	Same []string `json:"same,omitempty"`
	// Operator may pause, resume, skip, retry and abort runs.
	Operator bool `json:"operator,omitempty"`
	// Statement is the text that was signed.
	Statement string `json:"statement,omitempty"`
	// Word is what was signed, for who checks it again.
	Word *identity.Word `json:"word,omitempty"`
	// Proof is who the word was proven to be by; nil is nobody: the name is a claim.
	Proof *identity.Proof `json:"proof,omitempty"`
	// Fault says why the word does not count, whoever gives it: its evidence does not hold, or it came too late.
	Fault string `json:"fault,omitempty"`
	// AuthenticatedFrom is the risk from which a yes must be Authenticated; empty is none.
	AuthenticatedFrom Risk `json:"authenticated_from,omitempty"`
}

// NoOperator says that the word of somebody who may not give orders does not count.
func NoOperator(by string) string {
	return by + " is no operator; the configuration's approvals.operators says which groups are"
}

// ToProve says of a word what it lacks that nobody vouches for.
const ToProve = "has to prove who gives it: on a host of the configuration, or signed by a key"

// MustProve says whether the configuration wants an authenticated person for that risk.
func (s Standing) MustProve(risk Risk) bool {
	return s.Proof == nil && s.AuthenticatedFrom != "" && !risk.Below(s.AuthenticatedFrom)
}

// unknown says which groups of Slack could not be asked about the person.
func (s Standing) unknown() (why string) {
	for _, g := range s.SlackGroups {
		if strings.Contains(g, " is not known: ") {
			why += "; " + g
		}
	}
	return why
}

// Reply is the answer to a person.
type Reply struct {
	Accepted bool   `json:"accepted"`
	Message  string `json:"message"`
}

// Bounds of a person's word, in bytes. It is kept in the history, in the ledger and in messages.
const (
	maxName   = 256
	maxID     = 1024
	maxReason = 4096
	maxFields = 64
	maxValues = 64 << 10
	// maxSignature is what an SSH signature takes by the longest key of a kind that counts.
	maxSignature = 8 << 10
)

// Malformed says what is wrong with the form of an answer; empty when nothing is. Who may, and whether the request is
// open, is not its business.
func (a Answer) Malformed() string {
	_, _, run, ok := Split(a.Request)
	switch {
	case len(a.Request) > maxID || !ok || run == "" || !oneLine(a.Request):
		return "an answer needs the whole id of its request, WORKFLOW:STEP.N@RUN"
	case len(a.Shown) != 64 || strings.Trim(a.Shown, "0123456789abcdef") != "":
		return "an answer needs the SHA-256 of what was shown"
	case a.Decision == "" || len(a.Decision) > maxName || !oneLine(a.Decision):
		return "an answer needs a decision"
	case a.Decision == Reject && strings.TrimSpace(a.Reason) == "":
		return "a no needs a reason"
	case len(a.Fields) > maxFields:
		return fmt.Sprintf("an answer has at most %d fields", maxFields)
	}
	size := 0
	for _, name := range a.Fields.Names() {
		if len(name) > maxName || !oneLine(name) {
			return fmt.Sprintf("the name of a field is one line of at most %d bytes", maxName)
		}
		size += len(condition.Spell(a.Fields[name]))
	}
	if size > maxValues {
		return fmt.Sprintf("the fields of an answer have at most %d bytes", maxValues)
	}
	return WordFault(a.By, a.Reason, a.Said)
}

// WordFault says what is wrong with the form of a word and what proves it; empty when nothing is.
func WordFault(by, reason string, said identity.Said) string {
	if e := said.Evidence; e != nil && (len(e.Signature) > maxSignature || len(e.By) > maxName || !oneLine(e.By)) {
		return fmt.Sprintf("evidence names who signed and has a signature of at most %d bytes", maxSignature)
	}
	if len(said.Login) > maxName || len(said.Nonce) > maxName || !oneLine(said.Login) || !oneLine(said.Nonce) {
		return fmt.Sprintf("a login and a nonce are lines of at most %d bytes", maxName)
	}
	if said.Evidence != nil && said.Nonce == "" {
		return "what is signed needs a nonce"
	}
	return Spoken(by, reason)
}

// Spoken says what is wrong with the form of a name and a reason; empty when nothing is.
func Spoken(by, reason string) string {
	switch {
	case by == "" || len(by) > maxName || !oneLine(by):
		return fmt.Sprintf("a name is one line of 1 to %d bytes", maxName)
	case len(reason) > maxReason:
		return fmt.Sprintf("the reason has %d bytes, and %d are kept; write less", len(reason), maxReason)
	case !utf8.ValidString(reason):
		return "the reason is not UTF-8; write it in text"
	}
	if at := strings.IndexFunc(reason, hidden); at >= 0 {
		c, _ := utf8.DecodeRuneInString(reason[at:])
		return fmt.Sprintf("the reason holds the character %U at byte %d, which nobody sees; leave it out", c, at+1)
	}
	return ""
}

func oneLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) })
}

// hidden says of a letter that it is none that a person writes: line breaks and tabs are.
func hidden(c rune) bool { return !unicode.IsPrint(c) && c != '\n' && c != '\t' && c != '\r' }

// mayNot says why a word does not count; empty when it does.
func (r Request) mayNot(a Answer) string {
	switch {
	case a.Standing.Fault != "":
		return a.Standing.Fault
	case a.Shown != r.Shown:
		return "what was shown is not what is asked now; look at it again"
	case !slices.Contains(r.Choices, a.Decision):
		return r.Short() + " is answered by " + strings.Join(r.Choices, ", ")
	}
	return r.MayNot(a.By, a.Standing, a.Decision)
}

// is says whether the person, or the login behind it, is one of some.
func (s Standing) is(persons []string) bool {
	return slices.ContainsFunc([]string{s.Person, s.Login}, func(p string) bool { return p != "" && slices.Contains(persons, p) })
}

// Others are the names of whom it matters whether they are the person who answers.
func (r Request) Others() []string { return slices.Concat(r.Not, r.Answers) }

// MayNot says why a decision of a person would not count; empty when it would.
func (r Request) MayNot(by string, standing Standing, decision string) string {
	yes := decision != Reject
	among := func(names []string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return name == by || slices.Contains(standing.Same, name) })
	}
	switch {
	case r.Kind == Order && !standing.Operator:
		return NoOperator(by)
	case r.Kind == Order:
		return ""
	case !slices.ContainsFunc(r.Groups, func(g string) bool { return slices.Contains(standing.Groups, g) }):
		return by + " is in none of the groups " + strings.Join(r.Groups, ", ") + standing.unknown()
	case among(r.Not):
		return by + " started this run, and somebody else must answer"
	case yes && r.Kind == Approval && standing.MustProve(r.Risk):
		return "an approval of a " + string(r.Risk) + " step " + ToProve
	case yes && (among(r.Answers) || standing.is(r.Persons)):
		return by + " has approved it already"
	}
	return ""
}
