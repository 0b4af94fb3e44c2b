package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSharedVolumes(t *testing.T) {
	volume := func(database string, allowed bool) func(*Request, *Service) {
		return func(r *Request, s *Service) {
			s.Database, s.SharedVolumes, r.SharedVolume = database, []string{"data at /data", "/srv/x at /x"}, allowed
		}
	}
	warned := []string{"all 2 replicas of app write into data at /data", "all 2 replicas of app write into /srv/x at /x"}
	refused := func(name string) []Refusal {
		return []Refusal{{SingleWriter, "all 2 replicas of app would write into data at /data, /srv/x at /x, and only one may: it is " + name + "; give each its own data, or a person may say --shared-volume"}}
	}
	check(t, map[string]said{
		"a service":          {to: 2, have: running(1), edit: volume("", false), warnings: warned},
		"a database":         {to: 2, have: running(1), edit: volume("postgres, by its image", false), refusals: refused("postgres, by its image")},
		"a person says so":   {to: 2, have: running(1), edit: volume("postgres, by its image", true), warnings: warned},
		"one replica":        {to: 1, edit: volume("postgres, by its image", false)},
		"going down":         {to: 2, have: running(3), edit: volume("postgres, by its image", false)},
		"a volume of no one": {to: 2, have: running(1), edit: func(_ *Request, s *Service) { s.Database = "postgres, by its image" }},
	})
}

// What is only started needs no image under its old tag, and no Compose.
func TestStartedReplicasNeedNoImage(t *testing.T) {
	missing := func(r *Request, s *Service) { s.ImageID, r.NoCompose = "", "not installed" }
	check(t, map[string]said{
		"started": {to: 1, have: []Replica{replica(1, "exited", "")}, edit: missing},
		"started and copied": {
			to: 2, have: []Replica{replica(1, "exited", "")}, edit: missing,
			refusals: []Refusal{{ImageAbsent, "the engine has no image app:1; pull or build it first"}},
		},
	})
}

// A replica whose container check says nothing before the warm-up is over would be taken away again, always.
func TestHealthKnownTooLate(t *testing.T) {
	late := func(interval, warmUp string) []Refusal {
		return []Refusal{{HealthTooLate, "the health check of app first answers after its interval of " + interval + " s, and warm_up of its policy is " + warmUp +
			" s: no replica could be ready in time; give the policy a longer warm_up, the check a shorter interval, or app a path to ask under health"}}
	}
	every := func(seconds int) func(*Request, *Service) {
		return func(_ *Request, s *Service) { s.HealthCheck, s.HealthIntervalSeconds = true, seconds }
	}
	check(t, map[string]said{
		"in time":  {to: 2, have: running(1), edit: func(r *Request, s *Service) { every(59)(r, s); r.Endpoints["app"] = Endpoint{} }},
		"too late": {to: 2, have: running(1), edit: func(r *Request, s *Service) { every(60)(r, s); r.Endpoints["app"] = Endpoint{} }, refusals: late("60", "60")},
		"the engine's interval": {to: 2, have: running(1), edit: func(r *Request, s *Service) {
			every(0)(r, s)
			r.Endpoints["app"], r.Policies["app"] = Endpoint{}, Policy{Name: "app", Max: 9, WarmUpSeconds: 20}
		}, refusals: late("30", "20")},
		"the image's check": {
			to: 2, have: []Replica{replica(1, "running", "healthy")}, edit: func(r *Request, s *Service) {
				s.HealthIntervalSeconds, r.Endpoints["app"] = 90, Endpoint{}
			}, refusals: late("90", "60"),
		},
		"an interval of no check": {to: 2, have: running(1), edit: func(r *Request, s *Service) {
			s.HealthIntervalSeconds, r.Endpoints["app"] = 90, Endpoint{}
		}},
		"a path says that it is ready only": {to: 2, have: running(1), edit: func(r *Request, s *Service) { every(90)(r, s); r.Endpoints["app"] = Endpoint{Port: 80, Ready: "/r"} }, refusals: late("90", "60")},
		"a path says that it is healthy":    {to: 2, have: running(1), edit: func(r *Request, s *Service) { every(90)(r, s); r.Endpoints["app"] = Endpoint{Port: 80, Health: "/h"} }},
		"going down":                        {to: 1, have: running(2), edit: func(r *Request, s *Service) { every(90)(r, s); r.Endpoints["app"] = Endpoint{} }},
	})
}

// What Compose would hand on to the next container is not deleted to make room for it.
func TestAnonymousVolumesOfWhatGoes(t *testing.T) {
	old := of("old", replica(1, "exited", ""))
	old.AnonymousVolumes = []string{"/data"}
	request := wellFormed(1, old)
	c := MakePlan(request).Changes[0]
	require.True(t, c.Bootstrap)
	require.Equal(t, []Refusal{{AnonymousVolume, "shop-app-1 is exited and would go, and with it what it keeps in volumes without a name at /data; " +
		"`docker compose up -d --no-deps app` hands them on, `docker rm -v shop-app-1` gives them up"}}, c.Refusals)

	request = wellFormed(2, old, replica(2, "running", ""))
	c = MakePlan(request).Changes[0]
	require.Empty(t, c.Refusals)
	require.Contains(t, c.Warnings, "shop-app-1 is exited, was made from another definition and will be removed, with its volumes without a name at /data")
}

func TestJobs(t *testing.T) {
	awaited := func(_ *Request, s *Service) { s.AwaitedBy = []string{"api", "web"} }
	check(t, map[string]said{
		"up":       {to: 2, have: running(1), edit: awaited, refusals: []Refusal{{Job, "app is a job: api, web wait until it has completed, so it has no replicas that keep running; `docker compose run app` runs it once more"}}},
		"as it is": {to: 1, have: running(1), edit: awaited},
	})
}

func TestOthersInTheNamespacesOfAReplica(t *testing.T) {
	used := func(r *Request, s *Service) {
		s.UsedBy = []string{"b", "gone"}
		r.Inventory.Replicas = append(r.Inventory.Replicas, Replica{ID: "b1", Service: "b", Number: 1, State: "running"})
	}
	check(t, map[string]said{
		"the replica they are in stays": {
			to: 1, have: []Replica{of("h0", replica(1, "running", "unhealthy")), replica(2, "running", "")}, edit: used,
			warnings: []string{"1 of 2 are unhealthy; the result is judged against that"},
		},
		"and is not removed": {
			to: 0, have: running(2), edit: func(r *Request, s *Service) { used(r, s); r.BelowMin = true },
			refusals: []Refusal{{SharedNamespace, "shop-app-1 cannot be removed: b uses the namespaces or volumes of that container; at least 1 replica of app has to stay"}},
			warnings: []string{"with no replica every request to app fails, from the first moment on"},
		},
		"nor when it is stopped": {
			to: 1, have: []Replica{replica(1, "exited", ""), replica(2, "running", "")}, edit: used,
			refusals: []Refusal{{SharedNamespace, "shop-app-1 is exited and cannot be removed: b uses the namespaces or volumes of that container"}},
			warnings: []string{"shop-app-1 is exited and will be removed"},
		},
		"up": {
			to: 2, have: running(1), edit: used,
			warnings: []string{"b uses the namespaces or volumes of one replica of app and will not see the others"},
		},
		"nobody is in it": {to: 2, have: running(1), edit: func(_ *Request, s *Service) { s.UsedBy = []string{"b"} }},
	})
}

// Compose's dry run fails for pre_start, so nobody knows before what its `up` would do.
func TestPreStart(t *testing.T) {
	hooked := func(_ *Request, s *Service) { s.PreStart = true }
	check(t, map[string]said{
		"from none": {
			to: 2, edit: hooked,
			refusals: []Refusal{{PreStartHook, "app has pre_start, for which Compose's dry run fails; start its first replica with `docker compose up -d --no-deps --no-recreate app`"}},
		},
		"one to copy":  {to: 2, have: running(1), edit: hooked},
		"one to start": {to: 1, have: []Replica{replica(1, "exited", "")}, edit: hooked},
	})
}
