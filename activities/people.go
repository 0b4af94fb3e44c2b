package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// ViaCLI is how a person's word comes: by the command line.
const ViaCLI = "cli"

// Person is who says something.
type Person struct {
	// Name is USER@HOST as the operating system says it.
	Name string `json:"name"`
	// Via is ViaCLI.
	Via string `json:"via"`
	// Others are names of whom it matters whether they are the same person.
	Others []string `json:"others,omitempty"`
}

// People knows who may do what and who is whom, as the configuration says.
type People struct {
	Persons   identity.People
	Groups    map[string][]string
	Approvals config.Approvals
}

// Standing is what a person may do, and which run asked.
type Standing struct {
	request.Standing
	// RunID is the run that the answer is for.
	RunID string `json:"run_id,omitempty"`
}

// WhoIs returns the standing of a person. Nobody vouches for a name that comes from the command line. It runs on the
// queue of the host that the run is about, because the configuration there decides. A way that is not known is InvalidInput.
func (p *People) WhoIs(ctx context.Context, who Person) (Standing, error) {
	if who.Via != ViaCLI {
		return Standing{}, Classify(ctx, Fail(InvalidInput, fmt.Errorf("nobody speaks by %s; it is cli", strictyaml.Quote(who.Via))))
	}
	standing := Standing{RunID: runID(ctx), Standing: request.Standing{
		AuthenticatedFrom: request.Risk(p.Approvals.AuthenticatedFrom),
	}}
	for _, group := range slices.Sorted(maps.Keys(p.Groups)) {
		if slices.ContainsFunc(p.Groups[group], func(m string) bool { return p.means(m, who.Name) }) {
			standing.Groups = append(standing.Groups, group)
			standing.Operator = standing.Operator || slices.Contains(p.Approvals.Operators, group)
		}
	}
	standing.Person = p.Persons.Counts(who.Name)
	for _, other := range who.Others {
		if p.Persons.Counts(other) == standing.Person {
			standing.Same = append(standing.Same, other)
		}
	}
	return standing, nil
}

// means says whether a member of a group is this account: one of the person's, or one that the pattern matches.
func (p *People) means(member, account string) bool {
	if _, isPerson := p.Persons[member]; isPerson {
		return p.Persons.Named(account) == member
	}
	return identity.Matches(member, account)
}
