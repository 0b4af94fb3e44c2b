package cli

import (
	"context"
	"errors"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/worker/connect"
)

// ofMine leaves out what the person at the command line may not answer, as each host's configuration says, and counts
// it as others. The error has a line for each host that did not say; what waits there is neither.
func ofMine(ctx context.Context, c *connect.Connection, me string, open []openRequest) (mine []openRequest, others int, err error) {
	standings, err := standingsOn(ctx, c, me, open)
	mine = []openRequest{}
	for _, r := range open {
		switch standing, known := standings[r.Host]; {
		case !known:
		case mayAnswer(r, me, standing.Standing):
			mine = append(mine, r)
		default:
			others++
		}
	}
	return mine, others, err
}

// standingsOn asks all hosts at once what the person may do there: one that is away takes no time from the others.
func standingsOn(ctx context.Context, c *connect.Connection, me string, open []openRequest) (map[string]activities.Standing, error) {
	names := map[string][]string{}
	for _, r := range open {
		names[r.Host] = append(names[r.Host], r.Request(r.WorkflowID).Others()...)
	}
	hosts := slices.Sorted(maps.Keys(names))
	answers, faults := make([]activities.Standing, len(hosts)), make([]error, len(hosts))
	var group errgroup.Group
	group.SetLimit(describers)
	for i, host := range hosts {
		group.Go(func() error {
			who := activities.Person{Name: me, Via: activities.ViaCLI}
			who.Others = slices.Compact(slices.Sorted(slices.Values(names[host])))
			var people *activities.People
			faults[i] = ask(ctx, c, host, "groups of "+who.Name, &answers[i], people.WhoIs, who)
			return nil
		})
	}
	_ = group.Wait()
	standings := map[string]activities.Standing{}
	for i, host := range hosts {
		if faults[i] == nil {
			standings[host] = answers[i]
		}
	}
	return standings, errors.Join(faults...)
}

// mayAnswer says whether a yes of the person at the command line would count, once it is proven.
func mayAnswer(r openRequest, me string, standing request.Standing) bool {
	standing.AuthenticatedFrom = ""
	return r.Request(r.WorkflowID).MayNot(me, standing, r.Kind.Yes()) == ""
}
