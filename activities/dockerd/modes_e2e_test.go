//go:build e2e

package dockerd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities/dockerd/dockertest"
)

const modes = `
services:
  web: {image: IMAGE, command: [serve]}
  guest: {image: IMAGE, entrypoint: [/app, idle], network_mode: "service:web", ipc: "service:shared", pid: "service:web", volumes_from: [shared]}
  shared: {image: IMAGE, command: [serve], ipc: shareable, volumes: [/mine]}
  host: {image: IMAGE, entrypoint: [/app, idle], network_mode: host, uts: host}
  bridge: {image: IMAGE, command: [serve], network_mode: bridge}
  none: {image: IMAGE, command: [serve], network_mode: none}
`

// A copy stands where its sibling does, whatever namespaces that is in.
func TestCloneNamespaces(t *testing.T) {
	t.Parallel()
	s := newSite(t, dockertest.App(t), modes)
	ctx := t.Context()
	for _, service := range []string{"guest", "host", "bridge", "none"} {
		spec := s.spec(2)
		spec.Service, spec.Sibling = service, s.inspect(s.Name+"-"+service+"-1").ID
		made, err := s.engine.Clone(ctx, spec)
		require.NoError(t, err, service)
		inv, err := s.engine.Inventory(ctx, s.Name)
		require.NoError(t, err)
		first := inv.Of(service)[0]
		require.Len(t, made.Networks, len(first.Networks), service)
		require.Equal(t, s.inspect(first.ID).HostConfig.NetworkMode, s.inspect(made.ID).HostConfig.NetworkMode)
		switch service {
		case "guest":
			require.Equal(t, first.Networks, made.Networks)
			require.Equal(t, inv.Of("web")[0].Networks, made.Networks)
		case "host":
			require.Equal(t, "127.0.0.1", made.Address)
		case "bridge":
			require.Equal(t, "bridge", made.Networks[0].Network)
		case "none":
			require.Empty(t, made.Address)
		}
	}
}
