package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Nginx is what routing needs of one nginx, in a container or on the host. activities/nginx
// implements it.
type Nginx interface {
	// Apply makes servers ("172.18.0.3:8080") the members of a managed upstream: it writes the
	// file atomically, tests the configuration and reloads once. When the test fails the old file
	// is put back and the error is PreconditionFailed. It returns the process ids of the workers
	// that served before the reload. Idempotent.
	Apply(ctx context.Context, upstream string, servers []string) (workers []int, err error)
	// Serving returns those of workers that are still alive: they may still hold requests to the
	// members from before the reload. They are gone with a router that does not run.
	Serving(ctx context.Context, workers []int) ([]int, error)
	// Members returns the members of a managed upstream as its file has them; none where there is no
	// file.
	Members(upstream string) ([]string, error)
	// Place says where the router stands on the host's networks. One that does not run is Unavailable,
	// one that is not there NotFound.
	Place(ctx context.Context) (scaling.Place, error)
	// Reach opens a TCP connection to each address ("172.18.0.3:8080") from where the router stands.
	// One that cannot be reached is PreconditionFailed with its address; ErrNoWayIn says that this
	// worker has no way to where the router stands.
	Reach(ctx context.Context, addresses []string) error
}

// ErrNoWayIn says that the worker cannot look from where the router stands.
var ErrNoWayIn = errors.New("not verified through the router")

// Router sends a service's traffic to its replicas.
type Router struct {
	Replicas *Replicas
}

// RouteResult says what the router does now.
type RouteResult struct {
	// Workers are the router's processes from before the change, which may still hold requests to
	// replicas that are no longer members.
	Workers []int `json:"workers"`
	// NotVerified says that nobody could look whether the router reaches the members.
	NotVerified bool `json:"not_verified,omitempty"`
}

// RouteReplicas makes the named replicas the only members of the service's upstream, with one
// reload. Their addresses are looked up now, because a replica that was restarted has a new one, and
// are those on a network that the router is on as well. One that gets traffic anew is tried from where the
// router stands first, unless it was unhealthy before: that is not the change's doing. A replica that does not
// run any more is left out. PreconditionFailed is that none of them runs, that one is not reached, that they share no
// network with the router, or that nginx refuses the configuration; Conflict a file that a person wrote; InvalidInput a
// project without a router; Unavailable a router that does not run, and NotFound one that has no container.
func (r *Router) RouteReplicas(ctx context.Context, req ReplicasRequest) (RouteResult, error) {
	defer Heartbeat(ctx)()
	result, err := r.route(ctx, req)
	if err != nil && Attempt(ctx) == 1 && Final(err) {
		return result, Classify(ctx, err, RouteFailure{Untouched: true})
	}
	return result, Classify(ctx, err)
}

// RouterDown is the error of a router that does not run, in words that name it: it may be started again.
type RouterDown string

// Error returns the words.
func (e RouterDown) Error() string { return string(e) }

// RouteFailure is the detail of an error of RouteReplicas.
type RouteFailure struct {
	// Untouched says that the router has what it had: an error that is not retried comes before it was told
	// anything or is taken back, and no earlier attempt had told it.
	Untouched bool `json:"untouched"`
}

func (r *Router) route(ctx context.Context, req ReplicasRequest) (RouteResult, error) {
	var result RouteResult
	project, err := r.Replicas.Projects.Of(req.Project)
	if err != nil {
		return result, err
	}
	if project.Nginx == nil {
		return result, Fail(InvalidInput, fmt.Errorf("the project %s has no nginx in the configuration, but %s has an upstream", req.Project, req.Service))
	}
	replicas, err := r.Replicas.running(ctx, req)
	if err != nil {
		return result, err
	}
	if len(replicas) == 0 && len(req.IDs) > 0 {
		return result, Fail(PreconditionFailed, fmt.Errorf("none of the %d replicas of %s that should get traffic runs", len(req.IDs), req.Service))
	}
	addresses, notVerified, err := members(ctx, project.Nginx, req, replicas)
	if err != nil {
		return result, err
	}
	result.NotVerified = notVerified
	result.Workers, err = project.Nginx.Apply(ctx, req.Endpoint.Upstream, addresses)
	return result, err
}

// members are the addresses of replicas that the router reaches.
func members(ctx context.Context, nginx Nginx, req ReplicasRequest, replicas []scaling.Replica) (addresses []string, notVerified bool, err error) {
	if len(replicas) == 0 {
		return nil, false, nil
	}
	place, err := nginx.Place(ctx)
	if err != nil {
		return nil, false, err
	}
	present, err := nginx.Members(req.Endpoint.Upstream)
	if err != nil {
		return nil, false, err
	}
	addresses, _, err = scaling.Members(place, replicas, req.Endpoint.Port, present)
	if err != nil {
		return nil, false, Fail(PreconditionFailed, err)
	}
	var unknown []string
	for i, address := range addresses {
		if !slices.Contains(present, address) && !slices.Contains(req.UnhealthyBefore, replicas[i].ID) {
			unknown = append(unknown, address)
		}
	}
	if len(unknown) == 0 {
		return addresses, false, nil
	}
	err = nginx.Reach(ctx, unknown)
	if errors.Is(err, ErrNoWayIn) {
		return addresses, true, nil
	}
	return addresses, false, err
}
