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
		"nothing":                  {to: 4, edit: func(*Request) {}, want: []string{}},
		"container_name":           {to: 2, edit: func(r *Request) { r.Services[0].ContainerName = "web" }, want: []string{FixedContainerName}, phrase: `container_name "web"`},
		"container_name, one":      {to: 1, edit: func(r *Request) { r.Services[0].ContainerName = "web" }, want: []string{}},
		"host port":                {to: 2, edit: func(r *Request) { r.Services[0].FixedPorts = []string{"8080"} }, want: []string{FixedHostPort}, phrase: "host port 8080"},
		"static address":           {to: 2, edit: func(r *Request) { r.Services[0].StaticAddresses = []string{"back 10.0.0.9"} }, want: []string{StaticAddress}, phrase: "back 10.0.0.9"},
		"image":                    {to: 2, edit: func(r *Request) { r.Services[0].ImagePresent = false }, want: []string{ImageAbsent}, phrase: "app:1"},
		"image, going down":        {to: 1, edit: func(r *Request) { r.Services[0].ImagePresent = false }, want: []string{}},
		"CPU limit":                {to: 2, edit: func(r *Request) { r.Inventory.CPUs = 1 }, want: []string{CPULimit}, phrase: "2 CPUs and gpu-1 has 1"},
		"memory limit":             {to: 2, edit: func(r *Request) { r.Services[0].MemoryLimitMB = 70000 }, want: []string{MemoryLimit}},
		"CPU reservation":          {to: 9, edit: func(r *Request) { r.Inventory.CPUs = 4 }, want: []string{CPUReservation}, phrase: "4.50 CPUs"},
		"memory reservation":       {to: 4, edit: func(r *Request) { r.Inventory.OtherReservedMB = 64000 }, want: []string{MemoryReservation}, phrase: "66048 MB"},
		"below min":                {to: 0, edit: func(*Request) {}, want: []string{BelowMin}, phrase: "--below-min"},
		"below min, on purpose":    {to: 0, edit: func(r *Request) { r.BelowMin = true }, want: []string{}},
		"above max":                {to: 10, edit: func(*Request) {}, want: []string{AboveMax}},
		"unknown service":          {to: 2, edit: func(r *Request) { r.Targets[0].Service = "ap" }, want: []string{NotAComposeService}, phrase: "it has app"},
		"no policy":                {to: 2, edit: func(r *Request) { r.Policies = nil }, want: []string{NoPolicy}},
		"Compose v1":               {to: 2, edit: func(r *Request) { r.Inventory.Replicas[0].ComposeVersion = "1.29.2" }, want: []string{ComposeV1}, phrase: "Compose 1.29.2"},
		"edited file":              {to: 2, edit: func(r *Request) { r.Services[0].Hash = "h2" }, want: []string{ComposeFileEdited}, phrase: "docker compose up -d app"},
		"edited file, down":        {to: 1, edit: func(r *Request) { r.Services[0].Hash = "h2" }, want: []string{}},
		"no compose for the first": {to: 1, edit: func(r *Request) { r.Inventory.Replicas, r.NoCompose = nil, "not installed" }, want: []string{ComposeMissing}, phrase: "not installed"},
		"all at once": {to: 12, edit: func(r *Request) {
			s := &r.Services[0]
			s.ContainerName, s.FixedPorts, s.StaticAddresses, s.ImagePresent, s.Hash = "web", []string{"80"}, []string{"back 10.0.0.9"}, false, "h2"
			r.Inventory.CPUs, r.Inventory.MemoryMB = 1, 1024
		}, want: []string{AboveMax, FixedContainerName, FixedHostPort, StaticAddress, ImageAbsent, ComposeFileEdited, CPULimit, MemoryLimit, CPUReservation, MemoryReservation}},
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
	request.Services = append(request.Services, Service{Name: "worker", Image: "w:1", ImagePresent: true, MemoryReserveMB: 1024})
	request.Policies["worker"] = Policy{Name: "worker", Max: 8}
	require.Empty(t, codes(MakePlan(request)))
	request.Targets = append(request.Targets, Target{Service: "worker", Replicas: 4})
	require.Equal(t, []string{MemoryReservation, MemoryReservation}, codes(MakePlan(request)))
}

func TestPreflightSaysWhatItCannotTell(t *testing.T) {
	request := wellFormed(2, replica(1, "running", ""), replica(2, "exited", ""))
	request.NoCompose = "docker compose is not installed"
	plan := MakePlan(request)
	require.False(t, plan.Refused())
	require.Len(t, plan.Changes[0].Warnings, 2)
	require.Contains(t, plan.Changes[0].Warnings[0], "not installed")
	require.Contains(t, plan.Changes[0].Warnings[1], "shop-app-2 is exited")
}
