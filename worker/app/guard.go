package app

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/evenkeel/evenkeel/activities"
)

// class says who may run an activity. Whoever reaches the Temporal server can start one by hand, as a standalone
// activity: then no gate was passed, nobody has approved it, and the ledger knows nothing of it.
type class string

const (
	// read changes nothing: starter asks this way.
	read class = "read"
	// step changes nothing, and asks whatever it is told to ask: that is for a run to say.
	step class = "step"
	// effect changes something: a workflow has to have decided on it.
	effect class = "effect"
	// local is for a workflow as a local activity: as another one it would tell, or keep, what no run has asked for.
	local class = "local"
	// order is a person's own command, which no workflow stands behind.
	order class = "order"
)

// Guard stands before every activity of a worker: it refuses one that has no class, one that its class does not allow
// here, and a first attempt at an effect whose approval has ended.
func Guard() interceptor.WorkerInterceptor {
	classes := map[string]class{}
	for _, a := range append(HostActivities{}.list(), SharedActivities{}.list()...) {
		classes[a.name] = a.class
	}
	return &guard{classes: classes, now: time.Now}
}

type guard struct {
	interceptor.WorkerInterceptorBase
	classes map[string]class
	now     func() time.Time
}

// InterceptActivity puts the guard before an activity.
func (g *guard) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &guarded{guard: g}
	i.Next = next
	return i
}

type guarded struct {
	interceptor.ActivityInboundInterceptorBase
	*guard
}

// ExecuteActivity runs the activity unless the guard refuses it.
func (g *guarded) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	if err := g.allows(info); err != nil {
		return nil, activities.Classify(ctx, activities.Fail(activities.PermissionDenied, err))
	}
	if info.Attempt == 1 { // what has begun is brought to its end
		for _, arg := range in.Args {
			if a, ok := arg.(interface {
				Holds(now time.Time, done string) error
			}); ok && g.classes[info.ActivityType.Name] == effect {
				if err := a.Holds(g.now(), "nothing was done"); err != nil {
					return nil, activities.Classify(ctx, err)
				}
			}
		}
	}
	return g.Next.ExecuteActivity(ctx, in)
}

// allows says why an activity may not run here; nil is that it may.
func (g *guard) allows(info activity.Info) error {
	name := info.ActivityType.Name
	switch c := g.classes[name]; {
	case c == read, c == order:
		return nil
	case c == step && !info.IsWorkflowActivity():
		return fmt.Errorf("%s is a step of a run and no answer to anybody else; ask with starter, or start a run", name)
	case c == effect && !info.IsWorkflowActivity():
		return fmt.Errorf("%s changes something, so only a run may do it; start one with starter scale or starter runbook run", name)
	case c == step, c == effect, c == local && info.IsLocalActivity:
		return nil
	case c == local:
		return fmt.Errorf("%s is a part of a run and no answer to anybody else; ask with starter, or start a run", name)
	default:
		return fmt.Errorf("nobody has said who may run %s, so nobody may; give it a class in worker/app/register.go", name)
	}
}
