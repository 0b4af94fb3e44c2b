//go:build e2e

package dockerd

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// The router stands on one of the networks of web only, and it is not the first of them by name.
const twoNetworks = `
services:
  web: {image: IMAGE, command: [serve], networks: [aback, front]}
  inside: {image: IMAGE, command: [serve], networks: [internal]}
  six: {image: IMAGE, command: [serve], networks: [six]}
  router: {image: IMAGE, command: [serve], networks: [front, internal, six]}
  guest: {image: IMAGE, command: [never], entrypoint: [/app, idle], network_mode: "service:router"}
  hosted: {image: IMAGE, command: [never], entrypoint: [/app, idle], network_mode: host}
networks:
  aback: {}
  front: {}
  internal: {internal: true}
  six: {enable_ipv6: true, ipam: {config: [{subnet: "fd6b:ee1:4::/64"}]}}
`

func TestReach(t *testing.T) {
	t.Parallel()
	s := newSite(t, dockertest.App(t), twoNetworks)
	ctx := t.Context()
	inv, err := s.engine.Inventory(ctx, s.Name)
	require.NoError(t, err)
	at := func(service, network string) scaling.Attachment {
		for _, a := range inv.Of(service)[0].Networks {
			if a.Network == s.Name+"_"+network {
				return a
			}
		}
		require.Fail(t, "not attached", "%s to %s", service, network)
		return scaling.Attachment{}
	}
	to := func(a scaling.Attachment) string { return net.JoinHostPort(a.Address, "8080") }
	shared, apart, inside := to(at("web", "front")), to(at("web", "aback")), to(at("inside", "internal"))
	six := to(scaling.Attachment{Address: s.inspect(s.Name + "-six-1").NetworkSettings.Networks[s.Name+"_six"].GlobalIPv6Address})

	t.Run("places", func(t *testing.T) {
		web := inv.Of("web")[0]
		require.Len(t, web.Networks, 2)
		require.Equal(t, at("web", "aback").Address, web.Address, "this host reaches the first by name")
		place, err := NewProcess(s.engine, s.Name, "router").Place(ctx)
		require.NoError(t, err)
		require.Len(t, place.Networks, 3)
		require.Equal(t, at("web", "front").NetworkID, place.Networks[0].NetworkID)
		for _, n := range place.Networks {
			require.Equal(t, "bridge", n.Driver)
		}
		guest, err := NewProcess(s.engine, s.Name, "guest").Place(ctx)
		require.NoError(t, err)
		require.Equal(t, place, guest, "in another container's network it stands where that one does")
		require.Equal(t, inv.Of("router")[0].Networks, inv.Of("guest")[0].Networks)
		hosted, err := NewProcess(s.engine, s.Name, "hosted").Place(ctx)
		require.NoError(t, err)
		require.Equal(t, scaling.Place{OnHost: true}, hosted)
		require.Equal(t, "127.0.0.1", inv.Of("hosted")[0].Address)
		require.Empty(t, inv.Of("hosted")[0].Networks)
	})

	for _, a := range []string{shared, apart, inside, six} {
		require.Eventually(t, func() bool {
			c, err := net.DialTimeout("tcp", a, time.Second)
			return err == nil && c.Close() == nil
		}, 20*time.Second, 20*time.Millisecond, "this host reaches all of them: %s", a)
	}
	look := func(t *testing.T, e *Engine) {
		for _, service := range []string{"router", "guest"} {
			router := NewProcess(e, s.Name, service)
			require.NoError(t, router.Reach(ctx, []string{shared, inside, six}))
		}
		err := NewProcess(e, s.Name, "guest").Reach(ctx, []string{shared, apart})
		requireClass(t, activities.PreconditionFailed, err)
		require.ErrorContains(t, err, "the router does not reach "+apart+" (")
		require.NotContains(t, err.Error(), shared)
		require.NoError(t, NewProcess(e, s.Name, "hosted").Reach(ctx, []string{shared, apart, inside, six}))
	}

	t.Run("from inside", func(t *testing.T) {
		host, err := os.Readlink("/proc/self/ns/net")
		require.NoError(t, err)
		look(t, s.engine)
		// Many at once, and no thread stays in there.
		router := NewProcess(s.engine, s.Name, "router")
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if err := router.Reach(ctx, strings.Fields(strings.Repeat(shared+" ", 20))); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		threads, err := filepath.Glob("/proc/self/task/*/ns/net")
		require.NoError(t, err)
		for _, thread := range threads {
			if at, err := os.Readlink(thread); err == nil {
				require.Equal(t, host, at)
			}
		}
		requireClass(t, activities.InvalidInput, router.Reach(ctx, []string{"web:8080"}))
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, router.Reach(cancelled, []string{shared}), context.Canceled)
	})

	// An engine whose processes are not to be seen here, like that of another machine.
	remote := &Engine{api: s.engine.api, proc: t.TempDir(), executable: os.Executable}

	t.Run("from beside", func(t *testing.T) {
		c := dockertest.Client(t)
		program := filepath.Join(t.TempDir(), "evenkeel")
		remote.executable = func() (string, error) { return program, nil }
		build := exec.Command("go", "build", "-o", program, "github.com/evenkeel/evenkeel/activities/dockerd/dockertest/testdata/app")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		out, err := build.CombinedOutput()
		require.NoError(t, err, string(out))
		t.Cleanup(func() {
			_, err := c.ImageRemove(context.Background(), helperImage, image.RemoveOptions{})
			require.NoError(t, err)
		})
		look(t, remote)
		noneLeft := func() {
			require.Eventually(t, func() bool {
				left, err := c.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", labelHelper))})
				return err == nil && len(left) == 0
			}, 20*time.Second, 20*time.Millisecond, "no helper stays behind")
		}
		noneLeft()

		// A newer program takes the older one's place.
		before, err := remote.ImageID(ctx, helperImage)
		require.NoError(t, err)
		require.NoError(t, os.Chtimes(program, time.Now(), time.Now()))
		require.NoError(t, NewProcess(remote, s.Name, "router").Reach(ctx, []string{shared}))
		after, err := remote.ImageID(ctx, helperImage)
		require.NoError(t, err)
		require.NotEqual(t, before, after)
		gone, err := remote.ImageID(ctx, before)
		require.NoError(t, err)
		require.Empty(t, gone)
		noneLeft()
	})

	t.Run("no way in", func(t *testing.T) {
		router := NewProcess(remote, s.Name, "router")
		remote.executable = func() (string, error) { return "/bin/sh", nil }
		err := router.Reach(ctx, []string{shared})
		require.ErrorIs(t, err, activities.ErrNoWayIn)
		require.ErrorContains(t, err, "/bin/sh: it is linked to libraries")
		require.Empty(t, classOf(err))
	})

	t.Run("a process of that number that is another one", func(t *testing.T) {
		router := s.inspect(s.Name + "-router-1")
		dir := filepath.Join(remote.proc, strconv.Itoa(router.State.Pid))
		require.NoError(t, os.Mkdir(dir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "cgroup"), []byte("0::/user.slice\n"), 0o644))
		_, err := remote.namespace(ctx, router.ID)
		require.ErrorIs(t, err, errOutside)
		require.ErrorContains(t, err, "is another one")
	})

	t.Run("a router that is down", func(t *testing.T) {
		require.NoError(t, s.engine.Stop(ctx, s.inspect(s.Name+"-router-1").ID, time.Second, nil))
		router := NewProcess(s.engine, s.Name, "router")
		_, err := router.Place(ctx)
		requireClass(t, activities.Unavailable, err)
		require.ErrorContains(t, err, s.Name+"-router-1 is exited; start it with `docker start "+s.Name+"-router-1`")
		requireClass(t, activities.Unavailable, router.Reach(ctx, []string{shared}))
		_, err = NewProcess(s.engine, s.Name, "nobody").Place(ctx)
		requireClass(t, activities.NotFound, err)
	})
}
