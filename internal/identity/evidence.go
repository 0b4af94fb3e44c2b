package identity

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Evidence is a signature over a statement.
type Evidence struct {
	Kind Kind `json:"kind"`
	// By is the principal whose key signed, or the host whose worker did.
	By        string `json:"by"`
	Signature string `json:"signature"`
}

// Trust is whom a worker believes.
type Trust struct {
	// Signers are the keys of people, Hosts those of workers, whose principals are HostPrincipal.
	Signers Signers
	Hosts   Signers
	People  People
	// Ingress are the names of the hosts whose workers are believed what they let in: Alertmanager and Hook.
	Ingress []string
	// SlackIngress are those whose workers are believed what people do in Slack, and SlackTeam is the id of the workspace:
	// nobody of another one is believed to be anybody.
	SlackIngress []string
	SlackTeam    string
}

// HostPrincipal is the name under which the key of a host's worker stands among allowed signers.
func HostPrincipal(host string) string { return "host:" + host }

// Proof is who a statement was proven to be by.
type Proof struct {
	Kind Kind `json:"kind"`
	// Namespace is the one of the signature.
	Namespace string `json:"namespace"`
	Who       string `json:"who"`
	// Person is what Who counts as, Login what a login behind root counts as; empty is nobody.
	Person string `json:"person"`
	Login  string `json:"login,omitempty"`
	// By is the host that signed, where Who does not say it: Slack, Alertmanager and Hook.
	By string `json:"by,omitempty"`
	// Signature is the one to keep.
	Signature string `json:"signature"`
}

// IsPerson says whether it is known who is behind the proof: a key that is listed for nobody of people may be anybody's.
func (p Proof) IsPerson() bool { return p.Kind != SSH || p.Person != string(SSH)+":"+p.Who }

// Same says whether two proofs are of one person.
func (p Proof) Same(other Proof) bool {
	return p.Person == other.Person && p.Person != "" || p.Login != "" && (p.Login == other.Person || p.Login == other.Login) || other.Login != "" && other.Login == p.Person
}

// ProveFor is Prove of what somebody of that name says: evidence of one name is never that of another.
func (t Trust) ProveFor(name, namespace string, s Statement, e Evidence, at time.Time) (Proof, error) {
	if s.Who != name {
		return Proof{}, fmt.Errorf("%s said it, and not %s", s.Who, name)
	}
	return t.Prove(namespace, s, e, at)
}

// Prove holds evidence against the text of a statement, at the time at which it counts. The error says in a few words
// why nothing is proven.
func (t Trust) Prove(namespace string, s Statement, e Evidence, at time.Time) (Proof, error) {
	text, err := s.Text()
	if err != nil {
		return Proof{}, err
	}
	p := Proof{Kind: e.Kind, Namespace: namespace, Who: s.Who, Person: t.People.Counts(e.Kind, s.Who)}
	switch e.Kind {
	case SSH:
		if s.Who != e.By || s.Login != "" {
			return Proof{}, fmt.Errorf("%s signed what %s is said to say", e.By, s.Who)
		}
	case Host:
		if _, host, ok := CutHost(s.Who); !ok || !strings.EqualFold(host, e.By) {
			return Proof{}, fmt.Errorf("the host %s vouches for its own users alone, and not for %s", e.By, s.Who)
		}
		if s.Login != "" {
			p.Login = t.People.Counts(Host, s.Login)
		}
	case Slack:
		if s.Login != "" || !slices.Contains(t.SlackIngress, e.By) {
			return Proof{}, fmt.Errorf("the host %s is none of slack.ingress, and says nothing for %s", e.By, s.Who)
		}
		if team, _, ok := CutSlack(s.Who); ok && team != t.SlackTeam {
			return Proof{}, fmt.Errorf("%s is of another workspace than slack.team", s.Who)
		}
		p.By = e.By
	case Alertmanager, Hook:
		if s.Login != "" || !slices.Contains(t.Ingress, e.By) {
			return Proof{}, fmt.Errorf("the host %s is none of ingress.hosts, and says nothing for %s", e.By, s.Who)
		}
		p.By = e.By
	}
	if p.Signature, err = t.verify(p, e.By, text, e.Signature, at); err != nil {
		return Proof{}, err
	}
	return p, nil
}

// verify holds a signature over a text against the keys of whoever has signed it for the proof, and returns the one to keep.
func (t Trust) verify(p Proof, by, text, signature string, at time.Time) (string, error) {
	switch p.Kind {
	case SSH:
		return t.Signers.Verify(by, p.Namespace, text, signature, at)
	case Host:
		return t.Hosts.Verify(HostPrincipal(by), p.Namespace, text, signature, at)
	case Slack:
		return t.inSlack(p, text, signature, at)
	case Alertmanager, Hook:
		return t.letIn(p, text, signature, at)
	}
	return "", errors.New("nothing here vouches for " + string(p.Kind))
}

// letIn holds the signature of a host over a start that came from outside.
func (t Trust) letIn(p Proof, text, signature string, at time.Time) (string, error) {
	switch {
	case p.Namespace != StartNamespace || !hasLine(text, "do", Start):
		return "", fmt.Errorf("%s starts runs, and says nothing else", p.Who)
	case !p.Kind.names(p.Who):
		return "", fmt.Errorf("%s is not who speaks by %s", p.Who, p.Kind)
	}
	return t.Hosts.Verify(HostPrincipal(p.By), p.Namespace, text, signature, at)
}
