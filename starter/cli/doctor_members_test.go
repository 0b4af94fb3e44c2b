package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
)

// An upstream file of evenkeel's is stale where it names an address that no running replica has on a network that the
// router shares; a person's file is left alone.
func TestStaleUpstreams(t *testing.T) {
	dir := t.TempDir()
	write := func(file, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
	}
	write("web.conf", "# Managed by evenkeel\nupstream web {\n server 10.1.0.3:80 max_fails=0;\n server 10.2.0.3:80 max_fails=0;\n server [fd00::9]:80 max_fails=0;\n}\n")
	write("mine.conf", "upstream mine { server 10.9.9.9:80; }")
	write("none.conf", "# Managed by evenkeel\nupstream none {\n server 127.0.0.1:9 down;\n}\n")
	on := func(networks map[string]attachment) details {
		d := details{}
		d.State.Running = true
		d.NetworkSettings.Networks = networks
		return d
	}
	front := func(ip string) attachment { return attachment{NetworkID: "f", IPAddress: ip} }
	router := on(map[string]attachment{"front": front("10.1.0.2")})
	all := map[string]details{
		"router": router,
		"1":      on(map[string]attachment{"front": front("10.1.0.3"), "back": {NetworkID: "b", IPAddress: "10.2.0.3"}}),
	}
	seen := seenProject{name: "p", containers: []container{
		{ID: "1", Labels: map[string]string{labelService: "web"}}, {ID: "router", Labels: map[string]string{labelService: "nginx"}},
	}}
	file := filepath.Join(dir, "web.conf")
	require.Equal(t, []staleUpstream{{file, []string{"10.2.0.3:80", "[fd00::9]:80"}}}, staleUpstreams(dir, &router, all, seen, nil))
	require.Equal(t, []staleUpstream{{file, []string{"[fd00::9]:80"}}}, staleUpstreams(dir, nil, all, seen, nil), "on the host every network is reached")
	require.Len(t, staleUpstreams(dir, &router, all, seen, map[string]string{"web": "nginx"})[0].addresses, 3, "another service's address is no member")

	p := &projectDoctor{
		name: "p", config: config.Project{Nginx: &config.Nginx{Config: "/x", Upstreams: dir}},
		containers: func() ([]container, error) { return nil, nil }, details: func() map[string]details { return nil },
	}
	require.Equal(t, noted(file+" names 10.1.0.3:80, 10.2.0.3:80, [fd00::9]:80, which no replica has where the router looks", staleHint), p.nginxMembers(t.Context()))
	p.config.Nginx.Upstreams = t.TempDir()
	require.Equal(t, statusOK, p.nginxMembers(t.Context()).Status)

	// A replica that runs and gets nothing, and a file that is not there.
	p.containers = func() ([]container, error) { return seen.containers, nil }
	p.details = func() map[string]details { return all }
	p.config.Nginx.Service, p.config.Nginx.Upstreams = "nginx", dir
	p.config.Services = map[string]config.Service{"web": {Upstream: "web"}}
	write("web.conf", "# Managed by evenkeel\nupstream web {\n server 10.1.0.33:80 max_fails=0;\n}\n")
	for i := range seen.containers {
		seen.containers[i].Labels[labelProject] = "p"
	}
	require.Contains(t, p.nginxMembers(t.Context()).Detail, "no upstream file sends requests to ")
	write("web.conf", "# Managed by evenkeel\nupstream web {\n server 10.1.0.3:80 max_fails=0;\n}\n")
	require.Equal(t, well("the members of the upstreams are the replicas that run"), p.nginxMembers(t.Context()))
	require.NoError(t, os.Remove(file))
	require.Equal(t, lacking(file+" is not there, and so nginx has no such upstream", staleHint), p.nginxMembers(t.Context()))
}
