package activities

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

func TestRouteLooksAddressesUp(t *testing.T) {
	s := &site{replicas: two("exited", ""), place: scaling.Place{OnHost: true}}
	result, err := (&Router{Replicas: s.adapters()}).RouteReplicas(t.Context(), ask("a", "b"))
	require.NoError(t, err)
	require.Equal(t, RouteResult{Workers: []int{7}}, result, "one that does not run gets no traffic")
	require.Equal(t, [][]string{{"app", "10.0.0.1:80"}}, s.applied)

	_, err = (&Router{Replicas: s.adapters()}).RouteReplicas(t.Context(), ask("b"))
	require.Equal(t, PreconditionFailed, class(t, err), "an upstream is never emptied by accident")

	_, err = (&Router{Replicas: s.adapters()}).RouteReplicas(t.Context(), ask())
	require.NoError(t, err, "to none on purpose")
	require.Equal(t, []string{"app"}, s.applied[1])
}

// attached puts a replica on networks of which the id is the name, at address 10.N.0.HOST.
func attached(r scaling.Replica, host string, networks ...string) scaling.Replica {
	r.Networks = nil
	for _, n := range networks {
		r.Networks = append(r.Networks, scaling.Attachment{NetworkID: "id-" + n, Network: n, Driver: "bridge", Address: "10." + n + ".0." + host})
	}
	return r
}

// The first network by name is not the one that the router is on: only shared ones count, one for all.
func TestRouteTakesASharedNetwork(t *testing.T) {
	inFront := scaling.Place{Networks: []scaling.Attachment{{NetworkID: "id-2", Network: "2"}, {NetworkID: "id-3", Network: "3"}}}
	for name, c := range map[string]struct {
		a, b    []string
		present []string
		want    []string
		says    string
	}{
		"the second by name":           {a: []string{"1", "2"}, b: []string{"1", "2"}, want: []string{"10.2.0.1:80", "10.2.0.2:80"}},
		"the one that both are on":     {a: []string{"2", "3"}, b: []string{"1", "3"}, want: []string{"10.3.0.1:80", "10.3.0.2:80"}},
		"the one that serves already":  {a: []string{"2", "3"}, b: []string{"2", "3"}, present: []string{"10.3.0.1:80"}, want: []string{"10.3.0.1:80", "10.3.0.2:80"}},
		"none":                         {a: []string{"1"}, b: []string{"1"}, says: "the router is on 2, 3 and shop-app-1 is on 1: they share none; put both on one network"},
		"each with the router, no one": {a: []string{"2"}, b: []string{"3"}, says: "no network has the router and all replicas"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &site{replicas: two("running", ""), place: inFront, present: c.present}
			s.replicas[0], s.replicas[1] = attached(s.replicas[0], "1", c.a...), attached(s.replicas[1], "2", c.b...)
			var tried []string
			s.reach = func(addresses []string) error {
				tried = addresses
				return nil
			}
			_, err := (&Router{Replicas: s.adapters()}).RouteReplicas(t.Context(), ask("a", "b"))
			if c.says != "" {
				require.Equal(t, PreconditionFailed, class(t, err))
				require.ErrorContains(t, err, c.says)
				require.Empty(t, s.applied)
				return
			}
			require.NoError(t, err)
			fresh := slices.DeleteFunc(slices.Clone(c.want), func(a string) bool { return slices.Contains(c.present, a) })
			require.Equal(t, fresh, tried, "each is tried before it gets traffic, and none that has it already")
			require.Equal(t, [][]string{append([]string{"app"}, c.want...)}, s.applied)
		})
	}
}

// What was unhealthy before the change, or gets traffic already, does not make it fail.
func TestRouteDoesNotJudgeWhatWasThere(t *testing.T) {
	s := &site{replicas: two("running", ""), place: scaling.Place{OnHost: true}, present: []string{"10.0.0.1:80"}}
	s.reach = func([]string) error { return Fail(PreconditionFailed, errors.New("connection refused")) }
	request := ask("a", "b")
	request.UnhealthyBefore = []string{"b"}
	_, err := (&Router{Replicas: s.adapters()}).RouteReplicas(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, [][]string{{"app", "10.0.0.1:80", "10.0.0.2:80"}}, s.applied)
	request.UnhealthyBefore = nil
	_, err = (&Router{Replicas: s.adapters()}).RouteReplicas(t.Context(), request)
	require.Equal(t, PreconditionFailed, class(t, err), "a new one must be reached")
}

func TestRouteLooksFromWhereTheRouterStands(t *testing.T) {
	for name, c := range map[string]struct {
		reach       error
		notVerified bool
		class       string
	}{
		"reached":         {nil, false, ""},
		"no way to look":  {ErrNoWayIn, true, ""},
		"does not answer": {Fail(PreconditionFailed, errors.New("10.0.0.2:80: connection refused")), false, PreconditionFailed},
		"router is gone":  {Fail(NotFound, errors.New("no container")), false, NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			s := &site{replicas: two("running", ""), place: scaling.Place{OnHost: true}, reach: func([]string) error { return c.reach }}
			result, err := (&Router{Replicas: s.adapters()}).RouteReplicas(t.Context(), ask("a", "b"))
			if c.class != "" {
				require.Equal(t, c.class, class(t, err))
				require.Empty(t, s.applied, "the router keeps what it has")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.notVerified, result.NotVerified)
			require.Len(t, s.applied, 1)
		})
	}
	s := &site{replicas: two("running", ""), placed: Fail(Unavailable, errors.New("shop-nginx-1 does not run"))}
	_, err := (&Router{Replicas: s.adapters()}).RouteReplicas(t.Context(), ask("a"))
	require.Equal(t, Unavailable, class(t, err))
	require.Empty(t, s.applied)
}

func TestRouteOfAProjectWithoutARouter(t *testing.T) {
	s := &site{replicas: two("running", "")}
	replicas := s.adapters()
	replicas.Projects["shop"].Nginx = nil
	_, err := (&Router{Replicas: replicas}).RouteReplicas(t.Context(), ask("a"))
	require.Equal(t, InvalidInput, class(t, err))
	require.ErrorContains(t, err, "the project shop has no nginx in the configuration, but app has an upstream")

	elsewhere := ask("a")
	elsewhere.Project = "bank"
	_, err = (&Router{Replicas: replicas}).RouteReplicas(t.Context(), elsewhere)
	require.Equal(t, InvalidInput, class(t, err))
}
