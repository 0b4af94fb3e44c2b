package scaling

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func replica(number int, state, health string) Replica {
	return Replica{
		ID: string(rune('a' + number)), Name: "shop-app-" + string(rune('0'+number)), Service: "app", Number: number,
		State: state, Health: health, ConfigHash: "h1", ComposeVersion: "5.6.0", ImageID: "sha256:a",
	}
}

// wellFormed is a request that nothing speaks against; each test changes what it is about.
func wellFormed(to int, replicas ...Replica) Request {
	return Request{
		Host: "gpu-1", Project: "shop",
		Targets:   []Target{{Service: "app", Replicas: to}},
		Inventory: Inventory{CPUs: 16, MemoryMB: 65536, Replicas: replicas},
		Services:  []Service{{Name: "app", Image: "app:1", Hash: "h1", ImageID: "sha256:a", Scale: to, CPULimit: 2, CPUReserve: 0.5, MemoryLimitMB: 2048, MemoryReserveMB: 512}},
		Policies:  map[string]Policy{"app": {Name: "app", Min: 1, Max: 9, WarmUpSeconds: 60}},
		Endpoints: map[string]Endpoint{"app": {Port: 8080, Upstream: "app", InFlight: "in_flight", Health: "/health"}},
	}
}

func numbersOf(replicas []Replica) []int {
	out := []int{}
	for _, r := range replicas {
		out = append(out, r.Number)
	}
	return out
}

// of gives a replica another configuration.
func of(hash string, r Replica) Replica {
	r.ConfigHash = hash
	return r
}

func TestPlanChoosesReplicas(t *testing.T) {
	for name, c := range map[string]struct {
		to                           int
		have                         []Replica
		keep, start, remove, discard []int
		add                          []int
		bootstrap                    bool
	}{
		"up from one":             {to: 4, have: []Replica{replica(1, "running", "")}, keep: []int{1}, add: []int{2, 3, 4}},
		"numbers follow the last": {to: 3, have: []Replica{replica(1, "running", ""), replica(5, "running", "")}, keep: []int{1, 5}, add: []int{6}},
		"a dead one is no replica": {
			to: 2, have: []Replica{replica(1, "running", ""), replica(2, "dead", "")},
			keep: []int{1}, add: []int{3}, discard: []int{2},
		},
		"one of another definition is not started": {
			to: 2, have: []Replica{replica(1, "running", ""), of("h0", replica(2, "exited", ""))},
			keep: []int{1}, add: []int{3}, discard: []int{2},
		},
		"one that fits is started": {
			to: 3, have: []Replica{replica(1, "running", ""), replica(2, "exited", "")},
			keep: []int{1}, start: []int{2}, add: []int{3},
		},
		"the lowest are started": {
			to: 3, have: []Replica{replica(1, "exited", ""), replica(2, "running", ""), replica(4, "created", ""), replica(7, "exited", "")},
			keep: []int{2}, start: []int{1, 4}, discard: []int{7},
		},
		"stopped ones are started from none": {to: 3, have: []Replica{replica(3, "exited", "")}, start: []int{3}, add: []int{4, 5}},
		"down, newest first": {
			to: 1, have: []Replica{replica(1, "running", ""), replica(2, "running", ""), replica(3, "running", "")},
			keep: []int{1}, remove: []int{3, 2},
		},
		"down, unhealthy first": {
			to: 2, have: []Replica{replica(1, "running", "unhealthy"), replica(2, "running", ""), replica(3, "running", "")},
			keep: []int{2, 3}, remove: []int{1},
		},
		"down, crashing first": {
			to: 1, have: []Replica{replica(1, "restarting", ""), replica(2, "running", "unhealthy"), replica(3, "running", "")},
			keep: []int{3}, remove: []int{1, 2},
		},
		"down, outdated before unhealthy": {
			to: 2, have: []Replica{of("h0", replica(1, "running", "")), replica(2, "running", "unhealthy"), replica(3, "running", ""), of("h0", replica(4, "running", ""))},
			keep: []int{2, 3}, remove: []int{4, 1},
		},
		"nothing to do":        {to: 1, have: []Replica{replica(1, "running", "")}, keep: []int{1}},
		"a leftover alone":     {to: 1, have: []Replica{replica(1, "running", ""), replica(2, "created", "")}, keep: []int{1}, discard: []int{2}},
		"from none":            {to: 2, bootstrap: true, add: []int{1, 2}},
		"from an outdated one": {to: 1, have: []Replica{of("h0", replica(3, "exited", ""))}, bootstrap: true, add: []int{1}, discard: []int{3}},
	} {
		t.Run(name, func(t *testing.T) {
			got := MakePlan(wellFormed(c.to, c.have...)).Changes[0]
			require.Empty(t, got.Refusals)
			require.Equal(t, append([]int{}, c.keep...), numbersOf(got.Keep), "keep")
			require.Equal(t, append([]int{}, c.start...), numbersOf(got.Start), "start")
			require.Equal(t, append([]int{}, c.remove...), numbersOf(got.Remove), "remove")
			require.Equal(t, append([]int{}, c.discard...), numbersOf(got.Discard), "discard")
			require.Equal(t, c.add, got.Add, "add")
			require.Equal(t, c.bootstrap, got.Bootstrap, "bootstrap")
			require.Equal(t, len(c.keep)+len(c.start)+len(c.add), c.to, "the plan reaches its target")
		})
	}
}

// Without the present hash nothing can be told of what is stopped or outdated.
func TestPlanWithoutTheHash(t *testing.T) {
	request := wellFormed(2, of("h0", replica(1, "running", "")), replica(2, "running", ""), replica(3, "running", ""), replica(4, "exited", ""))
	request.Services[0].Hash = ""
	require.Equal(t, []int{3}, numbersOf(MakePlan(request).Changes[0].Remove))
	request.Targets[0].Replicas = 4
	got := MakePlan(request).Changes[0]
	require.Empty(t, got.Start)
	require.Equal(t, []int{5}, got.Add)
	require.Equal(t, []int{4}, numbersOf(got.Discard))
}

// What claims VRAM is never started again, as it would come back on its old GPU.
func TestPlanOfWhatClaimsVRAM(t *testing.T) {
	for name, c := range map[string]struct {
		have    []Replica
		sibling int
		add     []int
	}{
		"a live one is copied":        {[]Replica{replica(1, "running", ""), replica(2, "exited", "")}, 1, []int{3}},
		"else a stopped one":          {[]Replica{of("h0", replica(1, "exited", "")), replica(2, "exited", "")}, 2, []int{3, 4}},
		"which has to fit":            {[]Replica{of("h0", replica(2, "exited", ""))}, 0, []int{1, 2}},
		"a running before a paused":   {[]Replica{replica(1, "paused", ""), replica(2, "exited", "")}, 2, []int{3}},
		"a paused one where it is it": {[]Replica{replica(1, "paused", "")}, 1, []int{2}},
	} {
		t.Run(name, func(t *testing.T) {
			request := wellFormed(2, c.have...)
			request.Policies["app"] = Policy{Name: "app", Max: 9, ClaimMB: 2000}
			got := MakePlan(request).Changes[0]
			require.Empty(t, got.Start)
			require.Equal(t, c.sibling, got.Sibling.Number)
			require.Equal(t, c.sibling == 0, got.Bootstrap)
			require.Equal(t, c.add, got.Add)
			for _, r := range c.have {
				require.Equal(t, !r.Live(), slices.Contains(numbersOf(got.Discard), r.Number))
			}
		})
	}
}

func TestSiblingIsTheBestToCopy(t *testing.T) {
	for name, c := range map[string]struct {
		have []Replica
		want int
	}{
		"the first":               {[]Replica{replica(1, "running", ""), replica(2, "running", "")}, 1},
		"one of this definition":  {[]Replica{of("h0", replica(1, "running", "healthy")), replica(2, "running", "unhealthy")}, 2},
		"a running one":           {[]Replica{replica(1, "paused", ""), replica(2, "restarting", ""), replica(3, "running", "")}, 3},
		"a healthy one":           {[]Replica{replica(1, "running", "unhealthy"), replica(2, "running", "healthy")}, 2},
		"an unhealthy one, alone": {[]Replica{replica(1, "restarting", ""), replica(2, "running", "unhealthy")}, 2},
		"one that is started":     {[]Replica{replica(4, "exited", "")}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, MakePlan(wellFormed(5, c.have...)).Changes[0].Sibling.Number)
		})
	}
}

// Whatever stands on the host, a plan ends with the number asked for, makes no number that exists,
// and puts each replica in exactly one of its lists.
func FuzzPlan(f *testing.F) {
	f.Add(uint8(3), int64(0), []byte{1, 2, 3})
	f.Add(uint8(5), int64(9), []byte{9, 10, 3, 1})
	f.Fuzz(func(t *testing.T, to uint8, claim int64, states []byte) {
		words := []string{"running", "exited", "created", "restarting", "paused", "dead"}
		var have []Replica
		for i, s := range states {
			r := Replica{ID: string(rune(i)), Service: "app", Number: i*2 + 1, State: words[int(s)%len(words)], ConfigHash: "h1"}
			if s >= 128 {
				r.ConfigHash = "h0"
			}
			have = append(have, r)
		}
		request := wellFormed(int(to), have...)
		request.Policies["app"] = Policy{Name: "app", ClaimMB: max(claim, 0)}
		c := change(request, request.Targets[0])
		require.Equal(t, int(to), len(c.Keep)+len(c.Start)+len(c.Add))
		require.Equal(t, len(have), len(c.Keep)+len(c.Start)+len(c.Remove)+len(c.Discard))
		taken := map[int]bool{}
		for _, r := range have {
			taken[r.Number] = !c.Bootstrap // then all are discarded first
		}
		for _, n := range c.Add {
			require.False(t, taken[n])
			taken[n] = true
		}
		require.False(t, c.Grows() && len(c.Remove) > 0)
		require.Equal(t, len(c.Add) > 0 && !c.Bootstrap, c.Sibling.ID != "" || c.Sibling.Number != 0)
	})
}
