//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	dockerclient "github.com/docker/docker/client"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/deploy/demo/stack"
)

// bare scales by nothing but the engine's own calls, all replicas at once and none of them looked at: what no tool
// on this engine goes below.
func (s *site) bare(n int) {
	api, err := dockerclient.NewClientWithOpts(dockerclient.FromEnv, dockerclient.WithAPIVersionNegotiation())
	require.NoError(s.t, err)
	defer api.Close()
	name := func(number int) string { return fmt.Sprintf("%s-app-%d", stack.Project, number) }
	sibling, err := api.ContainerInspect(s.ctx, name(1))
	require.NoError(s.t, err)
	out, err := s.Docker(s.ctx, "ps", "-aq", "--filter", "label=com.docker.compose.project="+stack.Project, "--filter", "label=com.docker.compose.service=app")
	require.NoError(s.t, err)
	have := len(strings.Fields(out))
	var at sync.WaitGroup
	errs := make(chan error, max(n, have))
	for number := min(n, have) + 1; number <= max(n, have); number++ {
		at.Go(func() {
			if number <= n {
				errs <- start(s, api, sibling, name(number), number)
				return
			}
			if err := api.ContainerStop(s.ctx, name(number), container.StopOptions{}); err != nil {
				errs <- err
				return
			}
			errs <- api.ContainerRemove(s.ctx, name(number), container.RemoveOptions{RemoveVolumes: true})
		})
	}
	at.Wait()
	close(errs)
	for err := range errs {
		require.NoError(s.t, err)
	}
}

// start makes one replica like the first.
func start(s *site, api *dockerclient.Client, sibling container.InspectResponse, name string, number int) error {
	config := *sibling.Config
	config.Hostname = ""
	config.Labels = maps.Clone(sibling.Config.Labels)
	config.Labels["com.docker.compose.container-number"] = strconv.Itoa(number)
	networks := &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{}}
	for key := range sibling.NetworkSettings.Networks {
		networks.EndpointsConfig[key] = &network.EndpointSettings{Aliases: []string{name, "app"}}
	}
	made, err := api.ContainerCreate(s.ctx, &config, sibling.HostConfig, networks, nil, name)
	if err != nil {
		return err
	}
	return api.ContainerStart(s.ctx, made.ID, container.StartOptions{})
}
