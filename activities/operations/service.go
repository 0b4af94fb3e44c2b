package operations

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// service are the operations about the containers of one service.
type service struct {
	of     *activities.Replicas
	dialer activities.Dialer
}

// refuse says that a service is written out that the Compose file does not have.
func (service) refuse(r *refusals, u use) {
	if r.project == nil {
		r.add(u.at, noProject)
	} else if name, ok := u.text("service"); ok {
		r.known(u.at, name)
	}
}

// refuseMetric says beside that that nobody knows where its metrics are.
func (s service) refuseMetric(r *refusals, u use) {
	s.refuse(r, u)
	name, ok := u.text("service")
	if ok && r.project != nil && slices.Contains(r.services, name) && r.project.Endpoints[name].Metrics == "" {
		r.add(u.at, "%s", noMetrics(name))
	}
}

// replicas returns the containers of the task's service, whatever their state. None at all of a service that the
// Compose project does not have is NotFound.
func (s service) replicas(ctx context.Context, t task, service string) ([]scaling.Replica, error) {
	project, err := t.ofProject()
	if err != nil {
		return nil, err
	}
	inventory, err := s.of.Engine.Inventory(ctx, project.Name)
	if err != nil {
		return nil, err
	}
	found := inventory.Of(service)
	if len(found) > 0 {
		return found, nil
	}
	services, err := project.Compose.Services(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(services, func(of scaling.Service) bool { return of.Name == service }) {
		return nil, activities.Fail(activities.NotFound, fmt.Errorf("the Compose project %s has no service %q", project.Name, service))
	}
	return nil, nil
}

func (s service) running(ctx context.Context, t task, service string) ([]scaling.Replica, error) {
	replicas, err := s.replicas(ctx, t, service)
	return slices.DeleteFunc(replicas, func(r scaling.Replica) bool { return !r.Running() }), err
}

// state counts replicas. A healthy one runs, passes its container's health check where there is one, and
// answers at the service's health path where the configuration names one.
func (s service) state(ctx context.Context, t task) (condition.Values, error) {
	replicas, err := s.replicas(ctx, t, t.text("service"))
	if err != nil {
		return nil, err
	}
	well := make([]bool, len(replicas))
	running := 0
	var group errgroup.Group
	for i, r := range replicas {
		if r.Running() {
			running++
			group.Go(func() error {
				well[i] = s.of.Unhealthy(ctx, t.project.Endpoints[t.text("service")], r) == ""
				return nil
			})
		}
	}
	_ = group.Wait() // who does not answer is not healthy
	healthy := 0
	for _, yes := range well {
		if yes {
			healthy++
		}
	}
	return condition.Values{"replicas": len(replicas), "running": running, "healthy": healthy}, ctx.Err()
}

// usage measures every running replica for about a second and returns the means.
func (s service) usage(ctx context.Context, t task) (condition.Values, error) {
	replicas, err := s.someRunning(ctx, t)
	if err != nil {
		return nil, err
	}
	used := make([]activities.Usage, len(replicas))
	group, ctx := errgroup.WithContext(ctx)
	for i, r := range replicas {
		group.Go(func() (err error) {
			used[i], err = s.of.Engine.Stats(ctx, r.ID)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var cpu, memory float64
	for _, u := range used {
		cpu += u.CPURatio
		memory += u.MemoryRatio
	}
	n := float64(len(used))
	return condition.Values{"cpu_ratio": cpu / n, "memory_ratio": memory / n}, nil
}

func (s service) someRunning(ctx context.Context, t task) ([]scaling.Replica, error) {
	replicas, err := s.running(ctx, t, t.text("service"))
	if err == nil && len(replicas) == 0 {
		err = activities.Fail(activities.PreconditionFailed, fmt.Errorf("no replica of %s runs", t.text("service")))
	}
	return replicas, err
}

// connect opens a connection to every running replica; seconds is what the slowest took, reason what the first
// one says that gives none. A service of which none runs is not reachable.
func (s service) connect(ctx context.Context, t task) (condition.Values, error) {
	port, _ := t.with["port"].(int64)
	if port < 1 || port > 65535 {
		return nil, activities.Fail(activities.InvalidInput, fmt.Errorf("%d is not a port; write 1 to 65535", port))
	}
	service := t.text("service")
	replicas, err := s.running(ctx, t, service)
	if err != nil {
		return nil, err
	}
	took, failed := make([]time.Duration, len(replicas)), make([]error, len(replicas))
	var group errgroup.Group
	for i, r := range replicas {
		group.Go(func() error {
			begun := time.Now()
			failed[i] = s.dialer.Dial(ctx, t.text("protocol"), net.JoinHostPort(r.Address, strconv.FormatInt(port, 10)))
			took[i] = time.Since(begun)
			return nil
		})
	}
	_ = group.Wait() // who does not answer is the answer
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if len(replicas) == 0 {
		return condition.Values{"reachable": false, "seconds": 0.0, "reason": "no replica of " + service + " runs"}, nil
	}
	reason := ""
	if i := slices.IndexFunc(failed, func(err error) bool { return err != nil }); i >= 0 {
		reason = replicas[i].Name + ": " + failed[i].Error()
	}
	return condition.Values{"reachable": reason == "", "seconds": slices.Max(took).Seconds(), "reason": reason}, nil
}

// metric adds up a metric over every running replica. One that does not answer leaves nothing to be said; one
// that has no such metric, beside others that have it, counts as 0.
func (s service) metric(ctx context.Context, t task) (condition.Values, error) {
	service, name := t.text("service"), t.text("metric")
	project, err := t.ofProject()
	if err != nil {
		return nil, err
	}
	endpoint := project.Endpoints[service]
	if endpoint.Metrics == "" {
		return nil, activities.Fail(activities.InvalidInput, errors.New(noMetrics(service)))
	}
	replicas, err := s.someRunning(ctx, t)
	if err != nil {
		return nil, err
	}
	values, there := make([]float64, len(replicas)), make([]bool, len(replicas))
	group, ctx := errgroup.WithContext(ctx)
	for i, r := range replicas {
		group.Go(func() (err error) {
			values[i], there[i], err = s.of.Prober.Gauge(ctx, activities.Address(r, endpoint.Port, endpoint.Metrics), name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if !slices.Contains(there, true) {
		return nil, activities.Fail(activities.NotFound, fmt.Errorf("no replica of %s has the metric %q", service, name))
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return condition.Values{"value": sum}, nil
}

func noMetrics(service string) string {
	return fmt.Sprintf("the configuration has no services.%s.metrics; write port and metrics there", service)
}
