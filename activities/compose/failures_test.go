package compose

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

// What Compose 5.6.0 and 2.40.3 said in front of the engines 20.10 and 29.
func TestFailures(t *testing.T) {
	for text, want := range map[string]string{
		`no such service: nobody`: activities.NotFound,
		`env file /srv/gone.env not found: stat /srv/gone.env: no such file or directory`:                       activities.InvalidInput,
		`couldn't find env file: /srv/prod.env`:                                                                 activities.InvalidInput,
		`error while interpolating services.a.image: required variable TAG is missing a value: say which`:       activities.InvalidInput,
		`environment variable "MY_TOKEN" required by secret "tok" is not set`:                                   activities.InvalidInput,
		"cannot create config \"p_c\" in read-only service b: `file` is the sole supported option":              activities.InvalidInput,
		`network nosuchnet declared as external, but could not be found`:                                        activities.NotFound,
		`external volume "v" not found`:                                                                         activities.NotFound,
		`web hook exited with status 3: no`:                                                                     activities.PreconditionFailed,
		`cannot share volume with service b: container missing`:                                                 activities.PreconditionFailed,
		`Error response from daemon: Pool overlaps with other one on this address space`:                        activities.PreconditionFailed,
		`error while removing network: network p_n id 1 has active endpoints`:                                   activities.PreconditionFailed,
		`Error response from daemon: Minimum memory limit allowed is 6MB`:                                       activities.InvalidInput,
		`Error response from daemon: Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available`:    activities.InvalidInput,
		`Error response from daemon: Unknown runtime specified nvidia`:                                          activities.InvalidInput,
		`Error response from daemon: unknown or invalid runtime name: nvidia`:                                   activities.InvalidInput,
		`Error response from daemon: invalid mount config for type "bind": bind source path does not exist: /x`: activities.InvalidInput,
		`Error response from daemon: No such image: shop-web:latest`:                                            activities.PreconditionFailed,
		`Error response from daemon: Conflict. The container name "/web" is already in use by container "1".`:   activities.Conflict,
		`Error response from daemon: failed to create shim: OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "/nope": stat /nope: no such file or directory: unknown`:                                   activities.InvalidInput,
		`Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH: unknown`: activities.InvalidInput,
		`Error response from daemon: could not select device driver "nvidia" with capabilities: [[gpu]]`:                                                                                                                                           activities.PreconditionFailed,
		`Error response from daemon: driver failed programming external connectivity on endpoint p-web-1 (1): Bind for 0.0.0.0:8080 failed: port is already allocated`:                                                                             activities.PreconditionFailed,
		`Error response from daemon: failed to set up container networking: driver failed programming external connectivity on endpoint p-web-1 (1): failed to bind host port for 127.0.0.1:80: address already in use`:                            activities.PreconditionFailed,
		`Error response from daemon: network p_back not found`: activities.NotFound,
		`failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory`: activities.Unavailable,
		`permission denied while trying to connect to the docker API at unix:///var/run/docker.sock`:                                                                                                        activities.PermissionDenied,
		`Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.0.1:53: no such host`:                                                            activities.Unavailable,
		`Error response from daemon: toomanyrequests: You have reached your pull rate limit.`:                                                                                                               activities.RateLimited,
		`Error response from daemon: conflicting options: hostname and the UTS mode`:                                                                                                                        activities.InvalidInput,
		`Error response from daemon: path /srv is mounted on / but it is not a shared or slave mount`:                                                                                                       activities.PreconditionFailed,
		`Error response from daemon: getent unable to find entry "0:0" in passwd database`:                                                                                                                  activities.InvalidInput,
		`something that nobody has seen`: activities.Unavailable,
	} {
		require.Equal(t, want, class(text), text)
	}
}

func TestEvents(t *testing.T) {
	const said = `{"id":"Network p_n","status":"Working","text":"Creating"}
{"id":"Network p_n","status":"Done","text":"Created"}
a plugin's own words
{"level":"warning","msg":"The \"A\" variable is not set."}
{"id":"Image x","status":"Working","text":"Pulling"}
{"id":"1a2b","parent_id":"Image x","status":"Working","text":"Downloading"}
{"id":"Container p-web-1","status":"Working","text":"Creating"}
{"id":"Container p-web-1","status":"Done","text":"Started"}
{"id":"Container p-other-1","status":"Done","text":"Running"}
`
	for _, e := range parseEvents(said) {
		require.True(t, e.harmless("p-web-1"), e.String())
	}
	require.Len(t, parseEvents(said), 7)
	for _, line := range []string{
		`{"id":"Network p_n","text":"Removing"}`, `{"id":"Volume p_v","text":"Removed"}`, `{"id":"Container p-web-1","text":"Recreate"}`,
		`{"id":"Container p-web-2","text":"Creating"}`, `{"id":"Container p-other-1","text":"Starting"}`, `{"id":"Container p-web-2","text":"Stopping"}`,
		`{"id":"Container p-web-1","text":"Recreated"}`, `{"id":"Image x","text":"Building"}`, `{"id":"provider:p","text":"Working"}`,
	} {
		require.False(t, parseEvents(line)[0].harmless("p-web-1"), line)
	}
	failed := said + `{"error":true,"message":"the reason "}` + "\n"
	require.Equal(t, "the reason", reason(parseEvents(failed), failed))
	require.Equal(t, "unknown flag: --progress", reason(nil, "unknown flag: --progress\n"))
}

func TestUpIsRefusedBeforeComposeIsAsked(t *testing.T) {
	p := project(t, map[string]string{
		"compose.yaml": "services: {a: {provider: {type: model, options: {m: x}}}, b: {image: x, pre_start: [{command: [x]}]}, c: {image: x, read_only: true, configs: [c]}, d: {image: x, env_file: gone}}\nconfigs: {c: {content: x}}\n",
	})
	p.options.Command = []string{"evenkeel-no-such-docker"}
	for service, says := range map[string]string{"a": "has no container", "b": "pre_start", "c": "config c"} {
		err := p.Up(t.Context(), service, 1)
		requireClass(t, activities.PreconditionFailed, err)
		require.ErrorContains(t, err, says)
	}
	requireClass(t, activities.InvalidInput, p.Up(t.Context(), "d", 1))
}
