package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// runningInARow is how many looks in a row, 2 seconds, a replica must run that nothing else says is well.
const runningInARow = 20

// restart restarts the replicas of a service, one after the other, and waits until each is well again before it
// goes on to the next. Stopped ones beside others that run are left alone: somebody stopped them. Where none
// runs, all are started.
func (o *Operations) restart(ctx context.Context, t task) (condition.Values, error) {
	service := t.text("service")
	all, err := o.replicas(ctx, service)
	if err != nil {
		return nil, NotSent(err)
	}
	chosen := live(all)
	if len(chosen) == 0 {
		chosen = all
	}
	if len(chosen) == 0 {
		return nil, Fail(NotFound, fmt.Errorf("%s has no container to restart", service))
	}
	for i, r := range chosen {
		if err := o.Replicas.Engine.Restart(ctx, r.ID, o.Policies[service].Stop()); err != nil {
			return nil, so(i, len(chosen), fmt.Errorf("%s: %w", r.Name, err))
		}
		now, err := o.again(ctx, t, service, r)
		if err == nil && o.Endpoints[service].Routed() && now.Address != r.Address {
			err = o.reroute(ctx, t, service, chosen)
		}
		if err != nil {
			return nil, so(i+1, len(chosen), err)
		}
	}
	return condition.Values{"restarted": len(chosen)}, nil
}

func live(replicas []scaling.Replica) (out []scaling.Replica) {
	for _, r := range replicas {
		if r.Live() {
			out = append(out, r)
		}
	}
	return out
}

// so says how far a restart had come. Before the first one the error is as it came: only then may it have left
// everything as it was.
func so(done, of int, err error) error {
	if done == 0 {
		return err
	}
	class := Unknown
	if e, ok := errors.AsType[*Error](err); ok {
		class = e.Class
	}
	if class != Unknown && class != WorkerStopping || errors.Is(err, ErrNotSent) {
		class = PreconditionFailed
	} else {
		class = Unknown
	}
	return Fail(class, fmt.Errorf("%d of %d restarted, then %s", done, of, err.Error()))
}

// again waits until a replica that was restarted is well, as far as anything says: the service's paths, the
// container's own health check, or else that it keeps running.
func (o *Operations) again(ctx context.Context, t task, service string, was scaling.Replica) (now scaling.Replica, err error) {
	endpoint := o.Endpoints[service]
	passed, last := 0, was.Name+" was not seen running"
	err = t.until(ctx, func(ctx context.Context) (bool, error) {
		found, err := o.Replicas.find(ctx, ReplicasRequest{Service: service, IDs: []string{was.ID}})
		if class, ok := errors.AsType[*Error](err); err != nil && (!ok || class.Class != PreconditionFailed) {
			passed = 0
			if ctx.Err() == nil {
				last = err.Error() // the engine may come back
			}
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if now = found[0]; !now.Running() {
			return false, Fail(PreconditionFailed, fmt.Errorf("%s is %s; its log says why", now.Name, now.State))
		}
		if last = o.Replicas.unready(ctx, endpoint, now); last == "" {
			last = o.Replicas.ill(ctx, endpoint, now)
		}
		if last != "" {
			passed = 0
			return false, nil
		}
		passed++
		needed := runningInARow
		if now.Health != "" || endpoint.Port > 0 && (endpoint.Ready != "" || endpoint.Health != "") {
			needed = healthyInARow
		}
		last = now.Name + " was not well for long enough"
		return passed >= needed, nil
	})
	if errors.Is(err, errDeadline) {
		err = Fail(PreconditionFailed, fmt.Errorf("the time was over: %s", last))
	}
	return now, err
}

// reroute sends the service's traffic to where its replicas are now.
func (o *Operations) reroute(ctx context.Context, t task, service string, replicas []scaling.Replica) error {
	request := ReplicasRequest{Service: service, Endpoint: o.Endpoints[service]}
	for _, r := range replicas {
		request.IDs = append(request.IDs, r.ID)
	}
	var last error
	err := t.until(ctx, func(ctx context.Context) (bool, error) {
		_, last = (&Router{Replicas: o.Replicas}).route(ctx, request)
		class, ok := errors.AsType[*Error](last)
		if last != nil && ok && class.Class != Unavailable {
			return false, last
		}
		return last == nil, nil
	})
	if errors.Is(err, errDeadline) {
		err = last
	}
	if err != nil {
		return Fail(PreconditionFailed, fmt.Errorf("not routed to: %s", err.Error()))
	}
	return nil
}

// until polls until the call's time is over. What ends it from outside leaves the state of things unknown; that
// the time is over does not.
func (t task) until(ctx context.Context, check func(context.Context) (bool, error)) error {
	err := poll(ctx, t.deadline, pollInterval, check)
	if errors.Is(err, context.DeadlineExceeded) && !time.Now().Before(t.deadline) {
		return errDeadline
	}
	return err
}
