//go:build e2e

package dockerd

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// full uses everything of a Compose file that a clone has to carry over or to replace.
const full = `
services:
  web:
    image: IMAGE
    command: [serve]
    environment: {HOLD_MB: "8", TOKEN: hidden}
    labels: {team: blue}
    networks:
      front: {aliases: [api]}
      back: {}
    ports: ["127.0.0.1::8080"]
    volumes: [/anonymous, "named:/named"]
    tmpfs: [/scratch]
    ulimits: {nofile: 4096}
    mem_limit: 128m
    mem_reservation: 64m
    shm_size: 16m
    cap_drop: [NET_RAW]
    stop_grace_period: 3s
    healthcheck: {test: [CMD, /app, health], interval: 1s, retries: 3}
    logging: {driver: json-file, options: {max-size: 1m}}
networks: {front: {}, back: {}}
volumes: {named: {}}
`

// site is a running project with one replica of the service web.
type site struct {
	*dockertest.Project
	t      testing.TB
	engine *Engine
}

func newSite(t testing.TB, image, yaml string) site {
	engine, err := New()
	require.NoError(t, err)
	t.Cleanup(func() { engine.Close() })
	p := dockertest.NewProject(t, replaceImage(yaml, image))
	p.Run("up", "-d", "--scale", "web=1")
	return site{p, t, engine}
}

func replaceImage(yaml, image string) string { return strings.ReplaceAll(yaml, "IMAGE", image) }

func (s site) spec(number int) activities.CloneSpec {
	return activities.CloneSpec{
		Project: s.Name, Service: "web", Number: number, MadeBy: "run-" + strconv.Itoa(number),
		Sibling: s.inspect(s.Name + "-web-1").ID,
	}
}

func (s site) inspect(id string) container.InspectResponse {
	c, err := s.engine.api.ContainerInspect(s.t.Context(), id)
	require.NoError(s.t, err)
	return c
}

// numbers returns the numbers of the replicas of web, whatever their state.
func (s site) numbers() []int {
	inv, err := s.engine.Inventory(s.t.Context(), s.Name)
	require.NoError(s.t, err)
	var out []int
	for _, r := range inv.Of("web") {
		out = append(out, r.Number)
	}
	return out
}

// anonymousAt returns the name of the volume that a container has at a path.
func anonymousAt(t testing.TB, c container.InspectResponse, path string) string {
	for _, m := range c.Mounts {
		if m.Destination == path && m.Type == mount.TypeVolume {
			return m.Name
		}
	}
	require.Fail(t, "no volume", "%s at %s", c.Name, path)
	return ""
}

func requireClass(t *testing.T, class string, err error) {
	t.Helper()
	var e *activities.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, class, e.Class, err.Error())
}

// TestClone is the contract with the engine and with Compose; whatever client library stands behind
// the api interface has to pass it.
func TestClone(t *testing.T) {
	t.Parallel()
	image := dockertest.App(t)
	// Recreating hands the anonymous volumes of the replaced container on by name, which makes
	// Compose leave them behind.
	var inherited []string
	t.Cleanup(func() {
		for _, v := range inherited {
			require.NoError(t, dockertest.Client(t).VolumeRemove(context.Background(), v, true))
		}
	})
	s := newSite(t, image, full)
	s.Run("up", "-d", "--force-recreate", "--scale", "web=1")
	ctx := t.Context()
	sibling := s.inspect(s.Name + "-web-1")
	inherited = append(inherited, anonymousAt(t, sibling, "/anonymous"), anonymousAt(t, sibling, "/image"))

	for n := 2; n <= 3; n++ {
		made, err := s.engine.Clone(ctx, s.spec(n))
		require.NoError(t, err)
		require.Equal(t, s.Name+"-web-"+strconv.Itoa(n), made.Name)
		require.Equal(t, n, made.Number)
		require.True(t, made.Running(), made.State)
		require.Equal(t, sibling.Image, made.ImageID)
		require.NotEmpty(t, made.ConfigHash)
		require.Equal(t, "run-"+strconv.Itoa(n), made.MadeBy)
		require.NotNil(t, net.ParseIP(made.Address))
	}

	t.Run("Compose takes the clones for its own", func(t *testing.T) {
		said := s.Run("--dry-run", "up", "-d", "--no-recreate", "--scale", "web=3")
		for _, word := range []string{"Creat", "Recreat", "Start", "Stop", "Remov"} {
			require.NotContains(t, said, word)
		}
		for n := 1; n <= 3; n++ {
			require.Regexp(t, `(?m)`+s.Name+`-web-`+strconv.Itoa(n)+` +Running`, said)
		}
		require.Len(t, strings.Fields(s.Run("ps", "-q", "web")), 3)
		// Also without --no-recreate there is nothing to do.
		require.NotContains(t, s.Run("--dry-run", "up", "-d", "--scale", "web=3"), "Recreat")
	})

	t.Run("everything is carried over and nothing shared that is private", func(t *testing.T) {
		clone := s.inspect(s.Name + "-web-2")
		for _, path := range []string{"/anonymous", "/image"} {
			require.NotEqual(t, anonymousAt(t, sibling, path), anonymousAt(t, clone, path), path)
		}
		require.Equal(t, anonymousAt(t, sibling, "/named"), anonymousAt(t, clone, "/named"))
		require.Equal(t, shortID(clone.ID), clone.Config.Hostname)
		require.Equal(t, sibling.Config.Env, clone.Config.Env)
		require.Equal(t, sibling.Config.Healthcheck, clone.Config.Healthcheck)
		require.Equal(t, sibling.Config.Image, clone.Config.Image)
		require.Equal(t, sibling.HostConfig.Resources, clone.HostConfig.Resources)
		require.Equal(t, sibling.HostConfig.LogConfig, clone.HostConfig.LogConfig)
		require.Equal(t, sibling.HostConfig.Tmpfs, clone.HostConfig.Tmpfs)
		require.Equal(t, sibling.HostConfig.CapDrop, clone.HostConfig.CapDrop)
		require.Equal(t, sibling.HostConfig.ShmSize, clone.HostConfig.ShmSize)
		require.Len(t, clone.NetworkSettings.Networks, 2)
		front := clone.NetworkSettings.Networks[s.Name+"_front"].Aliases
		require.Subset(t, front, []string{"web", "api", s.Name + "-web-2"})
		require.NotContains(t, front, s.Name+"-web-1")
		require.NotContains(t, front, shortID(sibling.ID))

		resp, err := http.Get("http://127.0.0.1:" + clone.NetworkSettings.Ports["8080/tcp"][0].HostPort)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, http.StatusOK, resp.StatusCode)
	})

	t.Run("the inventory sees health and reserves", func(t *testing.T) {
		require.Eventually(t, func() bool {
			inv, err := s.engine.Inventory(ctx, s.Name)
			require.NoError(t, err)
			require.Len(t, inv.Replicas, 3)
			return inv.Replicas[2].Health == "healthy"
		}, 30*time.Second, 100*time.Millisecond)
		elsewhere, err := s.engine.Inventory(ctx, dockertest.Name("evenkeel-none"))
		require.NoError(t, err)
		require.Empty(t, elsewhere.Replicas)
		require.GreaterOrEqual(t, elsewhere.OtherReservedMB, int64(3*64))
		require.Positive(t, elsewhere.CPUs)
		require.Positive(t, elsewhere.MemoryMB)
	})

	t.Run("the same spec again is the same replica", func(t *testing.T) {
		first := s.inspect(s.Name + "-web-2")
		again, err := s.engine.Clone(ctx, s.spec(2))
		require.NoError(t, err)
		require.Equal(t, first.ID, again.ID)
		require.NoError(t, s.engine.Stop(ctx, first.ID, time.Second, nil))
		again, err = s.engine.Clone(ctx, s.spec(2))
		require.NoError(t, err)
		require.Equal(t, first.ID, again.ID)
		require.True(t, again.Running())
	})

	t.Run("a number that is held is a conflict", func(t *testing.T) {
		for _, n := range []int{1, 3} {
			spec := s.spec(n)
			spec.MadeBy = "another-run"
			_, err := s.engine.Clone(ctx, spec)
			requireClass(t, activities.Conflict, err)
			require.ErrorContains(t, err, s.Name+"-web-"+strconv.Itoa(n))
		}
		require.Equal(t, []int{1, 2, 3}, s.numbers())
	})

	t.Run("removing takes the anonymous volumes along", func(t *testing.T) {
		clone := s.inspect(s.Name + "-web-3")
		require.NoError(t, s.engine.Remove(ctx, clone.ID))
		require.NoError(t, s.engine.Remove(ctx, clone.ID))
		require.NoError(t, s.engine.Stop(ctx, clone.ID, time.Second, nil))
		requireClass(t, activities.NotFound, s.engine.Start(ctx, clone.ID, nil, false))
		left, err := dockertest.Client(t).VolumeList(ctx, volume.ListOptions{})
		require.NoError(t, err)
		names := map[string]bool{}
		for _, v := range left.Volumes {
			names[v.Name] = true
		}
		require.False(t, names[anonymousAt(t, clone, "/anonymous")])
		require.False(t, names[anonymousAt(t, clone, "/image")])
		require.True(t, names[anonymousAt(t, clone, "/named")])
	})

	t.Run("stats are shares of the limit", func(t *testing.T) {
		use, err := s.engine.Stats(ctx, sibling.ID)
		require.NoError(t, err)
		require.GreaterOrEqual(t, use.MemoryMB, int64(8))
		require.InDelta(t, float64(use.MemoryMB)/128, use.MemoryRatio, 0.01)
		require.GreaterOrEqual(t, use.CPURatio, 0.0)
		require.NoError(t, s.engine.Stop(ctx, sibling.ID, time.Second, nil))
		_, err = s.engine.Stats(ctx, sibling.ID)
		requireClass(t, activities.PreconditionFailed, err)
	})
}

// TestCloneAfterCrash cuts a clone short after each of its steps, as SIGKILL does, and asks again.
func TestCloneAfterCrash(t *testing.T) {
	t.Parallel()
	s := newSite(t, dockertest.App(t), full)
	ctx := t.Context()
	spec := s.spec(2)
	sibling := s.inspect(spec.Sibling)
	plan := copyOf(sibling, spec)
	require.Len(t, plan.networks, 2)

	created, err := s.engine.create(ctx, spec, plan, sibling.Image)
	require.NoError(t, err)
	require.Equal(t, "created", s.inspect(created).State.Status)

	// A second create at that point, as of a retry that overlaps, comes to the same container.
	again, err := s.engine.create(ctx, spec, plan, sibling.Image)
	require.NoError(t, err)
	require.Equal(t, created, again)

	made, err := s.engine.Clone(ctx, spec)
	require.NoError(t, err)
	require.Equal(t, created, made.ID)
	require.True(t, made.Running())
	require.Len(t, s.inspect(created).NetworkSettings.Networks, 2)

	// What a crash left behind is removed when it can no longer be finished.
	spec = s.spec(3)
	plan = copyOf(sibling, spec)
	_, err = s.engine.create(ctx, spec, plan, sibling.Image)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, s.numbers())
	require.NoError(t, s.engine.Remove(ctx, spec.Sibling))
	_, err = s.engine.Clone(ctx, spec)
	requireClass(t, activities.NotFound, err)
	require.Equal(t, []int{2}, s.numbers())
}

// TestCloneRefused leaves nothing behind, whatever the reason.
func TestCloneRefused(t *testing.T) {
	t.Parallel()
	image := dockertest.App(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := free.Addr().String()
	require.NoError(t, free.Close())
	s := newSite(t, image, "services: {web: {image: IMAGE, ports: ['"+port+":8080']}, other: {image: IMAGE}}")
	ctx := t.Context()

	t.Run("a fixed port", func(t *testing.T) {
		_, err := s.engine.Clone(ctx, s.spec(2))
		requireClass(t, activities.PreconditionFailed, err)
		require.ErrorContains(t, err, "port is already allocated")
		require.Equal(t, []int{1}, s.numbers())
	})
	t.Run("a sibling that is gone", func(t *testing.T) {
		spec := s.spec(2)
		spec.Sibling = strings.Repeat("0", 64)
		_, err := s.engine.Clone(ctx, spec)
		requireClass(t, activities.NotFound, err)
	})
	t.Run("a sibling of another service", func(t *testing.T) {
		spec := s.spec(2)
		spec.Sibling = s.inspect(s.Name + "-other-1").ID
		_, err := s.engine.Clone(ctx, spec)
		requireClass(t, activities.InvalidInput, err)
	})
	t.Run("a name that something else holds", func(t *testing.T) {
		c := dockertest.Client(t)
		held, err := c.ContainerCreate(ctx, &container.Config{Image: image}, nil, nil, nil, s.Name+"-web-2")
		require.NoError(t, err)
		defer c.ContainerRemove(context.Background(), held.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		_, err = s.engine.Clone(ctx, s.spec(2))
		requireClass(t, activities.Conflict, err)
		require.ErrorContains(t, err, shortID(held.ID))
	})
	t.Run("a cancelled context", func(t *testing.T) {
		spec := s.spec(2)
		spec.Service, spec.Sibling = "other", s.inspect(s.Name+"-other-1").ID
		cancelled := 0
		for after := time.Duration(0); after < 400*time.Millisecond; after += 40 * time.Millisecond {
			cut, cancel := context.WithCancel(ctx)
			timer := time.AfterFunc(after, cancel)
			_, err := s.engine.Clone(cut, spec)
			timer.Stop()
			cancel()
			inv, inventoryErr := s.engine.Inventory(ctx, s.Name)
			require.NoError(t, inventoryErr)
			left := inv.Of("other")[1:]
			if err != nil {
				require.ErrorIs(t, err, context.Canceled)
				require.LessOrEqual(t, len(left), 1)
				cancelled++
			}
			for _, r := range left {
				// The last step only reads; a replica that runs by then is whole.
				require.True(t, r.Running(), "%s after %s", r.State, after)
				require.NoError(t, s.engine.Remove(ctx, r.ID))
			}
		}
		require.Positive(t, cancelled)
	})
}

// BenchmarkClone measures the way from one replica to four that answer HTTP.
func BenchmarkClone(b *testing.B) {
	s := newSite(b, dockertest.App(b), full)
	for b.Loop() {
		var all sync.WaitGroup
		made := make([]scaling.Replica, 3)
		for i := range made {
			spec := s.spec(i + 2)
			all.Go(func() {
				var err error
				made[i], err = s.engine.Clone(b.Context(), spec)
				require.NoError(b, err)
				require.Eventually(b, func() bool {
					resp, err := http.Get("http://" + net.JoinHostPort(made[i].Address, "8080"))
					if err != nil {
						return false
					}
					return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
				}, 30*time.Second, 5*time.Millisecond)
			})
		}
		all.Wait()
		b.StopTimer()
		for _, r := range made {
			require.NoError(b, s.engine.Remove(b.Context(), r.ID))
		}
		b.StartTimer()
	}
}
