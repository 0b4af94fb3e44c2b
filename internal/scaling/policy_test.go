package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStopTimeIsTheLonger(t *testing.T) {
	for name, c := range map[string]struct{ policy, file, want int }{
		"the policy's": {20, 5, 20},
		"the file's":   {5, 60, 60},
		"the engine's": {0, 0, 10},
	} {
		t.Run(name, func(t *testing.T) {
			request := wellFormed(1, replica(1, "running", ""))
			request.Policies["app"] = Policy{Name: "app", Max: 9, StopSeconds: c.policy}
			request.Services[0].StopGraceSeconds = c.file
			require.Equal(t, c.want, MakePlan(request).Changes[0].Policy.StopSeconds)
			require.Equal(t, c.want, MakeRestart(request, "app").Policy.StopSeconds)
		})
	}
}

func TestObservationTime(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*Request)
		want int
	}{
		"nothing says that it is well": {func(*Request) {}, 10},
		"a health check of the file":   {func(r *Request) { r.Services[0].HealthCheck = true }, 0},
		"a health check of the image":  {func(r *Request) { r.Inventory.Replicas[0].Health = "starting" }, 0},
		"a health path that fails":     {func(r *Request) { r.Inventory.Replicas[0].HealthFails = true }, 10},
		"a ready path":                 {func(r *Request) { r.Endpoints["app"] = Endpoint{Port: 80, Ready: "/ready"} }, 0},
		"a ready path without a port":  {func(r *Request) { r.Endpoints["app"] = Endpoint{Ready: "/ready"} }, 10},
		"the policy says": {func(r *Request) {
			r.Services[0].HealthCheck = true
			r.Policies["app"] = Policy{Name: "app", Max: 9, ObserveSeconds: new(33)}
		}, 33},
		"the policy says none": {func(r *Request) { r.Policies["app"] = Policy{Name: "app", Max: 9, ObserveSeconds: new(0)} }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			request := wellFormed(2, replica(1, "running", ""))
			c.edit(&request)
			require.Equal(t, c.want, MakePlan(request).Changes[0].ObserveSeconds)
			require.Equal(t, c.want, MakeRestart(request, "app").ObserveSeconds)
		})
	}
}
