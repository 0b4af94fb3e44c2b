package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
)

// What nginx says of its configuration is passed on.
func TestNginxTest(t *testing.T) {
	for name, c := range map[string]struct {
		state string
		want  finding
	}{
		"good": {`{"Running":false,"ExitCode":0}`, well("container nginx-1, Up")},
		"broken": {`{"Running":false,"ExitCode":1}`, lacking(`nginx -t in nginx-1: nginx: [emerg] host not found in upstream "web" in /etc/nginx/nginx.conf:7`,
			"correct its configuration: it would neither be reloaded nor start again")},
		"no nginx": {`{"Running":false,"ExitCode":126}`, lacking(`container nginx-1, Up, and nginx -t cannot be run in it: nginx: [emerg] host not found in upstream "web" in /etc/nginx/nginx.conf:7`,
			"name nginx's own service in hosts.h.projects.p.nginx.service")},
	} {
		t.Run(name, func(t *testing.T) {
			fakeEngine(t, map[string]string{
				"/containers/1/json": `{"Id":"1","Path":"nginx","Args":["-g","daemon off;"]}`, "/containers/1/exec": `{"Id":"e"}`,
				"/exec/e/start": "nginx: [emerg] host not found in upstream \"web\"\r\n in /etc/nginx/nginx.conf:7\r\n", "/exec/e/json": c.state,
			})
			p := &projectDoctor{doctor: &doctor{hostName: "h", engine: newEngine()}, name: "p", config: config.Project{Nginx: &config.Nginx{Service: "nginx"}}}
			p.containers = func() ([]container, error) {
				return []container{{ID: "1", Names: []string{"/nginx-1"}, State: "running", Status: "Up", Labels: map[string]string{labelProject: "p", labelService: "nginx"}}}, nil
			}
			require.Equal(t, c.want, p.nginx(t.Context()))
		})
	}
}

func TestTestCommand(t *testing.T) {
	for _, c := range []struct {
		words, want []string
	}{
		{[]string{"nginx", "-g", "daemon off;"}, []string{"nginx", "-t", "-g", "daemon off;"}},
		{[]string{"/docker-entrypoint.sh", "/usr/sbin/nginx", "-c", "/x.conf", "-q"}, []string{"/usr/sbin/nginx", "-t", "-c", "/x.conf"}},
		{[]string{"/start.sh"}, []string{"nginx", "-t"}},
	} {
		require.Equal(t, c.want, details{Path: c.words[0], Args: c.words[1:]}.testCommand())
	}
}
