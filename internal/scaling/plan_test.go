package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func replica(number int, state, health string) Replica {
	return Replica{
		ID: string(rune('a' + number)), Name: "shop-app-" + string(rune('0'+number)), Service: "app", Number: number,
		State: state, Health: health, ConfigHash: "h1", ComposeVersion: "5.6.0",
	}
}

// wellFormed is a request that nothing speaks against; each test changes what it is about.
func wellFormed(to int, replicas ...Replica) Request {
	return Request{
		Host: "gpu-1", Project: "shop",
		Targets:   []Target{{Service: "app", Replicas: to}},
		Inventory: Inventory{CPUs: 16, MemoryMB: 65536, Replicas: replicas},
		Services:  []Service{{Name: "app", Image: "app:1", Hash: "h1", ImagePresent: true, CPULimit: 2, CPUReserve: 0.5, MemoryLimitMB: 2048, MemoryReserveMB: 512}},
		Policies:  map[string]Policy{"app": {Name: "app", Min: 1, Max: 9}},
		Endpoints: map[string]Endpoint{"app": {Port: 8080, Upstream: "app"}},
	}
}

func numbersOf(replicas []Replica) []int {
	out := []int{}
	for _, r := range replicas {
		out = append(out, r.Number)
	}
	return out
}

func TestPlanChoosesReplicas(t *testing.T) {
	for name, c := range map[string]struct {
		to                    int
		have                  []Replica
		keep, remove, discard []int
		add                   []int
		bootstrap             bool
	}{
		"up from one":              {to: 4, have: []Replica{replica(1, "running", "")}, keep: []int{1}, add: []int{2, 3, 4}},
		"numbers follow the last":  {to: 3, have: []Replica{replica(1, "running", ""), replica(5, "running", "")}, keep: []int{1, 5}, add: []int{6}},
		"a dead one is no replica": {to: 2, have: []Replica{replica(1, "running", ""), replica(2, "exited", "")}, keep: []int{1}, add: []int{3}, discard: []int{2}},
		"down, newest first":       {to: 1, have: []Replica{replica(1, "running", ""), replica(2, "running", ""), replica(3, "running", "")}, keep: []int{1}, remove: []int{3, 2}},
		"down, ill first":          {to: 2, have: []Replica{replica(1, "running", "unhealthy"), replica(2, "running", ""), replica(3, "running", "")}, keep: []int{2, 3}, remove: []int{1}},
		"down, crashing first":     {to: 1, have: []Replica{replica(1, "restarting", ""), replica(2, "running", "unhealthy"), replica(3, "running", "")}, keep: []int{3}, remove: []int{1, 2}},
		"nothing to do":            {to: 1, have: []Replica{replica(1, "running", "")}, keep: []int{1}},
		"a leftover alone":         {to: 1, have: []Replica{replica(1, "running", ""), replica(2, "created", "")}, keep: []int{1}, discard: []int{2}},
		"from none":                {to: 2, bootstrap: true, add: []int{1, 2}},
		"from a stopped one":       {to: 1, have: []Replica{replica(3, "exited", "")}, bootstrap: true, add: []int{1}, discard: []int{3}},
	} {
		t.Run(name, func(t *testing.T) {
			got := MakePlan(wellFormed(c.to, c.have...)).Changes[0]
			require.Empty(t, got.Refusals)
			require.Equal(t, append([]int{}, c.keep...), numbersOf(got.Keep), "keep")
			require.Equal(t, append([]int{}, c.remove...), numbersOf(got.Remove), "remove")
			require.Equal(t, append([]int{}, c.discard...), numbersOf(got.Discard), "discard")
			require.Equal(t, c.add, got.Add, "add")
			require.Equal(t, c.bootstrap, got.Bootstrap, "bootstrap")
			require.Equal(t, len(c.keep)+len(c.add), c.to, "the plan reaches its target")
		})
	}
}

// Whatever stands on the host, a plan ends with the number asked for, makes no number that exists,
// and puts each replica in exactly one of its lists.
func FuzzPlan(f *testing.F) {
	f.Add(uint8(3), []byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, to uint8, states []byte) {
		words := []string{"running", "exited", "created", "restarting", "paused", "dead"}
		var have []Replica
		for i, s := range states {
			have = append(have, Replica{ID: string(rune(i)), Service: "app", Number: i*2 + 1, State: words[int(s)%len(words)]})
		}
		c := change(wellFormed(int(to), have...), Target{Service: "app", Replicas: int(to)})
		require.Equal(t, int(to), len(c.Keep)+len(c.Add))
		require.Equal(t, len(have), len(c.Keep)+len(c.Remove)+len(c.Discard))
		taken := map[int]bool{}
		for _, r := range have {
			taken[r.Number] = r.Live()
		}
		for _, n := range c.Add {
			require.False(t, taken[n])
			taken[n] = true
		}
		require.False(t, len(c.Add) > 0 && len(c.Remove) > 0)
	})
}
