package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// How a person's word comes.
const (
	ViaCLI   = "cli"
	ViaSlack = "slack"
)

// Person is who says something.
type Person struct {
	// Name is USER@HOST as the operating system says it, or with ViaSlack the Slack user's id.
	Name string `json:"name"`
	// Via is ViaCLI or ViaSlack.
	Via string `json:"via"`
}

// People knows who may do what, as the configuration says.
type People struct {
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
	switch who.Via {
	case ViaCLI:
	case ViaSlack:
		return Standing{}, Classify(ctx, Fail(InvalidInput, errors.New("nobody speaks by slack yet: nothing here receives what is said there, so nothing vouches for it")))
	default:
		return Standing{}, Classify(ctx, Fail(InvalidInput, fmt.Errorf("nobody speaks by %s; it is cli", strictyaml.Quote(who.Via))))
	}
	standing := Standing{RunID: runID(ctx), Standing: request.Standing{
		AuthenticatedFrom: request.Risk(p.Approvals.AuthenticatedFrom),
	}}
	for _, group := range slices.Sorted(maps.Keys(p.Groups)) {
		if slices.ContainsFunc(p.Groups[group], who.matches) {
			standing.Groups = append(standing.Groups, group)
			standing.Operator = standing.Operator || slices.Contains(p.Approvals.Operators, group)
		}
	}
	return standing, nil
}

// matches says whether a member of a group is this person. The way counts: a name from the command line
// is never a member that Slack vouches for.
func (w Person) matches(member string) bool {
	if id, ok := strings.CutPrefix(member, "slack:"); ok {
		return w.Via == ViaSlack && w.Name == id
	}
	if w.Via != ViaCLI {
		return false
	}
	user, host, ok := cutLast(w.Name)
	wantUser, wantHost, _ := cutLast(member)
	return ok && (wantUser == "*" || wantUser == user) && (wantHost == "*" || wantHost == host)
}

// cutLast splits at the last @: a user's name may have one, a host's cannot.
func cutLast(name string) (user, host string, ok bool) {
	i := strings.LastIndex(name, "@")
	if i <= 0 || i == len(name)-1 {
		return "", "", false
	}
	return name[:i], name[i+1:], true
}
