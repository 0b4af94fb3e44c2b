//go:build e2e

package dockerd

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/compose"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
	"github.com/evenkeel/evenkeel/activities/handshake"
	"github.com/evenkeel/evenkeel/activities/httpprobe"
	"github.com/evenkeel/evenkeel/activities/operations"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// What runbooks do with services, on real containers: one is killed, seen to be down, and brought back.
func TestOperations(t *testing.T) {
	t.Parallel()
	s := newSite(t, dockertest.App(t), plainWeb)
	s.Run("up", "-d", "--scale", "web=2")
	prober := httpprobe.New()
	projects := activities.Projects{s.Name: {
		Name:      s.Name,
		Compose:   compose.New(compose.Options{Directory: filepath.Dir(s.File), Files: []string{s.File}, Name: s.Name}),
		Endpoints: map[string]scaling.Endpoint{"web": {Port: 8080, Ready: "/", Health: "/"}},
	}}
	replicas := &activities.Replicas{Engine: s.engine, Prober: prober, Projects: projects}
	o, err := operations.New(operations.Options{Replicas: replicas, Projects: projects, Dialer: handshake.Dialer{}, People: everybody{}})
	require.NoError(t, err)
	d := &activities.Docker{Host: "host", Engine: s.engine, Projects: projects, Replicas: replicas, VRAM: &activities.VRAM{}}
	web := condition.Values{"service": "web"}
	act := func(uses string, risk runbook.Risk, with condition.Values) condition.Values {
		operation, _ := runbook.FindOperation(uses)
		result, err := o.Act(t.Context(), runbook.ActCall{Project: s.Name, Uses: uses, With: with, Risk: risk, Idempotent: operation.Idempotent, TimeoutSeconds: 120})
		require.NoError(t, err)
		return result.Outputs
	}
	state := func() condition.Values { return act("service.state", runbook.Read, web) }
	port := condition.Values{"service": "web", "port": 8080}

	require.Eventually(t, func() bool { return state()["healthy"] == int64(2) }, time.Minute, 100*time.Millisecond)
	require.Equal(t, true, act("service.connect", runbook.Read, port)["reachable"])
	require.Equal(t, false, act("service.connect", runbook.Read, condition.Values{"service": "web", "port": 1})["reachable"])
	require.Positive(t, act("service.usage", runbook.Read, web)["memory_ratio"])

	for _, name := range []string{"-web-1", "-web-2"} {
		require.NoError(t, s.engine.api.ContainerKill(t.Context(), s.inspect(s.Name+name).ID, "KILL"))
	}
	require.Eventually(t, func() bool { return state()["running"] == int64(0) }, time.Minute, 100*time.Millisecond)
	require.Equal(t, condition.Values{"reachable": false, "seconds": 0.0, "reason": "no replica of web runs"}, act("service.connect", runbook.Read, port))

	plan, err := d.PlanRestart(t.Context(), activities.RestartPlanRequest{Project: s.Name, Service: "web"})
	require.NoError(t, err)
	require.Empty(t, plan.Refusals)
	request := activities.ReplicasRequest{Project: s.Name, Service: "web", Policy: scaling.Policy{WarmUpSeconds: 60}}
	for _, r := range plan.Replicas {
		request.IDs = append(request.IDs, r.ID)
	}
	_, err = d.StartAgain(t.Context(), activities.StartAgainRequest{ReplicasRequest: request})
	require.NoError(t, err)
	require.NoError(t, replicas.AwaitReady(t.Context(), request))
	require.Equal(t, condition.Values{"replicas": int64(2), "running": int64(2), "healthy": int64(2)}, state())
}

// everybody may do everything, by any definition.
type everybody struct{}

func (everybody) Declared(context.Context, string, runbook.ActCall, time.Time) error { return nil }

func (everybody) Entitled(context.Context, string, string, runbook.ActCall, time.Time) error {
	return nil
}

const plainWeb = `
services:
  web:
    image: IMAGE
    command: [serve]
    stop_grace_period: 1s
`
