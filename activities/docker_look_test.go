package activities

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

func TestCompareResources(t *testing.T) {
	network := func(name, hash string) scaling.Resource {
		return scaling.Resource{Kind: "network", Name: name, Hash: hash}
	}
	outside := func(r scaling.Resource) scaling.Resource {
		r.External = true
		return r
	}
	for name, c := range map[string]struct {
		wanted, have    []scaling.Resource
		missing, edited []string
	}{
		"as it was made":               {wanted: []scaling.Resource{network("shop_back", "1")}, have: []scaling.Resource{network("shop_back", "1")}},
		"edited":                       {wanted: []scaling.Resource{network("shop_back", "2")}, have: []scaling.Resource{network("shop_back", "1")}, edited: []string{"network shop_back"}},
		"not made yet":                 {wanted: []scaling.Resource{network("shop_back", "1")}},
		"made by somebody else":        {wanted: []scaling.Resource{network("shop_back", "1")}, have: []scaling.Resource{network("shop_back", "")}},
		"external and gone":            {wanted: []scaling.Resource{outside(network("edge", ""))}, missing: []string{"network edge"}},
		"external, of another project": {wanted: []scaling.Resource{outside(network("edge", ""))}, have: []scaling.Resource{network("edge", "7")}},
		"a volume of that name": {
			wanted: []scaling.Resource{{Kind: "volume", Name: "data", External: true}, network("data", "1")}, have: []scaling.Resource{network("data", "2")},
			missing: []string{"volume data"}, edited: []string{"network data"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			missing, edited := compare(c.wanted, c.have)
			require.Equal(t, c.missing, missing)
			require.Equal(t, c.edited, edited)
		})
	}
}

// Compose takes the first container by name, in the order of letters, whether or not it runs.
func TestIDsOfReferencesAreInTheOrderOfNames(t *testing.T) {
	inventory := scaling.Inventory{Replicas: []scaling.Replica{
		{ID: "two", Name: "shop-app-2", Service: "app", Number: 2, State: "running"},
		{ID: "ten", Name: "shop-app-10", Service: "app", Number: 10, State: "running"},
		{ID: "one", Name: "shop-app-1", Service: "app", Number: 1, State: "exited"},
		{ID: "db", Name: "shop-db-1", Service: "db", Number: 1, State: "running"},
	}}
	require.Equal(t, map[string][]string{"app": {"one", "ten", "two"}}, ids(inventory, []string{"app", "gone"}))
}

// looked is what a plan for these services would be made from.
func looked(t *testing.T, d *docks, f *file, endpoints map[string]scaling.Endpoint, names ...string) scaling.Request {
	t.Helper()
	docker := d.docker(f, endpoints)
	inventory, err := d.Inventory(t.Context(), "shop")
	require.NoError(t, err)
	seen, err := docker.lookAt(t.Context(), docker.Projects["shop"], inventory, names)
	require.NoError(t, err)
	return seen
}

func service(r scaling.Request, name string) scaling.Service {
	for _, s := range r.Services {
		if s.Name == name {
			return s
		}
	}
	return scaling.Service{}
}

func TestLookFillsInWhatOnlyTheEngineKnows(t *testing.T) {
	d := &docks{images: map[string]string{"app:1": "sha256:1"}, resources: []scaling.Resource{{Kind: "network", Name: "shop_back", Hash: "old"}}}
	d.replicas = two("running", "")
	d.replicas[0].ConfigHash, d.replicas[1].ConfigHash = "h", "before"
	d.shape = func(id string) (scaling.Shape, error) {
		if id == "a" { // the one that new ones would be copies of
			return scaling.Shape{"image": "1", "environment DBPASS": "y", "command": "z", scaling.ShapeMemory: "more"}, nil
		}
		require.Equal(t, "b", id, "the one of another hash is compared")
		return scaling.Shape{"image": "1", "environment DBPASS": "x"}, nil
	}
	f := &file{
		services:  []scaling.Service{{Name: "app", Image: "app:1"}, {Name: "db", Image: "db:1"}},
		shape:     scaling.Shape{"image": "1", "environment DBPASS": "y", "command": "z"},
		resources: map[string][]scaling.Resource{"app": {{Kind: "network", Name: "shop_back", Hash: "new"}, {Kind: "volume", Name: "v", External: true}}},
	}
	seen := looked(t, d, f, listed, "app")
	require.Equal(t, scaling.Service{
		Name: "app", Image: "app:1", ImageID: "sha256:1", Hash: "h", Differences: []string{"command", "environment DBPASS"}, ByHand: []string{"memory limit"},
		Missing: []string{"volume v"}, Edited: []string{"network shop_back"},
	}, service(seen, "app"))
	require.Equal(t, scaling.Service{Name: "db", Image: "db:1"}, service(seen, "db"), "nobody asked for it")
	require.Equal(t, "default", seen.Policies["app"].Name)
	require.Nil(t, seen.Place, "nothing is routed")
}

// What is wrong with one service keeps no other from being planned; an engine that is away does.
func TestLookKeepsAFaultWithItsService(t *testing.T) {
	d := &docks{}
	f := &file{services: []scaling.Service{{Name: "app"}, {Name: "db"}, {Name: "cloud", Provider: "model"}, {Name: "bad", Fault: "env file x not found"}}}
	f.hash = func(service string, _ map[string][]string) (string, error) {
		switch service {
		case "app":
			return "h", nil
		case "db":
			return "", Fail(PreconditionFailed, errors.New("required variable DBPASS is missing"))
		}
		return "", errors.New("nobody asks for the hash of " + service)
	}
	seen := looked(t, d, f, nil, "app", "db", "cloud", "bad")
	require.Empty(t, service(seen, "app").Fault)
	require.Equal(t, "h", service(seen, "app").Hash)
	require.Equal(t, "required variable DBPASS is missing", service(seen, "db").Fault)
	require.Equal(t, "env file x not found", service(seen, "bad").Fault)

	f.hash = func(string, map[string][]string) (string, error) { return "", errors.New("disk") }
	docker := d.docker(f, nil)
	_, err := docker.lookAt(t.Context(), docker.Projects["shop"], scaling.Inventory{}, []string{"app"})
	require.ErrorContains(t, err, "disk", "what has no class is no fault of the service")
}

// A container that goes away between two looks differs in nothing; one that cannot be read is an error.
func TestLookAtAContainerThatIsGone(t *testing.T) {
	d := &docks{}
	d.replicas = two("running", "")
	f := &file{services: []scaling.Service{{Name: "app"}}}
	d.shape = func(string) (scaling.Shape, error) { return nil, Fail(NotFound, errors.New("gone")) }
	require.Empty(t, service(looked(t, d, f, nil, "app"), "app").Differences)

	d.shape = func(string) (scaling.Shape, error) { return nil, Fail(Unavailable, errors.New("engine away")) }
	docker := d.docker(f, nil)
	_, err := docker.lookAt(t.Context(), docker.Projects["shop"], scaling.Inventory{Replicas: d.replicas}, []string{"app"})
	require.ErrorContains(t, err, "engine away")
}

// What does not answer at its health path is unhealthy before the change; one slow answer says nothing.
func TestLookMarksTheUnhealthy(t *testing.T) {
	for name, c := range map[string]struct {
		bad  int // so many answers of the second replica are bad
		want bool
	}{"well": {0, false}, "slow once": {1, false}, "unhealthy": {2, true}} {
		t.Run(name, func(t *testing.T) {
			d := &docks{}
			d.replicas = two("running", "")
			d.replicas[0].ConfigHash, d.replicas[1].ConfigHash = "h", "h"
			asked := 0
			d.status = func(url string) (int, error) {
				d.mu.Lock()
				defer d.mu.Unlock()
				if url != "http://10.0.0.2:80/health" {
					return 200, nil
				}
				if asked++; asked <= c.bad {
					return 503, nil
				}
				return 200, nil
			}
			seen := looked(t, d, &file{services: []scaling.Service{{Name: "app"}}}, map[string]scaling.Endpoint{"app": {Port: 80, Health: "/health"}}, "app")
			require.False(t, seen.Inventory.Replicas[0].HealthFails)
			require.Equal(t, c.want, seen.Inventory.Replicas[1].HealthFails)
			require.Empty(t, seen.Inventory.Replicas[1].Health, "that is the word of the container's own check")
			require.Equal(t, c.want, seen.Inventory.Replicas[1].Unhealthy())
		})
	}
}

func TestLookAtRouter(t *testing.T) {
	routed := map[string]scaling.Endpoint{"app": {Port: 80, Upstream: "web"}}
	f := &file{services: []scaling.Service{{Name: "app"}}}
	fresh := func() *docks {
		d := &docks{}
		d.replicas = two("running", "")
		d.replicas[0].ConfigHash, d.replicas[1].ConfigHash = "h", "h"
		d.place, d.present = scaling.Place{OnHost: true}, []string{"10.0.0.1:80"}
		return d
	}
	d := fresh()
	var reached []string
	d.reach = func(addresses []string) error {
		reached = addresses
		return nil
	}
	seen := looked(t, d, f, routed, "app")
	require.Equal(t, &scaling.Place{OnHost: true}, seen.Place)
	require.Equal(t, map[string][]string{"web": {"10.0.0.1:80"}}, seen.Present)
	require.Equal(t, []string{"10.0.0.1:80", "10.0.0.2:80"}, reached)
	require.False(t, seen.NotVerified)

	require.Empty(t, seen.Strays)

	d = fresh()
	d.present = []string{"10.0.0.1:80", "10.0.0.9:80"} // somebody removed the third replica by hand
	require.Equal(t, map[string][]string{"app": {"10.0.0.9:80"}}, looked(t, d, f, routed, "other").Strays, "also where another service is changed")

	d = fresh()
	d.reach = func([]string) error { return ErrNoWayIn }
	require.True(t, looked(t, d, f, routed, "app").NotVerified)

	d = fresh()
	d.reach = func([]string) error { return Fail(PreconditionFailed, errors.New("10.0.0.2:80 refuses")) }
	seen = looked(t, d, f, routed, "app")
	require.False(t, seen.NotVerified)
	require.Empty(t, seen.RouterFault, "one that answers nobody is found by its own checks")

	d = fresh()
	d.placed = Fail(Unavailable, RouterDown("shop-nginx-1 does not run"))
	seen = looked(t, d, f, routed, "app")
	require.Equal(t, "shop-nginx-1 does not run", seen.RouterFault)
	require.Nil(t, seen.Place)

	d.placed = Fail(Unavailable, errors.New("engine away"))
	docker := d.docker(f, routed)
	_, err := docker.lookAt(t.Context(), docker.Projects["shop"], scaling.Inventory{Replicas: d.replicas}, []string{"app"})
	require.ErrorContains(t, err, "engine away", "that says nothing of the router")
}

func TestLookIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := &docks{}
	d.placed = context.Canceled
	docker := d.docker(&file{}, map[string]scaling.Endpoint{"app": {Port: 80, Upstream: "web"}})
	_, err := docker.PlanScale(ctx, PlanRequest{Project: "shop", Targets: []scaling.Target{{Service: "app", Replicas: 2}}})
	require.Equal(t, context.Canceled, err)
}
