package activities

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

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
	// members from before the reload.
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
	// Members are the addresses that get traffic.
	Members []string `json:"members"`
	// Workers are the router's processes from before the change, which may still hold requests to
	// replicas that are no longer members.
	Workers []int `json:"workers"`
}

// RouteReplicas makes the named replicas the only members of the service's upstream, with one
// reload. Their addresses are looked up now, because a replica that was restarted has a new one; one
// that does not run any more is left out.
func (r *Router) RouteReplicas(ctx context.Context, req ReplicasRequest) (RouteResult, error) {
	defer heartbeat(ctx)()
	result, err := r.route(ctx, req)
	return result, Classify(ctx, err)
}

func (r *Router) route(ctx context.Context, req ReplicasRequest) (RouteResult, error) {
	if r.Replicas.Nginx == nil {
		return RouteResult{}, Fail(InvalidInput, errors.New("the host has no nginx in the configuration, but the service has an upstream"))
	}
	inventory, err := r.Replicas.Engine.Inventory(ctx, r.Replicas.Project)
	if err != nil {
		return RouteResult{}, err
	}
	var result RouteResult
	for _, replica := range running(inventory, req) {
		if replica.Address != "" {
			result.Members = append(result.Members, net.JoinHostPort(replica.Address, strconv.Itoa(req.Endpoint.Port)))
		}
	}
	if len(result.Members) == 0 && len(req.IDs) > 0 {
		return RouteResult{}, Fail(PreconditionFailed, fmt.Errorf("none of the %d replicas of %s that should get traffic runs", len(req.IDs), req.Service))
	}
	result.Workers, err = r.Replicas.Nginx.Apply(ctx, req.Endpoint.Upstream, result.Members)
	return result, err
}
