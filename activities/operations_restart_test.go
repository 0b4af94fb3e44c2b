package activities

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

func restarting(service string) runbook.ActCall {
	return act("service.restart", runbook.Destructive, condition.Values{"service": service})
}

// moved gives a replica the address that a restart has given it.
func (p *plant) moved(id, address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, r := range p.replicas {
		if r.ID == id {
			p.replicas[i].State, p.replicas[i].Address = "running", address
		}
	}
}

func TestRestart(t *testing.T) {
	p := &plant{}
	p.replicas = append(two("running", ""), scaling.Replica{ID: "c", Name: "shop-app-3", Service: "app", Number: 3, State: "exited"})
	asked := map[string]int{}
	p.status = func(url string) (int, error) {
		asked[url]++
		if url == "http://10.0.0.1:80/ready" && asked[url] < 3 {
			return 503, nil // warming up
		}
		if len(p.restarted) == 2 && p.restarted[1] == "b 7s" {
			require.Positive(t, asked["http://10.0.0.1:80/health"], "the next one only when the first is well")
		}
		return 200, nil
	}
	result, err := p.operations().Act(t.Context(), restarting("app"))
	require.NoError(t, err)
	require.Equal(t, condition.Values{"restarted": int64(2)}, result.Outputs)
	require.Equal(t, []string{"a 7s", "b 7s"}, p.restarted, "one that somebody stopped stays stopped")
	require.Empty(t, p.applied, "the addresses are the same")
}

// A restart may give a container another address; its traffic follows before the next one is restarted.
func TestRestartFollowsTheAddress(t *testing.T) {
	p := &plant{}
	p.replicas = two("running", "")
	p.restart = func(p *plant, i int) error {
		require.Len(t, p.applied, i-1)
		p.moved([]string{"a", "b"}[i-1], []string{"10.0.0.8", "10.0.0.9"}[i-1])
		return nil
	}
	_, err := p.operations().Act(t.Context(), restarting("app"))
	require.NoError(t, err)
	require.Equal(t, [][]string{{"app", "10.0.0.8:80", "10.0.0.2:80"}, {"app", "10.0.0.8:80", "10.0.0.9:80"}}, p.applied)
}

func TestRestartStartsWhatIsDown(t *testing.T) {
	p := &plant{}
	p.replicas = []scaling.Replica{{ID: "r", Name: "shop-redis-1", Service: "redis", Number: 1, State: "exited"}}
	p.restart = func(p *plant, _ int) error {
		p.moved("r", "10.0.0.7")
		return nil
	}
	begun := time.Now()
	result, err := p.operations().Act(t.Context(), restarting("redis"))
	require.NoError(t, err)
	require.Equal(t, condition.Values{"restarted": int64(1)}, result.Outputs)
	require.Equal(t, []string{"r 0s"}, p.restarted, "without a policy the container's own grace holds")
	require.GreaterOrEqual(t, time.Since(begun), runningInARow*pollInterval*9/10, "nothing else says that it is well")
	require.Empty(t, p.applied, "nothing is routed to it")
}

func TestRestartOfAContainerWithAHealthCheck(t *testing.T) {
	p := &plant{}
	p.replicas = []scaling.Replica{{ID: "r", Name: "shop-redis-1", Service: "redis", Number: 1, State: "running", Health: "starting"}}
	call := restarting("redis")
	call.TimeoutSeconds = 1
	_, err := p.operations().Act(t.Context(), call)
	require.Equal(t, PreconditionFailed, class(t, err))
	require.ErrorContains(t, err, "1 of 1 restarted, then the time was over: shop-redis-1 has not passed its container health check yet")
	p.replicas[0].Health = "healthy"
	_, err = p.operations().Act(t.Context(), call)
	require.NoError(t, err)
}

func TestRestartThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		service string
		restart func(p *plant, i int) error
		status  func(string) (int, error)
		class   string
		want    string
		times   int
	}{
		"no container": {
			service: "nobody", class: NotFound, want: "nobody has no container to restart",
		},
		"no service": {
			service: "ap", class: NotFound, want: `the Compose file has no service "ap"`,
		},
		"the engine was never told": {
			service: "app", class: PreconditionFailed, want: "shop-app-1: cannot connect", times: 1,
			restart: func(*plant, int) error { return NotSent(Fail(Unavailable, errors.New("cannot connect"))) },
		},
		"the engine gave no answer": {
			service: "app", class: Unknown, want: "shop-app-1: no answer", times: 1,
			restart: func(*plant, int) error { return Fail(Unknown, errors.New("no answer")) },
		},
		"the second was never told": {
			service: "app", class: PreconditionFailed, want: "1 of 2 restarted, then shop-app-2: cannot connect", times: 2,
			restart: func(_ *plant, i int) error {
				if i == 2 {
					return NotSent(Fail(Unavailable, errors.New("cannot connect")))
				}
				return nil
			},
		},
		"the second gave no answer": {
			service: "app", class: Unknown, want: "1 of 2 restarted, then shop-app-2: no answer", times: 2,
			restart: func(_ *plant, i int) error {
				if i == 2 {
					return Fail(Unknown, errors.New("no answer"))
				}
				return nil
			},
		},
		"it exits again": {
			service: "app", class: PreconditionFailed, want: "1 of 2 restarted, then shop-app-1 is exited; its log says why", times: 1,
			restart: func(p *plant, _ int) error { p.replicas[0].State = "exited"; return nil },
		},
		"it is gone": {
			service: "app", class: PreconditionFailed, want: "1 of 2 restarted, then 1 of 1 replicas of app are gone", times: 1,
			restart: func(p *plant, _ int) error { p.replicas = p.replicas[1:]; return nil },
		},
		"it never gets well": {
			service: "app", class: PreconditionFailed, want: "then the time was over: shop-app-1 answers 503", times: 1,
			status: func(string) (int, error) { return 503, nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &plant{restart: c.restart}
			p.replicas, p.status = two("running", ""), c.status
			call := restarting(c.service)
			call.TimeoutSeconds = 3
			_, err := p.operations().Act(t.Context(), call)
			require.Equal(t, c.class, class(t, err), "%v", err)
			require.ErrorContains(t, err, c.want)
			require.Len(t, p.restarted, c.times)
		})
	}
}

// What is stopped half-way is not known to be whole, and a cancellation must not hide that.
func TestRestartThatIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := &plant{restart: func(*plant, int) error { cancel(); return nil }}
	p.replicas = two("running", "")
	p.status = func(string) (int, error) { return 503, nil }
	_, err := p.operations().Act(ctx, restarting("app"))
	require.Equal(t, Unknown, class(t, err))
	require.ErrorContains(t, err, "1 of 2 restarted")
	require.Len(t, p.restarted, 1)
}

// downRouter is an nginx that does not run at first.
type downRouter struct {
	Nginx
	times int
	class string
}

func (d *downRouter) Apply(ctx context.Context, upstream string, servers []string) ([]int, error) {
	if d.times--; d.times >= 0 {
		return nil, Fail(d.class, errors.New("nginx says no"))
	}
	return d.Nginx.Apply(ctx, upstream, servers)
}

func TestRestartThatCannotBeRoutedTo(t *testing.T) {
	p := &plant{restart: func(p *plant, _ int) error { p.moved("a", "10.0.0.8"); return nil }}
	p.replicas = two("running", "")[:1]
	o := p.operations()
	o.Replicas.Nginx = &downRouter{p, 2, Unavailable}
	_, err := o.Act(t.Context(), restarting("app"))
	require.NoError(t, err, "it may come back")
	require.Len(t, p.applied, 1)

	p.replicas[0].Address = "10.0.0.1"
	o.Replicas.Nginx = &downRouter{p, 1, Conflict}
	_, err = o.Act(t.Context(), restarting("app"))
	require.Equal(t, PreconditionFailed, class(t, err))
	require.ErrorContains(t, err, "1 of 1 restarted, then not routed to: nginx says no")
}
