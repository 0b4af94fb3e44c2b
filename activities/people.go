package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/oncall"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// ViaCLI is how a person's word comes: by the command line.
const ViaCLI = "cli"

// Person is who says something.
type Person struct {
	// Name is USER@HOST as the operating system says it, a principal of the allowed signers, or an identity.SlackName.
	Name string `json:"name"`
	// Via is ViaCLI or request.ViaSlack.
	Via string `json:"via"`
	// Others are names of whom it matters whether they are the same person.
	Others []string `json:"others,omitempty"`
	// Word is what is said and what proves it; nil is a claim.
	Word *identity.Word `json:"word,omitempty"`
}

// People knows who may do what and who is whom, as the configuration says.
type People struct {
	// Cluster is the UUID of the Temporal namespace.
	Cluster string
	// Signers reads the keys of people as they are now, and Hosts are those of the hosts' workers.
	Signers func() (identity.Signers, error)
	Hosts   identity.Signers
	Persons identity.People
	Groups  map[string][]string
	// Rota is who is on call; nil where there is none.
	Rota *oncall.Rota

	Approvals config.Approvals
	// Ingress are the hosts whose workers are believed what they let in from outside.
	Ingress []string
	// SlackIngress are those whose workers are believed what people do in Slack, SlackTeam is the id of the workspace.
	SlackIngress []string
	SlackTeam    string

	// Asked says when an activity was asked for, by the clock of whoever gives it out: Since.
	Asked func(context.Context) time.Time

	// Host is the one of this worker, and Ledger where its definitions and used statements are.
	Host   string
	Ledger Ledger
	// SlackGroups knows who is in the groups of Slack that Groups names; nil where no Slack is configured.
	SlackGroups *SlackGroups
	// Installed are the runbooks that this worker has now, by Definition.Sum.
	Installed map[string]runbook.Program
}

// Standing is what a person may do, and which run asked.
type Standing struct {
	request.Standing
	// RunID is the run that the answer is for.
	RunID string `json:"run_id,omitempty"`
}

// WhoIs returns the standing of a person, and the proof of who it is. A name without evidence is a claim that nobody
// vouches for; evidence that does not hold is PermissionDenied. It runs on the queue of the host that the run is about,
// because the configuration there decides. A way that is not known is InvalidInput.
func (p *People) WhoIs(ctx context.Context, who Person) (Standing, error) {
	standing, err := p.whoIs(ctx, who, p.Asked(ctx))
	return standing, Classify(ctx, err)
}

// whoIs holds what is said against the time at which Temporal was told to ask: the time of a run is what its worker says.
func (p *People) whoIs(ctx context.Context, who Person, now time.Time) (Standing, error) {
	switch w := who.Word; {
	case who.Via != ViaCLI && who.Via != request.ViaSlack:
		return Standing{}, Fail(InvalidInput, fmt.Errorf("nobody speaks by %s; it is cli or slack", strictyaml.Quote(who.Via)))
	case who.Via == request.ViaSlack && (w == nil || w.Evidence.Kind != identity.Slack):
		return Standing{}, Fail(PermissionDenied, errors.New("nobody vouches for what was pressed in Slack"))
	case who.Via == ViaCLI && w != nil && w.Evidence.Kind == identity.Slack && w.Namespace != identity.StartNamespace:
		return Standing{}, Fail(PermissionDenied, errors.New("what is pressed in Slack is said there, and nowhere else"))
	}
	standing := Standing{RunID: runID(ctx), Standing: request.Standing{AuthenticatedFrom: request.Risk(p.Approvals.AuthenticatedFrom)}}
	kind := identity.Host
	if w := who.Word; w != nil && !p.claims(*w, now) {
		if err := p.prove(who.Name, *w, now, &standing.Standing); err != nil {
			return Standing{}, err
		}
		kind = standing.Proof.Kind
	}
	known := map[string]string{}
	for _, group := range slices.Sorted(maps.Keys(p.Groups)) {
		if p.isIn(ctx, group, kind, who.Name, now, known) {
			standing.Groups = append(standing.Groups, group)
			standing.Operator = standing.Operator || slices.Contains(p.Approvals.Operators, group)
		}
	}
	standing.SlackGroups = slices.Sorted(maps.Values(known))
	standing.Person = p.Persons.Counts(kind, who.Name)
	for _, other := range who.Others {
		if counts := p.Persons.CountsAny(other); counts == standing.Person || counts == standing.Login {
			standing.Same = append(standing.Same, other)
		}
	}
	return standing, nil
}

// Starter is who wants to start a run.
type Starter struct {
	Person
	// Override is in spite of cooldown and breaker.
	Override bool `json:"override,omitempty"`
}

// mayStart returns what a person may do who wants to start a run, or PermissionDenied that they may not.
func (p *People) mayStart(ctx context.Context, who Starter, now time.Time) (Standing, error) {
	standing, err := p.whoIs(ctx, who.Person, now)
	switch {
	case err != nil:
		return standing, err
	case who.Override && !standing.Operator:
		return standing, Fail(PermissionDenied, errors.New("only an operator may override: "+request.NoOperator(who.Name)))
	case len(p.Approvals.Starters) == 0:
		return standing, nil
	case standing.Proof == nil:
		return standing, Fail(PermissionDenied, errors.New("a start "+request.ToProve+"; the configuration has approvals.starters"))
	case standing.Proof.Kind.Machine(): // the configuration has let it in
		return standing, nil
	case !slices.ContainsFunc(p.Approvals.Starters, func(g string) bool { return slices.Contains(standing.Groups, g) }):
		return standing, p.noStarter(who.Name)
	}
	return standing, nil
}

// noStarter is why somebody may start nothing.
func (p *People) noStarter(name string) error {
	return Fail(PermissionDenied, fmt.Errorf("%s may start nothing here; approvals.starters are %s", name, strings.Join(p.Approvals.Starters, ", ")))
}

// claims says of a word that it is worth a name alone: that of a host whose key nobody has listed here, and a start that
// has waited for its host for so long that whoever kept it may be somebody else.
func (p *People) claims(w identity.Word, now time.Time) bool {
	byHost := w.Evidence.Kind == identity.Host || w.Evidence.Kind.Machine()
	unlisted := byHost && !p.Hosts.Has(identity.HostPrincipal(w.Evidence.By))
	return unlisted || w.Namespace == identity.StartNamespace && now.Sub(w.Statement.At) > identity.MaxApart
}

// prove fills in who a word is proven to be by.
func (p *People) prove(name string, w identity.Word, now time.Time, into *request.Standing) error {
	apart := now.Sub(w.Statement.At).Abs()
	if w.Evidence.Kind == identity.Slack && w.Namespace == identity.AnswerNamespace && now.After(w.Statement.At) {
		apart = 0 // it was verified then, and has waited for its run since
	}
	if apart > identity.MaxApart {
		return Fail(PermissionDenied, fmt.Errorf("it was said at %s, and on %s it is %s; set the clocks right, or say it again",
			w.Statement.At.UTC().Format(time.RFC3339), p.Host, now.UTC().Format(time.RFC3339)))
	}
	trust, err := p.trust(&w)
	if err != nil {
		return err
	}
	w.Statement.Cluster = p.Cluster
	proof, err := trust.ProveFor(name, w.Namespace, w.Statement, w.Evidence, now)
	if err != nil {
		return Fail(PermissionDenied, fmt.Errorf("the evidence does not hold: %w", err))
	}
	into.Proof, into.Login = &proof, proof.Login
	into.Statement, err = w.Statement.Text()
	return err
}

// trust is whom this worker believes, by the keys as they are now. What proves nobody by a key of their own needs none of
// those of people.
func (p *People) trust(words ...*identity.Word) (identity.Trust, error) {
	trust := identity.Trust{Hosts: p.Hosts, People: p.Persons, Ingress: p.Ingress, SlackIngress: p.SlackIngress, SlackTeam: p.SlackTeam}
	if !slices.ContainsFunc(words, func(w *identity.Word) bool { return w != nil && w.Evidence.Kind == identity.SSH }) {
		return trust, nil
	}
	signers, err := p.Signers()
	if err != nil {
		return identity.Trust{}, Fail(Unavailable, err)
	}
	trust.Signers = signers
	return trust, nil
}

// isIn says whether an identity is a member of a group at a time. What Slack has to say of its groups now is added to known,
// by the member that stands for them.
func (p *People) isIn(ctx context.Context, group string, kind identity.Kind, name string, at time.Time, known map[string]string) bool {
	for _, m := range p.Groups[group] {
		is := false
		if id, inSlack := identity.CutSlackGroup(m); inSlack {
			why := ""
			if is, why = p.inSlackGroup(ctx, id, p.Persons.SlackOf(kind, name)); why != "" {
				known[m] = m + why
			}
		} else {
			is = p.means(m, kind, name, at)
		}
		if is {
			return true
		}
	}
	return false
}

// means says whether a member of a group is this identity: one of the person's, or an account that the pattern matches.
func (p *People) means(member string, kind identity.Kind, name string, at time.Time) bool {
	member = p.onCall(member, at)
	if _, isPerson := p.Persons[member]; isPerson {
		return p.Persons.Named(kind, name) == member
	}
	return kind == identity.Host && identity.Matches(member, name)
}
