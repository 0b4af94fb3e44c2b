package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func codes(plan Plan) []string {
	out := []string{}
	for _, c := range plan.Changes {
		for _, r := range c.Refusals {
			out = append(out, r.Code)
		}
	}
	return out
}

func TestPreflightRefuses(t *testing.T) {
	one := replica(1, "running", "")
	for name, c := range map[string]struct {
		to     int
		edit   func(*Request)
		want   []string
		phrase string
	}{
		"nothing":               {to: 4, edit: func(*Request) {}, want: []string{}},
		"container_name":        {to: 2, edit: func(r *Request) { r.Services[0].ContainerName = "web" }, want: []string{FixedContainerName}, phrase: `container_name "web"`},
		"container_name, one":   {to: 1, edit: func(r *Request) { r.Services[0].ContainerName = "web" }, want: []string{}},
		"host port":             {to: 2, edit: func(r *Request) { r.Services[0].FixedPorts = []string{"8080"} }, want: []string{FixedHostPort}, phrase: "host port 8080"},
		"static address":        {to: 2, edit: func(r *Request) { r.Services[0].StaticAddresses = []string{"back 10.0.0.9"} }, want: []string{StaticAddress}, phrase: "back 10.0.0.9"},
		"image":                 {to: 2, edit: func(r *Request) { r.Services[0].ImageID = "" }, want: []string{ImageAbsent}, phrase: "app:1"},
		"image, going down":     {to: 1, edit: func(r *Request) { r.Services[0].ImageID = "" }, want: []string{}},
		"CPU limit":             {to: 2, edit: func(r *Request) { r.Inventory.CPUs = 1 }, want: []string{CPULimit}, phrase: "2 CPUs and gpu-1 has 1"},
		"memory limit":          {to: 2, edit: func(r *Request) { r.Services[0].MemoryLimitMB = 70000 }, want: []string{MemoryLimit}},
		"CPU reservation":       {to: 9, edit: func(r *Request) { r.Inventory.CPUs = 4 }, want: []string{CPUReservation}, phrase: "4.50 CPUs"},
		"memory reservation":    {to: 4, edit: func(r *Request) { r.Inventory.OtherReservedMB = 64000 }, want: []string{MemoryReservation}, phrase: "66048 MB"},
		"below min":             {to: 0, edit: func(*Request) {}, want: []string{BelowMin}, phrase: "--below-min"},
		"below min, on purpose": {to: 0, edit: func(r *Request) { r.BelowMin = true }, want: []string{}},
		"above max":             {to: 10, edit: func(*Request) {}, want: []string{AboveMax}},
		"unknown service":       {to: 2, edit: func(r *Request) { r.Targets[0].Service = "ap" }, want: []string{NotAComposeService}, phrase: "it has app"},
		"no policy":             {to: 2, edit: func(r *Request) { r.Policies = nil }, want: []string{NoPolicy}},
		"a policy with a fault": {to: 2, edit: func(r *Request) {
			r.Policies, r.PolicyFaults = nil, map[string]string{"app": "p.yaml:4:1: drain: is missing"}
		}, want: []string{NoPolicy}, phrase: "app has no policy: p.yaml:4:1: drain: is missing"},
		"Compose v1":               {to: 2, edit: func(r *Request) { r.Inventory.Replicas[0].ComposeVersion = "1.29.2" }, want: []string{ComposeV1}, phrase: "Compose 1.29.2"},
		"no compose for the first": {to: 1, edit: func(r *Request) { r.Inventory.Replicas, r.NoCompose = nil, "not installed" }, want: []string{ComposeMissing}, phrase: "not installed"},
		"all at once": {to: 12, edit: func(r *Request) {
			s := &r.Services[0]
			s.ContainerName, s.FixedPorts, s.StaticAddresses, s.ImageID, s.Hash = "web", []string{"80"}, []string{"back 10.0.0.9"}, "", "h2"
			r.Inventory.CPUs, r.Inventory.MemoryMB = 1, 1024
		}, want: []string{AboveMax, FixedContainerName, FixedHostPort, StaticAddress, ComposeFileEdited, ImageAbsent, CPULimit, MemoryLimit, CPUReservation, MemoryReservation}},
	} {
		t.Run(name, func(t *testing.T) {
			request := wellFormed(c.to, one)
			c.edit(&request)
			plan := MakePlan(request)
			require.Equal(t, c.want, codes(plan))
			require.Equal(t, len(c.want) > 0, plan.Refused())
			if c.phrase != "" {
				require.Contains(t, plan.Changes[0].Refusals[0].Message, c.phrase)
			}
		})
	}
}

// Two services that each fit alone do not fit together: the plan sees both.
func TestPreflightAddsTheWholePlanUp(t *testing.T) {
	request := wellFormed(4, replica(1, "running", ""))
	request.Inventory.MemoryMB = 6000
	request.Services = append(request.Services, Service{Name: "worker", Image: "w:1", ImageID: "sha256:w", MemoryReserveMB: 1024})
	request.Policies["worker"] = Policy{Name: "worker", Max: 8}
	require.Empty(t, codes(MakePlan(request)))
	request.Targets = append(request.Targets, Target{Service: "worker", Replicas: 4})
	require.Equal(t, []string{MemoryReservation, MemoryReservation}, codes(MakePlan(request)))
}

// What cannot be resolved has one reason, and nothing that follows from it.
func TestPreflightOfWhatCannotBeUsed(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*Service)
		want Refusal
	}{
		"a provider": {func(s *Service) { s.Provider, s.ImageID, s.Image = "model", "", "" }, Refusal{Provider, "app is no container, but what the provider model makes; only services with containers can be scaled or restarted"}},
		"a fault":    {func(s *Service) { s.Fault = "env file /srv/x.env not found" }, Refusal{ServiceFault, "the definition of app cannot be used: env file /srv/x.env not found"}},
	} {
		t.Run(name, func(t *testing.T) {
			request := wellFormed(3, replica(1, "running", ""))
			c.edit(&request.Services[0])
			require.Equal(t, []Refusal{c.want}, MakePlan(request).Changes[0].Refusals)
			require.Equal(t, []Refusal{c.want}, MakeRestart(request, "app").Refusals)
		})
	}
}

func TestPreflightSaysWhatItCannotTell(t *testing.T) {
	request := wellFormed(2, replica(1, "running", ""))
	request.Services[0].Hash = ""
	plan := MakePlan(request)
	require.False(t, plan.Refused())
	require.Equal(t, []string{"cannot tell whether the definition of app was edited since its replicas were made"}, plan.Changes[0].Warnings)
}
