package scaling

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSharedVolumes(t *testing.T) {
	volume := func(image string, allowed bool) func(*Request, *Service) {
		return func(r *Request, s *Service) {
			s.Image, s.SharedVolumes, r.SharedVolume = image, []string{"data at /data", "/srv/x at /x"}, allowed
		}
	}
	warned := []string{"all 2 replicas of app write into data at /data", "all 2 replicas of app write into /srv/x at /x"}
	refused := func(name string) []Refusal {
		return []Refusal{{SingleWriter, "all 2 replicas of app would write into data at /data, /srv/x at /x, and of " + name + " only one may; give each its own data, or a person may say --shared-volume"}}
	}
	check(t, map[string]said{
		"a service":          {to: 2, have: running(1), edit: volume("app:1", false), warnings: warned},
		"a database":         {to: 2, have: running(1), edit: volume("postgres:16", false), refusals: refused("postgres")},
		"a person says so":   {to: 2, have: running(1), edit: volume("postgres:16", true), warnings: warned},
		"one replica":        {to: 1, edit: volume("postgres:16", false)},
		"going down":         {to: 2, have: running(3), edit: volume("postgres:16", false)},
		"a volume of no one": {to: 2, have: running(1), edit: func(_ *Request, s *Service) { s.Image = "postgres:16" }},
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

func TestSingleWriterImages(t *testing.T) {
	for reference, want := range map[string]bool{
		"postgres": true, "docker.io/library/postgres:16-alpine": true, "registry:5000/bitnami/postgresql@sha256:aa": true,
		"pgvector/pgvector:pg16": true, "timescale/timescaledb:latest-pg16": true, "mysql/mysql-server:8": true, "mariadb:11": true, "mongo:7": true,
		"mongo-express": false, "postgrest/postgrest": false, "prometheuscommunity/postgres-exporter": false, "redis:7": false, "registry:5000/app": false,
	} {
		request := wellFormed(2, running(1)...)
		request.Services[0].Image, request.Services[0].SharedVolumes = reference, []string{"data at /data"}
		require.Equal(t, want, MakePlan(request).Refused(), reference)
	}
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
